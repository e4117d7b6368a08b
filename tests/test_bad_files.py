"""Files that cannot be read: each a clear sentence with its reason, and the others are read all the same."""

import io
import os
import signal
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from assistant.cli import main
from index.document import apart
from index.document.apart import ReadingProcess
from index.document.formats import bounds, pandoc
from index.document.sources import find_file, read_all, read_source
from index.errors import SourceError, StoppedError
from index.store import open_index
from tests import rain
from tests.conftest import HashEncoder

ENTITIES = '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi")
)  # fmt: skip


def packed(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def docx(folder: Path) -> bytes:
    return rain.write_pandoc(folder, ".docx", "docx").read_bytes()


def broken_inside(folder: Path) -> bytes:
    """A DOCX with a member whose bytes are altered."""
    data = bytearray(docx(folder))
    at = data.index(b"word/document.xml") + 200
    data[at : at + 50] = bytes(50)
    return bytes(data)


def locked_pdf(folder: Path) -> bytes:
    file = FPDF()
    file.set_encryption(owner_password="a", user_password="b")
    file.add_page()
    file.set_font("times")
    file.write(5, "It rains.")
    return bytes(file.output())


def scanned_pdf(folder: Path) -> bytes:
    file = FPDF()
    file.add_page()
    file.image(Image.new("L", (50, 50), 200), x=10, y=10, w=100)
    return bytes(file.output())


def slow_pdf(folder: Path) -> bytes:
    """A small PDF that takes minutes: each of its pages shows the same twenty thousand lines."""
    pages = 5000
    words = zlib.compress(b"BT /F1 9 Tf 50 700 Td " + b"0 -1 Td (It rains on the dam.) Tj " * 20_000 + b"ET")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b" ".join(b"%d 0 R" % (n + 5) for n in range(pages))),
        b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(words), words),
        *[b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 3 0 R>>>>>>"] * pages,
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, one) for number, one in enumerate(objects, 1))
    return b"%%PDF-1.5\n%strailer<</Root 1 0 R/Size %d>>\n%%%%EOF" % (body, len(objects) + 1)


def locked_epub(folder: Path) -> bytes:
    lock = b"<encryption><EncryptedData><Cipher/></EncryptedData></encryption>"
    return packed({"META-INF/encryption.xml": lock, "META-INF/container.xml": b"<container/>"})


