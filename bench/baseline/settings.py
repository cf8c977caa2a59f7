"""Ordinary settings of a read-only DRF project, over the same database as ours."""

from api import settings as ours

DATABASES = ours.DATABASES
# What makes the connections of ours asks for it.
SERVING = ours.SERVING

SECRET_KEY = "nothing is signed here"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["rest_framework", "django_filters", "policy", "bench.baseline"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "bench.baseline.urls"
USE_TZ = True
TIME_ZONE = "UTC"
REST_FRAMEWORK = {
    # Without accounts neither side looks anybody up, which is kind to the baseline.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
}
