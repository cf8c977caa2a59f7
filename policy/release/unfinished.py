"""Folders that are written beside where they belong, so that what is there is always whole."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unfinished(folder: Path, prefix: str) -> Iterator[Path]:
    """Make a folder for what is not finished within another, and remove it at the end.

    Others with the same prefix are waited for, and what one that was killed has left is removed.
    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for path in folder.glob(f"{prefix}*"):
            shutil.rmtree(path)
        with tempfile.TemporaryDirectory(dir=folder, prefix=prefix) as place:
            yield Path(place)
    finally:
        os.close(descriptor)
