"""EPUB: its pages in the order of the spine, as one tree; notes may stand in a file of their own."""

import posixpath
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from lxml import etree
from lxml.html import Element, HtmlElement

from index.document.formats.archive import Archive, climbs
from index.document.formats.html import decode, parse_html, read_root
from index.document.formats.types import Read
from index.document.formats.xml import parse_xml
from index.document.types import Metadata
from index.errors import SourceError

OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
PAGES = ("application/xhtml+xml", "text/html")


def read_epub(path: Path, data: bytes) -> Read:
    """Read an EPUB. Raises SourceError if it is broken, protected, or names files outside itself."""
    archive = Archive(path, data)
    if "META-INF/encryption.xml" in archive.names and b"EncryptedData" in archive.read("META-INF/encryption.xml"):
        encrypted = archive.read("META-INF/encryption.xml")
        if b"idpf.org/2008/embedding" not in encrypted and b"ns.adobe.com/pdf/enc" not in encrypted:
            raise SourceError(f"{path} is protected (DRM) and cannot be read. Get it without protection.")
    container = parse_xml(path, archive.read("META-INF/container.xml"))
    rootfile = next((file.get("full-path") for file in container.iter("{*}rootfile")), None)
    if not rootfile:
        raise SourceError(f"{path} names no package file, as an EPUB does. Get it again.")
    package = parse_xml(path, archive.read(rootfile))
    body = Element("body")
    for name in pages_of(path, package, posixpath.dirname(rootfile), archive):
        body.append(page_of(path, name, archive, posixpath.dirname(rootfile)))
    root = Element("html")
    root.append(body)
    read = read_root(path, root, metadata_of(package))
    return replace(read, blocks=tuple(replace(b, link=b.link and b.link.removeprefix("#")) for b in read.blocks))


def pages_of(path: Path, package: etree._Element, folder: str, archive: Archive) -> list[str]:
    """The members with the book's pages: those of the spine in order, then those that only links lead to."""
    names: dict[str, str] = {}
    contents = set()
    for item in package.iter(f"{OPF}item"):
        name = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if climbs(name):
            raise SourceError(f"{path} names a file outside itself ({item.get('href')!r}), and is not read.")
        if item.get("media-type") in PAGES and name in archive.names:
            names[item.get("id") or name] = name
            if "nav" in (item.get("properties") or "").split():
                contents.add(name)
    spine = [names[item.get("idref")] for item in package.iter(f"{OPF}itemref") if item.get("idref") in names]
    return [name for name in dict.fromkeys([*spine, *names.values()]) if name not in contents]


def page_of(path: Path, name: str, archive: Archive, folder: str) -> HtmlElement:
    """A page's body as a section; ids and links in it carry the page's name, so that they lead between pages."""
    root = parse_html(path, decode(archive.read(name)))
    body = root.find("body")
    section = Element("section")
    if body is None:
        return section
    own = posixpath.relpath(name, folder or ".")
    section.set("id", own)
    for element in body.iter("*"):
        if element.get("id"):
            element.set("id", f"{own}#{element.get('id')}")
        if element.tag == "a" and element.get("name"):
            element.set("name", f"{own}#{element.get('name')}")
        if element.tag == "a" and element.get("href"):
            element.set("href", inside(element.get("href") or "", own))
    if body.get("id"):
        section.set("id", f"{own}#{body.get('id')}")
    section.text = body.text
    section.extend(list(body))
    return section


def inside(href: str, own: str) -> str:
    """A link between pages as one within the joined page: `#chapter-2.xhtml#note-1`."""
    page, mark, fragment = href.strip().partition("#")
    if ":" in page or not mark:
        return href
    target = posixpath.normpath(posixpath.join(posixpath.dirname(own), unquote(page))) if page else own
    return f"#{target}#{fragment}"


def metadata_of(package: etree._Element) -> Metadata:
    """Title, author and date of a book."""

    def first(name: str) -> str | None:
        words = next(("".join(element.itertext()) for element in package.iter(DC + name)), "")
        return " ".join(words.split()) or None

    date = first("date")
    return Metadata(first("title"), first("creator"), date[:10] if date else None)
