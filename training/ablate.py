"""python -m training.ablate CASES FOLDS: what each group of scores adds, on documents left out.

CASES is a file that `training.fit --cases` or `--judged` names, FOLDS the folder of `--folds`, with a reader for each
document that was fitted without it. Scores are masked, not fitted anew without: prints a Markdown table.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from assistant.reader.combine import Combination
from training.cases import Case, load_cases
from training.outcomes import judge_folds, report

GROUPS = {
    "all scores": (),
    "the network's (`span`, `answer`, `evidence`, `around`)": ("span", "answer", "evidence", "around"),
    "its spans": ("span",),
    "its windows": ("answer",),
    "its sentences": ("evidence", "around"),
    "retrieval's (`bm25`, `dense`, `passage`, `rank`)": ("bm25", "dense", "passage", "rank"),
    "term coverage (`support`, `least`)": ("support", "least"),
    "notes and works (`note`, `claim`, `work`, `reference`, `source`)": (
        "note",
        "claim",
        "work",
        "reference",
        "source",
    ),
    "types, numbers and codes (`misfit`, `code`)": ("misfit", "code"),
    "form (`heading`, `length`)": ("heading", "length"),
    "earlier questions, and how many sentences (`follows`, `count`)": ("follows", "count"),
}
FIGURES = ("first", "three", "auroc", "pairs")


def load_folds(folder: Path, cases: Sequence[Case]) -> dict[str, Combination]:
    """Load the combination of each of the cases' documents that has a fold."""
    paths = {name: folder / name / "combination.json" for name in {case.question.document for case in cases}}
    return {name: Combination.load(path) for name, path in sorted(paths.items()) if path.exists()}


def ablate(cases: Sequence[Case], folder: Path) -> str:
    """Return the table: a row for each group, with the figures without it."""
    folds = load_folds(folder, cases)
    rows = [f"| without | {' | '.join(FIGURES)} |", f"|---{'|---' * len(FIGURES)}|"]
    for name, scores in GROUPS.items():
        without = {document: combination.without(scores) for document, combination in folds.items()}
        figures = report(judge_folds(without, cases), dict.fromkeys(folds, (0.0, 0.0)))
        rows.append(f"| {name} | {' | '.join(f'{figures[figure]:.3f}' for figure in FIGURES)} |")
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("folds", type=Path)
    options = parser.parse_args()
    print(ablate(load_cases(options.cases), options.folds))


if __name__ == "__main__":
    main()
