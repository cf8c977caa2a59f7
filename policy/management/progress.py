"""A bar that shows how much of some files has been read."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import OutputWrapper


@contextmanager
def progress_bar(
    files: Iterable[Path], stream: OutputWrapper, ending: str = ""
) -> Iterator[Callable[[int], None]]:
    """Draw the share of the bytes of files that were read, if the stream is a terminal.

    Yields a function that takes the number of bytes just read. ``ending`` is what follows when all
    are. At the end the line is cleared.
    """
    total = sum(path.stat().st_size for path in files if path.is_file())
    read, drawn, shown = 0, -1, stream.isatty()

    def add(size: int) -> None:
        nonlocal read, drawn
        read += size
        percent = min(read * 100 // max(total, 1), 100)
        if shown and percent > drawn:
            drawn = percent
            after = f" {ending}" if ending and percent == 100 else ""
            stream.write(f"\r[{'#' * (percent // 4):25}] {percent:3} %{after}", ending="")
            stream.flush()

    try:
        yield add
    finally:
        if drawn >= 0:
            stream.write(f"\r{'':50}\r", ending="")
