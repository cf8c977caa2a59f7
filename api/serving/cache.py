"""The response cache: an answer depends on release and request alone, so none goes stale."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase

from api.database.release import SOFTWARE, ServedRelease, watch
from api.problems import respond
from api.rendering.pages import PLAIN_QUERY
from api.serving import turns
from api.serving.compression import PLAIN, CompressedStream, Headers, encoded, preferred_encoding
from api.serving.headers import LIFETIME, NOT_MODIFIED, REQUEST_ID_HEADER, VARY
from api.serving.middleware import ALIVE, add_headers, has_body, observed, without_slash
from api.serving.preconditions import outcome

Environ = dict[str, Any]
ANSWERED_FROM = "demarche.answered_from"
"""The key in the WSGI environment that says where an answer came from, for the metrics."""
KNOWN = "demarche.known"
"""The key of the headers that a whole list had when it was last asked for."""
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
    """Add the validator and the lifetime; ``served`` is None if no release matters.

    There is no Last-Modified: an answer depends on data and code, no clock that all processes share
    tells when either changed, and two states within a second would have the same.
    """
    response["ETag"] = f'"{entity_tag(served.token if served else SOFTWARE, cache_key(environ))}"'
    response["Cache-Control"] = LIFETIME.format(settings.CACHE_MAX_AGE)
    response["Vary"] = VARY
    if served:
        response["Dataset-Version"] = served.release.version


def known_length(environ: Mapping[str, Any], served: ServedRelease | None) -> int | None:
    """Return the length that a whole list had when it was last asked for, in the same state."""
    known = dict(environ.get(KNOWN, ()))
    if served and known.get("ETag") == f'"{entity_tag(served.token, cache_key(environ))}"':
        return int(known["Content-Length"])
    return None


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A cached answer; of a whole list only the headers, which HEAD and preconditions need."""

    headers: Headers
    body: bytes | None
    tag: str


class ResponseCache:
    """A WSGI application that caches the successful answers of another, and compresses all of them.

    A hit does not call the application. The cache holds at most ``limit`` bytes, drops what was
    used least recently, and is emptied when another release is loaded. Preconditions are evaluated
    against the answer itself: a tag that one can compute is no proof that a request is a good one.
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
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or has_body(environ):
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        place = cache_key(environ), preferred_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        # The liveness probe must not wait for the database.
        served = None if without_slash(environ["PATH_INFO"]) == ALIVE else watch.served()
        found = self._find(served.token, place) if served else None
        if found is None:
            return self._ask(environ, start_response, place)
        status = outcome(environ, found.headers)
        if status == HTTPStatus.OK:
            if environ["REQUEST_METHOD"] == "GET" and found.body is None:
                environ[KNOWN] = found.headers
                return self._ask(environ, start_response, place)
            environ[ANSWERED_FROM] = "memory"
            start_response("200 OK", observed(environ, found.headers, 200))
            return [found.body] if environ["REQUEST_METHOD"] == "GET" and found.body else []
        environ[ANSWERED_FROM] = "client"
        return _without(environ, start_response, status, found.headers)

    def _ask(
        self, environ: Environ, start_response: Callable[..., Any], place: tuple[str, str]
    ) -> Iterable[bytes]:
        """Call the application, and cache its answer if it is successful."""
        started: list[Any] = []
        with turns.short_answer(environ.get("QUERY_STRING", "")):
            result = self._application(environ, lambda *given: started.extend(given[:2]))
        status, headers = started
        body: bytes | None = None
        if getattr(result, "streaming", False):
            # Static files are stored compressed; whole lists are compressed while they are sent.
            if place[1] != PLAIN and "Dataset-Version" in dict(headers):
                result = CompressedStream(result, headers, place[1])
                headers = result.headers
        else:
            try:
                body = b"".join(result)
            finally:
                if hasattr(result, "close"):
                    result.close()
            if place[1] != PLAIN:
                headers, body = encoded(headers, body, place[1])
            result = [body]
        left = HTTPStatus.OK
        if status.startswith("200"):
            self._keep(place, headers, body)
            left = outcome(environ, headers)
        if left == HTTPStatus.OK and environ["REQUEST_METHOD"] == "GET":
            start_response(status, headers)
            return result  # type: ignore[no-any-return]
        if body is None:
            result.close()
        if left != HTTPStatus.OK:
            return _without(environ, start_response, left, headers)
        start_response(status, headers)
        return []

    def _find(self, token: str, place: tuple[str, str]) -> CachedResponse | None:
        with self._lock:
            if token != self._token:
                self._kept.clear()
                self._token, self.size = token, 0
            found = self._kept.get(place)
            if found:
                self._kept.move_to_end(place)
            return found

    def _keep(self, place: tuple[str, str], headers: Headers, body: bytes | None) -> None:
        given = dict(headers).get("ETag", "")
        tag, key = given.strip('"').partition("-")[0], place[0]
        with self._lock:
            # An answer may be of another release than the one that is cached.
            if tag not in (entity_tag(self._token, key), entity_tag(SOFTWARE, key)):
                return
            size = len(body or b"") + len(key) + OVERHEAD
            if place in self._kept or size > self._limit // 8:
                return
            lasting = [pair for pair in headers if pair[0] != REQUEST_ID_HEADER]
            self._kept[place] = CachedResponse(lasting, body, given)
            self.size += size
            while self.size > self._limit:
                (key, _), last = self._kept.popitem(last=False)
                self.size -= len(last.body or b"") + len(key) + OVERHEAD


def _without(
    environ: Environ, start_response: Callable[..., Any], status: HTTPStatus, headers: Headers
) -> list[bytes]:
    """Answer, in place of an answer with these headers, that a precondition stands against it."""
    body = b""
    if status == HTTPStatus.NOT_MODIFIED:
        headers = [pair for pair in headers if pair[0] in NOT_MODIFIED]
    else:
        detail = (
            "The answer is another by now: ask without If-Match and If-Unmodified-Since to read it."
        )
        refused = add_headers(lambda request: respond(request, "precondition-failed", detail))(
            WSGIRequest(environ)
        )
        headers, body = list(refused.items()), refused.content
        headers.append(("Content-Length", str(len(body))))
    start_response(f"{status} {status.phrase}", observed(environ, headers, status))
    return [body] if environ["REQUEST_METHOD"] == "GET" else []
