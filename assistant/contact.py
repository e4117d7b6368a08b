"""Whom to ask where the documents do not say."""

from collections.abc import Iterable, Mapping

from assistant.types import Abstention, Evidence
from index.tables import Entry

DEFAULT = "default"


def find_contact(abstention: Abstention, documents: Iterable[Entry], contacts: Mapping[str, str]) -> str | None:
    """Return the contact of the innermost folder in which all that is nearest lies, all documents where nothing is.

    Without one it is the default; None for small talk.
    """
    if abstention.reason == "not_a_question":
        return None
    near: Iterable[Evidence | Entry] = abstention.nearest or documents
    around = [folders(evidence.collection) for evidence in near] if contacts else []
    common = [folder for folder in around[0] if all(folder in others for others in around)] if around else []
    return next((contacts[folder] for folder in common if folder in contacts), contacts.get(DEFAULT))


def folders(collection: str | None) -> list[str]:
    """Return a folder and those around it, the innermost first.

    >>> folders("hr/leave")
    ['hr/leave', 'hr']
    """
    parts = collection.split("/") if collection else []
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
