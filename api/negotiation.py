"""Content negotiation: by ``?format=``, or else by the weights in Accept (RFC 9110)."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
RANGE = re.compile(rf"({NAME})/({NAME})\s*((?:;.*)?)")
WEIGHT = re.compile(r"(?:^|;)\s*q\s*=\s*([^;]*)", re.IGNORECASE)
QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
MOST = 100
"""Maximum number of media ranges that are read."""
PAGE = "text/html"
"""The media type of pages for people, which ``text/*`` stands for, and ``*/*`` alone does not."""
FORMAT = re.compile(r"(?:^|&)format=([^&]*)")


class Negotiation(BaseContentNegotiation):
    """Chooses the format with the highest weight; the first renderer of the view breaks ties."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        """Return None: request bodies are not read."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the renderer and its media type; raises NotAcceptable if none is acceptable."""
        if format_suffix:
            chosen = next(known for known in renderers if known.format == format_suffix)
            return chosen, chosen.media_type
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        ranges = list(read_accept(accept))
        weights = [weight_of(renderer.media_type, ranges) for renderer in renderers]
        best = max(weights)
        if best <= 0:
            raise NotAcceptable(available_renderers=renderers)
        chosen = renderers[weights.index(best)]
        return chosen, chosen.media_type


@lru_cache(256)
def prefers_first(accept: str, media_types: tuple[str, ...]) -> bool:
    """Tell whether an Accept header weighs none of these media types higher than the first."""
    ranges = list(read_accept(accept))
    first, *others = (weight_of(media_type, ranges) for media_type in media_types)
    return first > 0 and first >= max(others, default=0)


def read_accept(header: str) -> Iterator[tuple[str, str, float]]:
    """Yield type, subtype and weight of each media range; malformed ranges are skipped."""
    for part in header.split(",", MOST)[:MOST]:
        found = RANGE.fullmatch(part.strip())
        if not found:
            continue
        weight = WEIGHT.search(found[3])
        text = weight[1].strip() if weight else "1"
        if QVALUE.fullmatch(text):
            yield found[1].lower(), found[2].lower(), float(text)


@lru_cache(256)
def prefers_page(query: str, accept: str) -> bool:
    """Return whether a page is asked for: by ``format``, else by a weight above that of JSON."""
    asked = FORMAT.search(query)
    if asked:
        return asked[1] == "html"
    ranges = list(read_accept(accept))
    others = ("application/json", "application/problem+json")
    return weight_of(PAGE, ranges) > max(weight_of(other, ranges) for other in others)


def weight_of(media_type: str, ranges: list[tuple[str, str, float]]) -> float:
    """Return the weight of a media type: that of the most specific matching range, else 0."""
    kind, _, subtype = media_type.partition(";")[0].partition("/")
    if media_type == PAGE:
        ranges = [one for one in ranges if one[0] == kind]
    found = [
        (specificity, weight)
        for specificity, pair in enumerate([("*", "*"), (kind, "*"), (kind, subtype)])
        for given, sub, weight in ranges
        if (given, sub) == pair
    ]
    return max(found, default=(0, 0.0))[1]
