"""The response cache: an answer depends on release and request alone, so none goes stale."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.utils.http import http_date

from api.database.release import SOFTWARE, ServedRelease, watch
from api.rendering.pages import PLAIN_QUERY
from api.serving.compression import PLAIN, CompressedStream, Headers, encoded, preferred_encoding
from api.serving.headers import CORS, LIFETIME, NOT_MODIFIED, REQUEST_ID_HEADER, VARY
from api.serving.middleware import ALIVE, has_body, observed, without_slash

Environ = dict[str, Any]
ANSWERED_FROM = "demarche.answered_from"
"""The key in the WSGI environment that says where an answer came from, for the metrics."""
OVERHEAD = 2000
"""Bytes of memory that an entry takes beside its body, about: key, headers, objects."""


def cache_key(environ: Mapping[str, Any]) -> str:
    """Return the cache key of a request; the order of parameters makes no difference."""
    path, query = without_slash(environ["PATH_INFO"]), environ.get("QUERY_STRING", "")
    # Only plain names can be told apart as text, and a list that is repeated keeps its order.
    if "&" in query and PLAIN_QUERY.fullmatch(query):
        query = "&".join(sorted(query.split("&"), key=lambda pair: pair.partition("=")[0]))
    host, accept = environ.get("HTTP_HOST", ""), environ.get("HTTP_ACCEPT", "*/*")
    # Only a path can hold a line feed, so it comes last and no two requests share a key; nor does a
    # question mark in a path look like the beginning of a query.
    return "\n".join((environ["wsgi.url_scheme"], host, query, accept, path))


def entity_tag(token: str, key: str) -> str:
    """Return the entity tag, without quotes, of an answer in one state of the dataset."""
    return hashlib.sha256(f"{token} {key}".encode()).hexdigest()[:32]


def label(
    environ: Mapping[str, Any], response: HttpResponseBase, served: ServedRelease | None
) -> None:
    """Add the validators and the lifetime; ``served`` is None if no release matters."""
    response["ETag"] = f'"{entity_tag(served.token if served else SOFTWARE, cache_key(environ))}"'
    response["Cache-Control"] = LIFETIME.format(settings.CACHE_MAX_AGE)
    response["Vary"] = VARY
    for name, value in _about(served):
        response[name] = value


def _about(served: ServedRelease | None) -> Headers:
    if served is None:
        return []
    return [
        ("Dataset-Version", served.release.version),
        ("Last-Modified", _date(served.release.released)),
    ]


@lru_cache(maxsize=8)
def _date(moment: datetime) -> str:
    return http_date(moment.timestamp())


def _unchanged(held: str | None, served: ServedRelease, key: str, encoding: str) -> Headers | None:
    """Return the headers of a 304 if a tag in If-None-Match is current, else None."""
    if held is None:
        return None
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in held.split(",")}
    for token, about in ((served.token, served), (SOFTWARE, None)):
        plain = entity_tag(token, key)
        for tag in (f"{plain}-{encoding}", plain):
            if tag in tags:
                return [
                    ("ETag", f'"{tag}"'),
                    ("Cache-Control", LIFETIME.format(settings.CACHE_MAX_AGE)),
                    ("Vary", VARY),
                    *_about(about),
                    *CORS.items(),
                ]
    return None


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A cached answer, with its entity tag and the headers of a 304 for it."""

    headers: Headers
    body: bytes
    tag: str
    unchanged: Headers


class ResponseCache:
    """A WSGI application that caches the successful answers of another, and compresses all of them.

    A hit, or a 304, does not call the application. The cache holds at most ``limit`` bytes, drops
    what was used least recently, and is emptied when another release is loaded.
    """

    def __init__(self, application: Callable[..., Any], limit: int) -> None:
        """Take the application and the size of the cache in bytes; 0 caches nothing."""
        self._application, self._limit = application, limit
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str], CachedResponse] = OrderedDict()
        self._token = ""
        self.size = 0

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD") or has_body(environ):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        key = cache_key(environ)
        encoding = preferred_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        # The liveness probe must not wait for the database.
        served = None if without_slash(environ["PATH_INFO"]) == ALIVE else watch.served()
        if served is not None:
            found = self._find(served.token, (key, encoding))
            held = environ.get("HTTP_IF_NONE_MATCH")
            if found and held == found.tag:
                unchanged: Headers | None = found.unchanged
            else:
                unchanged = _unchanged(held, served, key, encoding)
            if unchanged:
                environ[ANSWERED_FROM] = "client"
                start_response("304 Not Modified", observed(environ, unchanged, 304))
                return []
            if found:
                environ[ANSWERED_FROM] = "memory"
                start_response("200 OK", observed(environ, found.headers, 200))
                return [found.body] if method == "GET" else []
        return self._ask(environ, start_response, (key, encoding))

    def _ask(
        self, environ: Environ, start_response: Callable[..., Any], place: tuple[str, str]
    ) -> Iterable[bytes]:
        """Call the application, and cache its answer if it is successful."""
        started: list[Any] = []
        result = self._application(environ, lambda *given: started.extend(given[:2]))
        status, headers = started
        wanted = environ["REQUEST_METHOD"] == "GET"
        if getattr(result, "streaming", False):
            # Static files are stored compressed; whole lists are compressed while they are sent.
            if place[1] != PLAIN and "Dataset-Version" in dict(headers):
                result = CompressedStream(result, headers, place[1])
                headers = result.headers
            start_response(status, headers)
            if wanted:
                return result  # type: ignore[no-any-return]
            result.close()
            return []
        try:
            body = b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        if place[1] != PLAIN:
            headers, body = encoded(headers, body, place[1])
        if status.startswith("200"):
            self._keep(place, headers, body)
        start_response(status, headers)
        return [body] if wanted else []

    def _find(self, token: str, place: tuple[str, str]) -> CachedResponse | None:
        with self._lock:
            if token != self._token:
                self._kept.clear()
                self._token, self.size = token, 0
            found = self._kept.get(place)
            if found:
                self._kept.move_to_end(place)
            return found

    def _keep(self, place: tuple[str, str], headers: Headers, body: bytes) -> None:
        tag = dict(headers).get("ETag", "").strip('"').partition("-")[0]
        key = place[0]
        with self._lock:
            # An answer may be of another release than the one that is cached.
            if tag not in (entity_tag(self._token, key), entity_tag(SOFTWARE, key)):
                return
            size = len(body) + len(key) + OVERHEAD
            if place in self._kept or size > self._limit // 8:
                return
            lasting = [pair for pair in headers if pair[0] != REQUEST_ID_HEADER]
            still = [pair for pair in lasting if pair[0] in NOT_MODIFIED]
            self._kept[place] = CachedResponse(lasting, body, dict(headers)["ETag"], still)
            self.size += size
            while self.size > self._limit:
                (key, _), last = self._kept.popitem(last=False)
                self.size -= len(last.body) + len(key) + OVERHEAD
