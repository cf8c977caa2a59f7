"""Prometheus metrics of the answers, summed over all workers."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from api.serving.cache import ANSWERED_FROM, ResponseCache

ANSWERS = Counter("demarche_answers", "Answers given.", ["status", "origin"])
SECONDS = Histogram("demarche_seconds", "Seconds until an answer begins.", ["origin"])
KEPT = Gauge("demarche_kept_bytes", "Bytes of answers kept.", multiprocess_mode="livesum")


class MeasuredApplication:
    """A WSGI application that counts and times the answers of another."""

    def __init__(self, application: Callable[..., Any], cache: ResponseCache) -> None:
        """Take the application, and the cache whose size is told."""
        self._application, self._cache = application, cache

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        started = time.perf_counter()

        def start(status: str, *rest: Any) -> Any:
            origin = environ.get(ANSWERED_FROM, "application")
            ANSWERS.labels(status[:3], origin).inc()
            SECONDS.labels(origin).observe(time.perf_counter() - started)
            KEPT.set(self._cache.size)
            return start_response(status, *rest)

        return self._application(environ, start)  # type: ignore[no-any-return]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Return the metrics of all workers in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
