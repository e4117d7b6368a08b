"""python -m training.source_question DATA: fit which questions ask for a source.

Written for it are `questions/source.txt` and, as near to those in their words as could be, `questions/other.txt`; a
sample of the questions of DATA counts as asking for no source too. Writes source_question.json beside
the reader's weights.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from assistant.reader.source_question import INTERCEPT, WEIGHTS, terms
from training.rows import read_rows
from training.written import read_written

QUESTIONS = Path(__file__).parent / "questions"
SAMPLE, SAMPLE_WEIGHT = 3000, 0.1  # of each of DATA's two sets; beside 1 for a question written here
FEWEST = 2  # written questions that a term occurs in
INVERSE_PENALTY = 3.0
LEAST = 0.02  # smaller weights are dropped


def fit(asking: Sequence[str], other: Sequence[str], sample: Sequence[str]) -> dict[str, float]:
    """Return the weights of a logistic regression on terms, and its intercept."""
    counts = CountVectorizer(analyzer=terms, min_df=FEWEST, binary=True).fit([*asking, *other])
    questions = [*asking, *other, *sample]
    labels = [True] * len(asking) + [False] * (len(other) + len(sample))
    weights = [1.0] * (len(asking) + len(other)) + [SAMPLE_WEIGHT] * len(sample)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=3000).fit(counts.transform(questions), labels, weights)
    fitted = zip(counts.get_feature_names_out(), model.coef_[0], strict=True)
    terms_kept = {str(term): round(float(weight), 3) for term, weight in fitted if abs(weight) >= LEAST}
    return {INTERCEPT: round(float(model.intercept_[0]), 3), **terms_kept}


def sample_questions(data: Path) -> list[str]:
    """Draw questions that ask for no source from the public and the written sets."""
    rng = random.Random(1)
    public = [row.question for row in read_rows(data / "rows.jsonl.gz")]
    written = [question.row.question for question in read_written(data / "written.jsonl.gz")]
    return [*rng.sample(public, SAMPLE), *rng.sample(written, SAMPLE)]


def main() -> None:
    """Fit and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    asking, other = (
        (QUESTIONS / name).read_text(encoding="utf-8").splitlines() for name in ("source.txt", "other.txt")
    )
    weights = fit(asking, other, sample_questions(options.data))
    WEIGHTS.write_text(json.dumps(weights, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{len(weights)} weights in {WEIGHTS.name}")


if __name__ == "__main__":
    main()
