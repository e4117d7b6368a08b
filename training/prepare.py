"""python -m training.prepare DATA OUT: turn the shared data into train.npz and validation.npz.

DATA is the folder with rows.jsonl.gz, evidence.jsonl.gz, written.jsonl.gz and twins.jsonl.gz. The validation split
holds three articles of SQuAD 2.0 dev, one in fifty of the other articles, one in fourteen of the articles that
questions were written for, and one in thirty of the other passages that questions were written for.
squad2-held-out.json has two of the three SQuAD articles, for `python -m eval squad`.
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
from training.written import WrittenQuestion, answer_turns, make_written, read_written

SQUAD2_HELD_OUT = 3


def held_out(articles: list[str]) -> set[str]:
    """Choose the articles for validation, the same each time."""
    squad2 = sorted(a for a in articles if a.startswith("squad2dev/"))
    others = sorted(a for a in articles if not a.startswith("squad2dev/"))
    rng = random.Random(7)
    return {*rng.sample(squad2, min(SQUAD2_HELD_OUT, len(squad2))), *rng.sample(others, len(others) // 50)}


def written_held_out(questions: Sequence[WrittenQuestion]) -> set[str]:
    """Choose the written questions' passages for validation: all of some articles, and some of the others."""
    rng = random.Random(7)
    articles = sorted({question.row.article for question in questions})
    articles_kept = set(rng.sample(articles, len(articles) // 14))
    of_articles = {question.passage for question in questions if question.row.article in articles_kept}
    others = sorted({question.passage for question in questions} - of_articles)
    return of_articles | set(rng.sample(others, len(others) // 30))


def squad2_held_out(articles: list[str]) -> list[str]:
    """Return the SQuAD 2.0 articles in the validation split: the first is to fit on, the others to report on."""
    return sorted(article for article in held_out(articles) if article.startswith("squad2dev/"))


def write_squad(rows: Sequence[Row], path: Path) -> None:
    """Write rows as a SQuAD 2.0 file."""
    articles: dict[str, dict[str, list[dict[str, object]]]] = {}
    for number, row in enumerate(rows):
        answers = [{"text": row.context[start:end], "answer_start": start} for start, end in row.answers]
        question = {"id": str(number), "question": row.question, "answers": answers, "is_impossible": not answers}
        articles.setdefault(row.article, {}).setdefault(row.context, []).append(question)
    data = [
        {"title": title, "paragraphs": [{"context": context, "qas": qas} for context, qas in paragraphs.items()]}
        for title, paragraphs in articles.items()
    ]
    path.write_text(json.dumps({"version": "2.0", "data": data}), encoding="utf-8")


def main() -> None:
    """Read the data, make examples, and write the splits."""
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
    articles = held_out(sorted({row.article for row in rows} | {example.article for example in evidence}))
    reported = squad2_held_out(sorted({row.article for row in rows}))[1:]
    write_squad([row for row in rows if row.article in reported], options.out / "squad2-held-out.json")
    written, twins = (read_written(options.data / f"{name}.jsonl.gz") for name in ("written", "twins"))
    answered = answer_turns([*written, *twins], network, options.seed)
    questions, twins = answered[: len(written)], answered[len(written) :]
    passages = written_held_out(questions)
    split: dict[str, list[Example]] = {}
    for name, validation in (("train", False), ("validation", True)):
        public = [row for row in rows if (row.article in articles) == validation]
        share = 1 if validation else options.share
        chosen = [
            item for item in questions if ((item.passage in passages) or (item.row.article in articles)) == validation
        ]
        split[name] = [
            *make_examples(public, options.seed, share, network),
            *(item for item in evidence if (item.article in articles) == validation),
            *make_written(chosen, twins, options.seed, len(public) + 1, network),
        ]
        arrays = make_arrays(split[name], tokenizer)
        arrays.save(options.out / f"{name}.npz")
        counts = {str(kind): int((arrays.kinds == i).sum()) for i, kind in enumerate(arrays.names)}
        print(f"{name}: {len(arrays)} examples, {len(arrays.tokens) / len(arrays):.0f} tokens each, {counts}")
    auroc = wording_auroc(split["train"], split["validation"])
    print(f"told from the question's words alone whether the window answers: AUROC {auroc:.3f} (0.5 is chance)")


if __name__ == "__main__":
    main()
