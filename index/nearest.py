"""The nearest of many vectors, by FAISS: all of them are looked at, or where they are very many, those of some lists.

Up to `FLAT` vectors every cosine is exact. Beyond, vectors that are near each other stand in a list, in half
precision, and the lists that are nearest to the question are looked through (see docs/scale.md for what that finds).
"""

from pathlib import Path
from typing import Any

import numpy as np

FLAT = 50_000  # vectors: looking at so many takes some 12 ms and loses nothing, through lists it takes 2
LISTS_PER_ROOT = 4  # times the root of how many vectors there are
SEARCHED = 256  # lists that are looked through: of a million vectors .95 of the ten nearest in 6 ms, all take 190
EXAMPLES = 48  # vectors for each list that the lists are made from
ADDED = 50_000  # vectors at once
SEED = 0


class Nearest:
    """Finds the nearest vectors by their inner products; `lists` is a file of lists, where there is one."""

    def __init__(self, vectors: np.ndarray, lists: Path | None = None) -> None:
        self.vectors, self.lists = vectors, open_lists(lists) if lists else None

    def search(self, vector: np.ndarray, k: int, positions: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Positions and cosines of the `k` nearest, best first, ties in order.

        `positions`, ascending, are those that may be found.
        """
        # Imported here: nothing happens at import.
        import faiss

        size = len(self.vectors) if positions is None else len(positions)
        asked, k = vector.reshape(1, -1).astype(np.float32), min(k, size)
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if self.lists is None or size <= FLAT:
            rows = self.vectors if positions is None else at(self.vectors, positions)
            scores, found = faiss.knn(asked, np.ascontiguousarray(rows), k, metric=faiss.METRIC_INNER_PRODUCT)
            return in_order(found[0] if positions is None else positions[found[0]], scores[0])
        settings = faiss.SearchParametersIVF()
        settings.nprobe = SEARCHED
        if positions is not None:
            chosen = np.zeros(len(self.vectors), bool)
            chosen[positions] = True
            bits = np.packbits(chosen, bitorder="little")
            settings.sel = selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]  # noqa: F841
        scores, found = self.lists.search(asked, k, params=settings)
        there = found[0] >= 0
        return in_order(found[0][there], scores[0][there])


def open_lists(path: Path) -> Any:
    """Lists of vectors in a file, memory-mapped."""
    import faiss

    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)


def in_order(found: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best first, of the same score the one that stands first; FAISS gives these in any order."""
    order = np.lexsort((found, -scores))
    return found[order], scores[order]


def at(vectors: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Some rows; those that stand together are not copied."""
    first, last = int(positions[0]), int(positions[-1])
    return vectors[first : last + 1] if last - first + 1 == len(positions) else vectors[positions]


def make_lists(vectors: np.ndarray, path: Path) -> None:
    """Write the lists of some vectors; few need none."""
    if len(vectors) <= FLAT:
        return
    import faiss

    count = int(LISTS_PER_ROOT * len(vectors) ** 0.5)
    lists = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(vectors.shape[1]),
        vectors.shape[1],
        count,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    sample = np.random.default_rng(SEED).permutation(len(vectors))[: EXAMPLES * count]
    lists.train(np.ascontiguousarray(vectors[np.sort(sample)]))
    for start in range(0, len(vectors), ADDED):
        lists.add(np.ascontiguousarray(vectors[start : start + ADDED]))
    faiss.write_index(lists, str(path))
