"""Any model for extractive question answering, from a folder or the hub, as a reader network."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.reader.network import MAX_TOKENS, TokenScores
from index.errors import ReaderError
from index.sentence_transformer import INSTALL, reach

LONGEST_ASKED = 500  # characters of a question with earlier turns


class SquadModel:
    """A transformers model with start and end logits, trained as on SQuAD 2.0: its first token means no answer.

    It has no scores of windows and sentences; half of the best span's margin is used for both, which is about the scale
    of Quoth's own network.
    """

    def __init__(self, name: str) -> None:
        """Load the model; raises ReaderError if it is unknown, unreadable, or of another type."""
        self.name = name
        local = Path(name).is_dir()
        # Imported here: torch takes seconds, and nothing happens at import.
        try:
            import transformers
            from transformers import AutoConfig, AutoModelForQuestionAnswering, AutoTokenizer
        except ModuleNotFoundError as error:
            raise ReaderError(f"The reader {name!r} needs transformers. {INSTALL}") from error

        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        options = {"local_files_only": local, "trust_remote_code": False}
        try:
            if not local:
                reach(name)
            kinds = AutoConfig.from_pretrained(name, **options).architectures or []
            if not any("QuestionAnswering" in kind for kind in kinds):
                raise ValueError(f"it is a {', '.join(kinds) or 'model of unknown kind'}")
            self.tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True, **options)
            self.model = AutoModelForQuestionAnswering.from_pretrained(name, use_safetensors=True, **options).eval()
        except Exception as error:  # the library raises a dozen kinds, for one reason
            raise ReaderError(
                f"The reader {name!r} cannot be loaded: it is neither quoth, sentence, a folder with reader.onnx, nor "
                f"a model for extractive question answering that can be reached ({type(error).__name__})."
            ) from error
        digest = hashlib.sha256()
        for key, value in sorted(self.model.state_dict().items()):
            digest.update(key.encode() + value.float().cpu().numpy().tobytes())
        self.fingerprint = digest.hexdigest()

    def read(self, question: str, windows: Sequence[str], turns: Sequence[str] = ()) -> list[TokenScores]:
        """Score each window; earlier turns stand in front of the question, as far as they are short."""
        import torch

        question = " ".join((*turns, question))[-max(len(question), LONGEST_ASKED) :]
        scores = []
        for window in windows:
            encoded = self.tokenizer(
                question, window, truncation="only_second", max_length=MAX_TOKENS, return_offsets_mapping=True,
                return_tensors="pt",
            )  # fmt: skip
            offsets = encoded.pop("offset_mapping")[0].numpy()
            with torch.inference_mode():
                output = self.model(**encoded)
            inside = np.array([part == 1 for part in encoded.sequence_ids(0)])
            first = int((encoded["input_ids"][0] == self.tokenizer.cls_token_id).nonzero()[0])
            start, end = output.start_logits[0].numpy(), output.end_logits[0].numpy()
            scores.append(scores_from_span(offsets[inside], start[inside], end[inside], start[first] + end[first]))
        return scores


def scores_from_span(offsets: np.ndarray, start: np.ndarray, end: np.ndarray, null: float) -> TokenScores:
    """Derive all scores from span logits."""
    answer = float(start.max() + end.max() - null) / 2 if len(start) else -float("inf")
    return TokenScores(offsets, start, end, float(null), answer, start + end - null / 2)
