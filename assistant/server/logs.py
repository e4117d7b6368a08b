"""The log: one JSON object a line on standard error; no question stands in it unless --log-questions says so."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

LOGGER = "quoth.server"
LEVELS = {LOGGER: logging.INFO, "uvicorn": logging.WARNING, "mcp": logging.WARNING, "asyncio": logging.ERROR}


class JsonLines(logging.Formatter):
    """A record as one line of JSON, everything but ASCII escaped: nothing in it can pass for another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level and message, the record's own fields, and where there was an error its traceback."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def start_logging(stream: TextIO | None = None) -> None:
    """Send this server's log, uvicorn's and Python's warnings to one stream."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in LEVELS.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


def log(event: str, level: int = logging.INFO, error: BaseException | None = None, **fields: object) -> None:
    """Write a line with these fields."""
    logging.getLogger(LOGGER).log(level, event, extra={"fields": fields}, exc_info=error)
