"""Synthetic typing errors in gold questions, by textnoisr; numbers are left unchanged."""

from collections.abc import Sequence
from dataclasses import replace

from eval.gold import Gold, GoldError

SEED = 2013


def add_noise(gold: Sequence[Gold], level: float) -> list[Gold]:
    """Mistype about that share of the questions' characters, the same each time.

    Raises GoldError if textnoisr is not installed.
    """
    try:
        from textnoisr.noise import CharNoiseAugmenter
    except ImportError as error:
        raise GoldError("Typing errors need the extra noise. Run: pip install 'quoth[noise]'") from error
    augmenter = CharNoiseAugmenter(noise_level=level, seed=SEED)

    def mistype(question: str) -> str:
        words = [word if any(c.isdigit() for c in word) else augmenter.add_noise(word) for word in question.split(" ")]
        return " ".join(words).strip() or question

    return [
        replace(item, question=item.question.model_copy(update={"question": mistype(item.question.question)}))
        for item in gold
    ]
