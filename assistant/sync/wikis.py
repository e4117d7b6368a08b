"""The wikis that the settings name, each opened once, and all brought in step."""

from collections.abc import Mapping

from assistant.settings import Settings
from assistant.sync.folder import Say, Synced, is_new, sync_folder
from assistant.sync.open import open_wiki
from assistant.sync.types import Wiki, WikiSettings
from index.errors import WikiError


class Wikis:
    """The wikis of the settings, by their collections' names."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.environment = environment
        self.opened: dict[str, Wiki] = {}

    def open(self, wiki: WikiSettings) -> Wiki:
        """Return a wiki, with the session that it has; raises WikiError where its secret is missing."""
        if wiki.name not in self.opened:
            self.opened[wiki.name] = open_wiki(wiki, self.environment)
        return self.opened[wiki.name]

    def sync(self, complete: bool = False, new_only: bool = False, say: Say = lambda message: None) -> list[Synced]:
        """Bring every wiki in step, one that fails notwithstanding; with `new_only` those that never were."""
        wanted = [wiki for wiki in self.settings.wikis if not new_only or is_new(wiki, self.settings.wiki_folder(wiki))]
        return [self.sync_one(wiki, complete, say) for wiki in wanted]

    def close(self) -> None:
        """End what is open; asked again, wikis are opened anew."""
        for wiki in self.opened.values():
            wiki.close()
        self.opened.clear()

    def sync_one(self, wiki: WikiSettings, complete: bool, say: Say) -> Synced:
        """Bring one in step; where that fails, return why."""
        try:
            return sync_folder(wiki, self.open(wiki), self.settings.wiki_folder(wiki), complete, say)
        except WikiError as error:
            return Synced(wiki.name, 0, 0, 0, (str(error),))
