"""From a question to a cited answer, and every surface that shows one."""

from assistant.assistant import Assistant
from assistant.types import Abstention, Answer, Citation, Evidence, SourceWork, Trace, Turn

__all__ = ["Abstention", "Answer", "Assistant", "Citation", "Evidence", "SourceWork", "Trace", "Turn"]
