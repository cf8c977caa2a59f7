"""Prometheus metrics of the answers, summed over all workers."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)

SHARED = "PROMETHEUS_MULTIPROC_DIR"
FILES = ("counter", "histogram", "gauge_livesum")
"""The files of each worker, by the kinds of the metrics below."""
ROOM = 2**16
"""The bytes of each: what the library maps at first, and more than these metrics fill."""


def reserve(folder: Path) -> bool:
    """Take the room for this worker's files; return whether there is any.

    They are mapped, and a process that writes to a mapped page for which the file system has no
    room is killed.
    """
    paths = [folder / f"{name}_{os.getpid()}.db" for name in FILES]
    try:
        for path in paths:
            with path.open("ab") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, ROOM)
    except OSError as error:
        for path in paths:
            path.unlink(missing_ok=True)
        logger.warning("METRICS_DIR: %s: each worker tells its own metrics alone", error)
        return False
    return True


if not reserve(Path(settings.METRICS_DIR)):
    # Read when the library is imported: without it, metrics are kept in the process.
    os.environ.pop(SHARED, None)

from prometheus_client import (  # noqa: E402
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

from api.serving.cache import ANSWERED_FROM, ResponseCache  # noqa: E402

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
    registry = REGISTRY
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
