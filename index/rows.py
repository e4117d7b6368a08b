"""Arrays on disk that grow by rows while they are made, and are memory-mapped when they are read."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np


class RowWriter:
    """A `.npy` file that rows are added to; its header is put right at the end, for which numpy leaves room."""

    def __init__(self, file: BinaryIO, dtype: type[np.generic], width: int | None = None) -> None:
        """Rows are numbers, or vectors of a `width`."""
        self.file, self.dtype, self.width, self.length = file, np.dtype(dtype), width, 0
        self._write_header()

    def add(self, rows: np.ndarray) -> None:
        """Write some rows."""
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.length += len(rows)

    def finish(self) -> None:
        """Say in the header how many rows there are."""
        end = self.file.tell()
        self.file.seek(0)
        self._write_header()
        self.file.seek(end)

    def _write_header(self) -> None:
        shape = (self.length,) if self.width is None else (self.length, self.width)
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self.file, header)


def read_rows(file: Path | BytesIO, dtype: type[np.generic], shape: tuple[int, ...]) -> np.ndarray:
    """The rows of a `.npy` file, memory-mapped where it is one on disk; raises ValueError if it is of another kind."""
    with file.open("rb") if isinstance(file, Path) else BytesIO(file.getbuffer()) as header:
        if np.lib.format.read_magic(header) != (1, 0):
            raise ValueError("an array is in another format")
        stored, by_column, kind = np.lib.format.read_array_header_1_0(header)
        size = header.tell() + int(np.prod(shape)) * kind.itemsize
        if stored != shape or by_column or kind != np.dtype(dtype) or header.seek(0, 2) != size:
            raise ValueError(f"an array is {stored}, not {shape}")
    if isinstance(file, Path):
        return np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray) if size else np.zeros(shape, dtype)
    file.seek(0)
    return np.load(file, allow_pickle=False)
