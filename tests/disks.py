"""Disks for tests: a small one in memory, which can be filled to any level."""

import gc
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BLOCK = 4096


class Disk:
    """A file system of its own, small enough to fill."""

    def __init__(self, path: Path) -> None:
        self.path, self.filler = path, path / "filler"

    @property
    def free(self) -> int:
        """The bytes that can still be written."""
        return shutil.disk_usage(self.path).free

    def leave(self, free: int) -> None:
        """Fill the disk until so many bytes are free."""
        self.filler.unlink(missing_ok=True)
        gc.collect()  # a file that was removed takes room until nobody has it mapped
        with self.filler.open("wb", buffering=0) as file:
            file.write(bytes(self.free - free))
        assert self.free == free

    def empty(self) -> None:
        """Give the space back."""
        self.filler.unlink()


@contextmanager
def mounted(path: Path, size: int) -> Iterator[Disk]:
    """A disk of so many bytes, in memory; skips the test where none can be mounted."""
    path.mkdir()
    process = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if process.returncode:
        pytest.skip(f"no disk can be mounted here (run as root): {process.stderr.strip()}")
    gc.freeze()  # what there was before holds nothing of this disk, and is not looked through at each filling
    try:
        yield Disk(path)
    finally:
        gc.unfreeze()
        subprocess.run(["umount", "--lazy", str(path)], check=True)
