"""Every setting; the only reader of the environment."""

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from api.code_samples import LOCAL
from api.database import connections

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent


def _listed(name: str, default: str = "") -> list[str]:
    """Return the values of a list without the blanks around each, and without empty ones.

    Raises ImproperlyConfigured where blanks separate what commas should.
    """
    values = [value.strip() for value in env.str(name, default=default).split(",")]
    if any(len(value.split()) > 1 for value in values):
        raise ImproperlyConfigured(f"{name} has a blank within a value: write commas between them.")
    return [value for value in values if value]


DEBUG = False
# A serving process has read-only connections; api/wsgi.py sets this, commands do not.
SERVING = env.bool("SERVING", default=False)
THREADS = env.int("THREADS", default=16, validate=validate.Range(min=1))
_url = env.str("DATABASE_URL", default=f"sqlite:///{quote(str(BASE_DIR))}/demarche.sqlite3")
_database = connections.snapshots(connections.database_at("DATABASE_URL", _url))
DATABASES = {"default": connections.serving(_database, THREADS) if SERVING else _database}
# Commands write, so they do not use replicas.
_replicas = _listed("DATABASE_REPLICA_URLS") if SERVING else []
for _number, _url in enumerate(_replicas):
    _replica = connections.snapshots(connections.database_at("DATABASE_REPLICA_URLS", _url))
    if not _replica["ENGINE"] == _database["ENGINE"] == "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_REPLICA_URLS needs PostgreSQL: write postgres:// addresses, and one in "
            "DATABASE_URL, or leave it out."
        )
    DATABASES[f"replica_{_number}"] = connections.serving(_replica, THREADS)
DATABASE_ROUTERS = ["api.database.replicas.Router"] if _replicas else []
# Whether rendered records and pages like one before skip REST framework; the answers are the same.
RECIPES = True
ALLOWED_HOSTS = _listed("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
# Behind a proxy the address of a request differs from the one that clients use; it takes off the
# path of PUBLIC_URL.
PUBLIC_URL = env.str(
    "PUBLIC_URL",
    default="",
    validate=validate.Regexp(
        r"(https?://[^\s/?#]+[^\s?#%]*)?\Z",
        error="Begin it with https:// or http://, and leave out %, and what begins with ? or #.",
    ),
).rstrip("/")
_PREFIX = urlsplit(PUBLIC_URL).path
FORCE_SCRIPT_NAME = _PREFIX or None
# Seconds until browsers and proxies show a new release; this server shows it at once.
CACHE_MAX_AGE = env.int("CACHE_MAX_AGE", default=60, validate=validate.Range(min=0))
RESPONSE_CACHE_MB = env.int("RESPONSE_CACHE_MB", default=32, validate=validate.Range(min=0))
# Folder of the files that export_release writes; without it there are none at /releases.
RELEASES_DIR = env.str("RELEASES_DIR", default="")
# Shared folder of the workers' metrics; without it there is no /metrics. Commands have none to add.
METRICS_DIR = env.str("METRICS_DIR", default="") if SERVING else ""
if METRICS_DIR:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR
LOG_FORMAT = env.str("LOG_FORMAT", default="line", validate=validate.OneOf(["line", "json"]))
# INFO includes the access log; WARNING leaves it to a proxy.
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO", validate=validate.OneOf(["INFO", "WARNING"]))

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "drf_spectacular",
    "policy",
    "api",
]
MIDDLEWARE = [
    "api.serving.middleware.add_headers",
    "api.serving.middleware.observe",
    "api.serving.middleware.require_read",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
ROOT_URLCONF = "api.urls"
WSGI_APPLICATION = "api.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = f"{_PREFIX}/static/"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# Checks of `check --deploy`, which `make lint` runs, that do not apply to this service.
SILENCED_SYSTEM_CHECKS = [
    "security.W001",  # api.serving.headers sets the headers of SecurityMiddleware
    "security.W002",  # api.serving.headers sets X-Frame-Options
    "security.W003",  # CSRF needs a session: there are no sessions, cookies or forms
    "security.W009",  # nothing is signed, so SECRET_KEY is empty and any use of it is an error
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.Negotiation",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.exception_handler",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Demarche",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "Foreign-policy facts as an API, each traced to the sentence it rests on. Every list is "
        "filtered, ordered and paged alike; a parameter that is not known, or a code that is in no "
        "vocabulary, is refused with the nearest match. Write the values of a list with commas, or "
        "repeat its parameter for each. What a source does not say is served too, as gaps and as "
        "sides whose position is not stated. A query may be 16,384 characters long.\n\n"
        "Most filters that take a list have an opposite, `exclude_` before their name, that leaves "
        "out what they find: `exclude_topic=migration`. These come last in each list."
    ),
    "EXTERNAL_DOCS": {"url": f"{LOCAL}/guide", "description": "The guide."},
    "CONTACT": {"name": "The Demarche maintainers"},
    "LICENSE": {"name": "MIT (code); CC BY 4.0 (dataset)", "url": f"{LOCAL}/guide#citing"},
    "SERVERS": [{"url": LOCAL, "description": "This instance"}],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "AUTHENTICATION_WHITELIST": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "api.schema.share_vocabularies",
        "api.schema.put_in_order",
        "api.schema.introduce",
        "api.schema.add_examples",
    ],
}

_LINE = "%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "api.serving.middleware.RequestIdFilter"},
        "sparing": {"()": "api.serving.logs.RepeatedWarningFilter"},
    },
    "formatters": {
        "line": {"class": "api.serving.logs.LineFormatter", "format": _LINE},
        "json": {"()": "pythonjsonlogger.json.JsonFormatter", "format": _LINE},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "sparing"],
            "formatter": LOG_FORMAT,
        }
    },
    "loggers": {
        "api": {"handlers": ["console"], "level": LOG_LEVEL},
        # Why the pool has no connection; the exception says only that it has none.
        "psycopg.pool": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Refused requests are in the access log; only bugs need a traceback.
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.security": {"handlers": ["console"], "level": "CRITICAL", "propagate": False},
    },
}
