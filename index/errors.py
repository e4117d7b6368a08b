"""Every error a user can cause, in one tree; each message names the value and the fix.

QuothError
├── SourceError    a document that cannot be read
├── EncoderError   an encoder that cannot be loaded
├── ReaderError    a reader that cannot be loaded
├── StoreError     an index folder that cannot be used
│   └── UnavailableError  a store that does not search now; it may in a moment
│       └── SharedStoreError  a store of several processes that keeps nothing now; it may in a moment
├── QuestionError  a question or request that cannot be asked
└── WikiError      a wiki that cannot be read

The harness adds GoldError: a gold, results or SQuAD file that is not sound.
"""


class QuothError(Exception):
    """Bad input: one clear sentence for the user; exit code 2, or HTTP 4xx."""


class SourceError(QuothError):
    """A document that cannot be read."""


class EncoderError(QuothError):
    """An encoder that cannot be loaded."""


class ReaderError(QuothError):
    """A reader that cannot be loaded."""


class StoreError(QuothError):
    """An index folder that cannot be read or written."""


class UnavailableError(StoreError):
    """A store that does not search now: away, slow, full, or of another version."""


class SharedStoreError(UnavailableError):
    """A store that several processes share, and that keeps nothing now."""


class QuestionError(QuothError):
    """A question or request that cannot be asked."""


class WikiError(QuothError):
    """A wiki that cannot be read: nothing is known of its pages then."""