def epub_that_names(href: str) -> Callable[[Path], bytes]:
    return lambda folder: packed(
        {
            "META-INF/container.xml": b'<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
            "book.opf": b'<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" media-type="application/xhtml+xml" '
            b'href="' + href.encode() + b'"/></manifest><spine><itemref idref="a"/></spine></package>',
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("cut.docx", lambda folder: docx(folder)[:3000], "is broken, or no .docx file (File is not a zip file). Get it again."),
        ("broken.docx", broken_inside, "is broken, or no .docx file"),
        ("other.docx", lambda folder: packed({"a.txt": b"no Word file"}), "cannot be read by pandoc"),
        ("bomb.docx", lambda folder: packed({"word/document.xml": bytes(110 << 20)}), "and is not read. If it is no trap"),
        ("bomb.epub", lambda folder: packed({"META-INF/container.xml": bytes(110 << 20)}), "and is not read. If it is no trap"),
        ("many.odt", lambda folder: packed({str(n): b"" for n in range(20_001)}), "holds 20,001 files; at most 20,000 are read"),
        ("climbs.epub", lambda folder: packed({"../../etc/cron.d/x": b"x"}), "holds a file that leads out of it ('../../etc/cron.d/x')"),
        ("climbs.odt", lambda folder: packed({"/etc/x": b"x"}), "holds a file that leads out of it ('/etc/x')"),
        ("names.epub", epub_that_names("../../secret.xhtml"), "names a file outside itself ('../../secret.xhtml')"),
        ("drm.epub", locked_epub, "is protected (DRM) and cannot be read"),
        ("locked.pdf", locked_pdf, "is encrypted. Save it without a password."),
        ("scanned.pdf", scanned_pdf, "holds no text: its pages are pictures (scanned). Run text recognition"),
        ("cut.pdf", lambda folder: rain.pdf()[:700], "is broken, or no PDF"),
        ("no.pdf", lambda folder: b"It rains.", "is broken, or no PDF"),
        ("big.html", lambda folder: b"<p>It rains.</p>" * (100 << 16), "has 100 MB; at most 64 MB are read of such a file. Split it."),
        ("deep.html", lambda folder: b"<div>" * 5000 + b"It rains.", "is nested more than 255 elements deep"),
        ("empty.html", lambda folder: b"<html><script>rain()</script></html>", "holds no text. Give a page with text in it."),
        ("empty.md", lambda folder: b"", "holds no text"),
        ("binary.md", lambda folder: b"a\0b", "is a binary file"),
        ("laughs.xml", lambda folder: f"<!DOCTYPE article [{ENTITIES}]><article><body><p>&i;</p></body></article>".encode(), "is not well-formed XML (Maximum entity amplification factor exceeded"),
        ("outside.xml", lambda folder: b'<!DOCTYPE article [<!ENTITY x SYSTEM "file:///etc/passwd">]><article><body><p>&x;</p></body></article>', "holds no text"),
        ("settings.xml", lambda folder: b"<settings><a/></settings>", "is XML of another kind than JATS (its root is 'settings')"),
        ("cut.xml", lambda folder: b"<article><body><p>It rains.", "is not well-formed XML"),
        ("old.doc", lambda folder: b"\xd0\xcf\x11\xe0", "is an old Word file. Save it as .docx."),
        ("song.mp3", lambda folder: b"ID3", "is of a kind that is not read. Give one of .txt, "),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_and_the_others_are_read(
    tmp_path: Path, name: str, make: Callable[[Path], bytes], message: str
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    path = folder / name
    path.write_bytes(make(tmp_path))
    with pytest.raises(SourceError) as error:
        read_source(path)
    assert str(error.value).startswith(f"{path} ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    (folder / "fine.txt").write_text("It rains.")
    files, unread = read_all(folder)
    assert [file.id for file in files] == ["fine"]
    assert list(unread) == ([] if name == "song.mp3" else [str(error.value)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tex", "It rains. \\input{SECRET} \\include{SECRET} It snows."),
        ("a.rst", "It rains.\n\n.. include:: SECRET\n\n.. raw:: html\n   :file: SECRET\n\nIt snows.\n"),
        ("a.md", "It rains.\n\n![x](SECRET)\n\n<iframe src='SECRET'></iframe>\n\nIt snows.\n"),
        ("a.html", "<p>It rains.</p><img src='SECRET'><object data='SECRET'></object><p>It snows.</p>"),
    ],
)
def test_no_other_file_is_read(tmp_path: Path, name: str, text: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("The password is swordfish.")
    (tmp_path / name).write_text(text.replace("SECRET", str(secret)))
    document = read_source(tmp_path / name)
    assert "swordfish" not in document.text
    assert "It rains." in document.text
    assert "It snows." in document.text


def test_without_pandoc_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rain.write_pandoc(tmp_path, ".docx", "docx")
    monkeypatch.setitem(sys.modules, "pypandoc", None)
    with pytest.raises(SourceError, match=r"book.docx needs pandoc. Install .*: pip install 'quoth\[formats\]'"):
        read_source(path)


def test_pandoc_is_stopped_when_it_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rain.write_pandoc(tmp_path, ".docx", "docx")
    monkeypatch.setattr(pandoc, "SECONDS", 0.001)
    with pytest.raises(SourceError, match=r"takes pandoc more than 0\.001 seconds, and is not read\. Split it\."):
        read_source(path)


def test_a_file_that_takes_too_long_is_named_once_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said, started = tmp_path / "docs", [], []
    folder.mkdir()
    monkeypatch.setattr(apart, "SECONDS", 5)
    monkeypatch.setattr(apart, "SECONDS_PER_MEBIBYTE", 0)
    start = ReadingProcess._start
    monkeypatch.setattr(ReadingProcess, "_start", lambda self: started.append(self) or start(self))
    (folder / "slow.pdf").write_bytes(slow_pdf(tmp_path))
    for name in ("a.md", "b.md", "x.html", "z.html"):
        (folder / name).write_text("It rains.")
    index = open_index(folder, tmp_path / "idx", encoder=HashEncoder(), say=said.append)
    assert list(index.documents) == ["a", "b", "x", "z"]
    assert said == [f"{folder / 'slow.pdf'} takes longer than 5 seconds to read. Give a shorter file."]
    assert len(started) == 2
    (folder / "b.md").write_text("It snows.")
    (folder / "c.md").write_text("It hails.")
    monkeypatch.setattr(apart, "SECONDS", 1000)
    index = open_index(folder, tmp_path / "idx", encoder=HashEncoder(), say=said.append)
    assert index.documents["b"].text.strip() == "It snows."
    assert said[-1] == said[0]
    assert len(started) == 3


def test_a_file_that_breaks_its_reader_takes_nothing_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("It rains.")
    found = find_file(tmp_path / "a.md", tmp_path)
    with ReadingProcess() as process:
        assert process.read(found).text.strip() == "It rains."
        os.kill(process._process.pid, signal.SIGSEGV)
        with pytest.raises(StoppedError, match=r"a.md cannot be read: it is broken, or needs too much memory"):
            process.read(found)
        assert process.read(found).text.strip() == "It rains."
        left = process._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(left, 0)


def test_a_folder_of_many_files_with_ten_broken_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "docs"
    for number in range(490):
        path = folder / f"part{number % 7}" / f"note-{number}.{'md' if number % 2 else 'txt'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"On day {number} it rained {number} drops.\n")
    for number in range(10):
        (folder / f"bad{number}.pdf").write_bytes(b"%PDF-1.7 cut off")
    said: list[str] = []
    index = open_index(folder, tmp_path / "idx", encoder=HashEncoder(), say=said.append)
    assert len(index.documents) == 490
    assert [message.split(" ")[0].rpartition("/")[2] for message in said] == [f"bad{n}.pdf" for n in range(10)]
    assert index.documents["part3:note-3"].collection == "part3"
    again: list[str] = []
    open_index(folder, tmp_path / "idx", encoder=HashEncoder(), say=again.append)
    assert again == said
    assert main(["document", "--source", str(folder)]) == 0
    assert capsys.readouterr().out.count("not read: ") == 10


def test_a_folder_with_nothing_that_can_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 cut off")
    with pytest.raises(SourceError, match=r"bad.pdf is broken, or no PDF"):
        open_index(tmp_path, tmp_path / "idx", encoder=HashEncoder())


def test_bounds_are_those_that_are_told() -> None:
    assert (bounds.LARGEST_TEXT, bounds.LARGEST_RATIO) == (64 << 20, 100)
