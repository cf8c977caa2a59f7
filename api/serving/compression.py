"""Content encodings: which one a client accepts, and bodies and streams compressed with it."""

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import brotli

from api.serving.headers import VARY

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Headers = list[tuple[str, str]]

SMALL = 512
"""Length in bytes below which a body is not compressed."""
PLAIN = ""
"""The absence of an encoding."""


class _Brotli:
    def __init__(self) -> None:
        compressor = brotli.Compressor(quality=4)
        self.compress: Callable[[bytes], bytes] = compressor.process
        self.flush: Callable[[], bytes] = compressor.finish
        self.flush_block: Callable[[], bytes] = compressor.flush


COMPRESSORS: Mapping[str, Callable[[], Any]] = {
    "zstd": lambda: zstd.ZstdCompressor(level=3),
    "br": _Brotli,
    "gzip": lambda: zlib.compressobj(5, wbits=31),
}
"""A factory of compressors for each encoding, in order of preference."""
BLOCK_ENDS: Mapping[str, Callable[[Any], bytes]] = {
    "zstd": lambda compressor: compressor.flush(compressor.FLUSH_BLOCK),
    "br": lambda compressor: compressor.flush_block(),
    "gzip": lambda compressor: compressor.flush(zlib.Z_FULL_FLUSH),
}
"""What ends a block of each encoding, so that another could follow."""
NO_BLOCK = b"\xfe\xfe\xfe"
"""The beginning of a block of a type that is reserved in each encoding: no decoder goes past it."""


@lru_cache(maxsize=256)
def preferred_encoding(accepted: str) -> str:
    """Return the encoding to use for the value of an Accept-Encoding header."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        try:
            weights[name.strip()] = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[name.strip()] = 0.0
    offered = {name: weights.get(name, weights.get("*", 0.0)) for name in COMPRESSORS}
    best = max(offered, key=lambda name: offered[name])
    return best if offered[best] > 0 else PLAIN


def encoded(headers: Headers, body: bytes, encoding: str) -> tuple[Headers, bytes]:
    """Return headers and body of an answer in an encoding, or unchanged if that gains nothing."""
    if encoding == PLAIN or len(body) < SMALL or not _takes(headers):
        return headers, body
    compressor = COMPRESSORS[encoding]()
    packed = compressor.compress(body) + compressor.flush()
    return [*_relabelled(headers, encoding), ("Content-Length", str(len(packed)))], packed


def _takes(headers: Headers) -> bool:
    named = {name.lower(): value for name, value in headers}
    kinds = ("text/", "json", "yaml", "openapi")
    return "content-encoding" not in named and any(
        kind in named.get("content-type", "") for kind in kinds
    )


def _relabelled(headers: Headers, encoding: str) -> Headers:
    """Return the headers of an encoded answer; each encoding has an entity tag of its own."""
    kept = [
        (name, f'{value[:-1]}-{encoding}"' if name.lower() == "etag" else value)
        for name, value in headers
        if name.lower() not in ("content-length", "vary")
    ]
    return [*kept, ("Vary", VARY), ("Content-Encoding", encoding)]


class CompressedStream:
    """A stream that is compressed as it is sent, and its headers.

    The server ends a stream that failed as if it were complete, and a decoder may take the lack of
    an end for the end. So one that breaks ends in what cannot be decoded, and no cache that others
    share may keep it.
    """

    def __init__(self, stream: Any, headers: Headers, encoding: str) -> None:
        """Take the stream, its headers and the encoding."""
        self.headers = [
            (name, value.replace("public", "private") if name == "Cache-Control" else value)
            for name, value in _relabelled(headers, encoding)
        ]
        self._stream, self._encoding = stream, encoding

    def __iter__(self) -> Iterator[bytes]:
        """Yield compressed chunks as the compressor emits them."""
        compressor = COMPRESSORS[self._encoding]()
        try:
            for piece in self._stream:
                packed = compressor.compress(piece)
                if packed:
                    yield packed
        except Exception:
            yield BLOCK_ENDS[self._encoding](compressor) + NO_BLOCK
            raise
        yield compressor.flush()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
