"""The WSGI application that the server runs."""

import os
import sys
from threading import Thread
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "api.settings")
# A serving process cannot write; the commands that load do not import this module.
os.environ.setdefault("SERVING", "true")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402

from api.database.release import watch  # noqa: E402
from api.serving.cache import ResponseCache  # noqa: E402
from api.serving.failures import FailureLayer  # noqa: E402

# A thread that makes a long list keeps the interpreter for so many seconds at a time; with Python's
# five milliseconds, four of them make each short answer wait for tens.
sys.setswitchinterval(0.0005)
_cache = ResponseCache(_django, settings.RESPONSE_CACHE_MB * 2**20)
application: Any = FailureLayer(_cache)
Thread(target=watch.guard, name="guard", daemon=True).start()
if settings.METRICS_DIR:
    from api.serving.metrics import MeasuredApplication

    application = FailureLayer(MeasuredApplication(application, _cache))
