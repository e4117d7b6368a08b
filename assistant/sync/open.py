"""Wikis by what the settings say of them."""

from collections.abc import Mapping

from assistant.sync.dokuwiki import DokuWiki
from assistant.sync.mediawiki import MediaWiki
from assistant.sync.types import Wiki, WikiError, WikiSettings


def open_wiki(settings: WikiSettings, environment: Mapping[str, str]) -> Wiki:
    """A wiki, with its secret from the environment; raises WikiError where that has none. Nothing is asked yet."""
    secret = environment.get(settings.password_env, "") if settings.password_env else ""
    if settings.password_env and not secret:
        raise WikiError(f"The wiki {settings.name!r} wants the variable {settings.password_env}, which is not set.")
    return MediaWiki(settings, secret) if settings.kind == "mediawiki" else DokuWiki(settings, secret)
