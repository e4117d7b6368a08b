"""atheris on the path that a document takes: bytes in a file -> text -> Document -> Passages, nothing but clear errors.

    make fuzz                 ten minutes; SECONDS=60 for one
    python -m tests.fuzz_parser INPUT      one input again

An input is a document's bytes, and behind two zero bytes those of the `.toml` beside it. A SourceError of one
sentence is a good answer; anything else that is raised is a finding, and so are a span that is no slice of the
text, a character that got lost, and an input that takes longer than its length allows. Findings are written to
build/fuzz.
"""

import os
import re
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["index"]):
    from index.document.parse import parse
    from index.document.sources import read_sources
    from index.errors import SourceError
    from index.passages import make_passages

from tests.conftest import ARTICLE, HashEncoder
from tests.invariants import check_passages, check_slices, lost, spans_of

SECONDS = 600
LONGEST = 16384  # bytes of an input
SLOW = 1.0, 1 / 4000  # seconds of the processor that any input may take, and for each byte beside
WINDOW = 64
PARTED = b"\0\0"
MARKERS = [
    "[1]", "[2]", "[12]", "[1, 2]", "[3-5]", "[4–6]", "[0]", "[00]", "[2012]", "[99999999999]", "[١]", "[", "]",
    "Ibid.", "Ibid., 4.", "Id.", "See also", "See ", "cf. ", "supra note 1", "n. 3", "(n 4)", "op. cit.", "et al.",
    "note 2", "Roe, “A Title,”", "“", "”", "‘", "’", "«", "»", "(2001)", ", 2001.", "By Jane Roe", "# ", "-----",
    "Notes", "References", "Sign up", "©", "\r\n", "\r", "\n\n", "\u2028", "\u0085", "\ufeff", "\u200b", "\0\0",
    "title = ", "author", "date", "url", "1979-05-27T07:32:00Z", "'''", '"""', "inf", "0x1f", "[[", "\\u",
]  # fmt: skip
SEEDS = [
    "Rain fell in May.[1] The river rose,[2] so.\n\n[1] Roe, “A Title,” Press, 2001.\n\n[2] Ibid.\n\0\0title = \"On Rain\"\n",
    "\ufeffA Title\r\n\r\nBy Jane Roe\r\n\r\nOne here.[1, 2] Two [sic] there.[3-5]\r\n\r\n[1] See note 2.\r\n[2] J. Roe, A Book (Paris: Press, 1999), 4.\r\n",
    "# One\n\nThe campaign to dislodge them from the hills by the river is\nunderway, as is the task of securing\nthe towns.\n\nNotes\n\n[1]\nRoe et al., op. cit., pp. 3–9; cf. “More,” Times, May 2, 2013.\n",
    "日本の歴史\n\n日本は島国です。首都は東京です。[1]\n\n[1] 注。\n\0\0author = 'J. Roe'\ndate = 2001-05-02\nurl = 'https://example.org'\n",
    "- item\n- item\n1. Boil it.\n2. Drink it.\n\nStay Informed\n\nSign up to receive updates.\n",
]  # fmt: skip
ENCODER = HashEncoder()
FOLDER = Path("build", "fuzz")  # inputs that found something new are kept, and the next run begins with them


def one_input(data: bytes) -> None:
    """Read, parse and split one input; raises AssertionError, or what the code raised, where that is a finding."""
    words, _, sidecar = data.partition(PARTED)
    document, toml = FOLDER / "doc.txt", FOLDER / "doc.toml"
    toml.write_bytes(sidecar)
    document.write_bytes(words)
    began = time.process_time()
    try:
        (file,) = read_sources(document)
    except SourceError as error:
        check_sentence(str(error))
        readable = words.replace(b"\0", b" ").decode("utf-8", "replace").encode()
        if sidecar or readable != words:  # so that an input with a fault before the parser is not lost on it
            one_input(readable)
        return
    parsed = parse(file)
    passages = make_passages(parsed, ENCODER, WINDOW)
    took = time.process_time() - began
    assert parsed.text.encode() == words
    check_slices(parsed.text, spans_of(parsed))
    assert lost(parsed) == "", f"lost: {lost(parsed)[:80]!r}"
    check_passages(parsed, passages)
    assert took < SLOW[0] + SLOW[1] * len(data), f"{took:.1f} s for {len(data)} bytes"


def check_sentence(message: str) -> None:
    """Raise AssertionError if an error's message is not one line that names the file and ends like a sentence."""
    assert re.fullmatch(r"[^\r\n]*doc\.(?:txt|toml)[^\r\n]*\.", message), message
    assert message.isprintable(), message
    assert len(message) < 400, message


def main() -> None:
    """Fuzz for SECONDS, from the article and the small documents on; libFuzzer's own flags may follow."""
    given = sys.argv[1:]
    corpus, words = FOLDER / "corpus", FOLDER / "words"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate([*map(str.encode, SEEDS), ARTICLE.read_bytes()[:LONGEST]]):
        (corpus / f"seed-{number}").write_bytes(seed)
    words.write_text("".join('"' + "".join(f"\\x{b:02x}" for b in w.encode()) + '"\n' for w in MARKERS))
    flags = [f"-max_total_time={os.environ.get('SECONDS', SECONDS)}", f"-max_len={LONGEST}", f"-dict={words}",
             "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={FOLDER}/finding-"]  # fmt: skip
    inputs = [] if any(not flag.startswith("-") for flag in given) else [str(corpus)]
    atheris.Setup([sys.argv[0], *flags, *given, *inputs], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
