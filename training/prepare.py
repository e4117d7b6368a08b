"""python -m training.prepare DATA OUT: the shared data becomes train.npz and validation.npz.

DATA is the folder with rows.jsonl.gz, evidence.jsonl.gz, written.jsonl.gz and twins.jsonl.gz. Validation is by
article: three articles of SQuAD 2.0 dev, whose questions without an answer were written by people, every fiftieth
other article, and every fourteenth of those that questions were written for; and beside that by passage, one in
thirty of the other written ones. squad2-held-out.json has two of those three again, for `python -m eval squad`.
"""

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from assistant.reader.network import PACKAGED, OnnxNetwork
from index.minilm import packaged_model
from training.arrays import make_arrays
from training.examples import Example, make_examples, read_evidence
from training.rows import Row, read_rows
from training.wording import wording_auroc
from training.written import Written, answer_turns, make_written, read_written

SQUAD2_HELD_OUT = 3


def held_out(articles: list[str]) -> set[str]:
    """The articles kept for validation, the same every time."""
    squad2 = sorted(a for a in articles if a.startswith("squad2dev/"))
    others = sorted(a for a in articles if not a.startswith("squad2dev/"))
    rng = random.Random(7)
    return {*rng.sample(squad2, min(SQUAD2_HELD_OUT, len(squad2))), *rng.sample(others, len(others) // 50)}


def written_held_out(questions: Sequence[Written]) -> set[str]:
    """The passages kept for validation: all of some articles, and some of the others."""
    rng = random.Random(7)
    articles = sorted({one.row.article for one in questions})
    kept = set(rng.sample(articles, len(articles) // 14))
    of_articles = {one.passage for one in questions if one.row.article in kept}
    others = sorted({one.passage for one in questions} - of_articles)
    return of_articles | set(rng.sample(others, len(others) // 30))


def squad2_held_out(articles: list[str]) -> list[str]:
    """The SQuAD 2.0 articles kept for validation: the first is to fit on, the others are to report on."""
    return sorted(article for article in held_out(articles) if article.startswith("squad2dev/"))


def write_squad(rows: Sequence[Row], path: Path) -> None:
    """Write rows as a SQuAD 2.0 file."""
    articles: dict[str, dict[str, list[dict[str, object]]]] = {}
    for number, row in enumerate(rows):
        answers = [{"text": row.context[start:end], "answer_start": start} for start, end in row.answers]
        asked = {"id": str(number), "question": row.question, "answers": answers, "is_impossible": not answers}
        articles.setdefault(row.article, {}).setdefault(row.context, []).append(asked)
    data = [
        {"title": title, "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs.items()]}
        for title, paragraphs in articles.items()
    ]
    path.write_text(json.dumps({"version": "2.0", "data": data}), encoding="utf-8")


def main() -> None:
    """Read, make examples, and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.15, help="of the answered public questions to train on")
    parser.add_argument("--reader", type=Path, default=PACKAGED, help="an earlier reader, which finds hard negatives")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rows, network = read_rows(options.data / "rows.jsonl.gz"), OnnxNetwork(options.reader)
    evidence = list(read_evidence(options.data / "evidence.jsonl.gz", random.Random(options.seed)))
    kept = held_out(sorted({row.article for row in rows} | {example.article for example in evidence}))
    reported = squad2_held_out(sorted({row.article for row in rows}))[1:]
    write_squad([row for row in rows if row.article in reported], options.out / "squad2-held-out.json")
    written, twins = (read_written(options.data / f"{name}.jsonl.gz") for name in ("written", "twins"))
    answered = answer_turns([*written, *twins], network, options.seed)
    questions, twins = answered[: len(written)], answered[len(written) :]
    passages = written_held_out(questions)
    split: dict[str, list[Example]] = {}
    for name, wanted in (("train", False), ("validation", True)):
        public = [row for row in rows if (row.article in kept) == wanted]
        share = 1 if wanted else options.share
        chosen = [one for one in questions if ((one.passage in passages) or (one.row.article in kept)) == wanted]
        split[name] = [
            *make_examples(public, options.seed, share, network),
            *(one for one in evidence if (one.article in kept) == wanted),
            *make_written(chosen, twins, options.seed, len(public) + 1, network),
        ]
        arrays = make_arrays(split[name], tokenizer)
        arrays.save(options.out / f"{name}.npz")
        counts = {str(kind): int((arrays.kinds == i).sum()) for i, kind in enumerate(arrays.names)}
        print(f"{name}: {len(arrays)} examples, {len(arrays.tokens) / len(arrays):.0f} tokens each, {counts}")
    told = wording_auroc(split["train"], split["validation"])
    print(f"told from the question's words alone whether the window answers: AUROC {told:.3f} (0.5 is chance)")


if __name__ == "__main__":
    main()
