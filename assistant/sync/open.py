"""Wikis by what the settings say of them."""

from collections.abc import Callable, Mapping

from assistant.sync.bookstack import BookStack
from assistant.sync.confluence import Confluence
from assistant.sync.dokuwiki import DokuWiki
from assistant.sync.mediawiki import MediaWiki
from assistant.sync.types import Kind, Wiki, WikiSettings
from index.errors import WikiError

KINDS: Mapping[Kind, Callable[[WikiSettings, str], Wiki]] = {
    "mediawiki": MediaWiki,
    "dokuwiki": DokuWiki,
    "bookstack": BookStack,
    "confluence": Confluence,
}


def open_wiki(settings: WikiSettings, environment: Mapping[str, str]) -> Wiki:
    """Return a wiki, with its secret from the environment; raises WikiError where that has none. It asks nothing."""
    secret = environment.get(settings.password_env, "") if settings.password_env else ""
    if settings.password_env and not secret:
        raise WikiError(f"The wiki {settings.name!r} wants the variable {settings.password_env}, which is not set.")
    return KINDS[settings.kind](settings, secret)
