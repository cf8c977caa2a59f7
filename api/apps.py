"""The Django application of the HTTP layer."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register
from django.db import DEFAULT_DB_ALIAS

from policy.signals import release_loaded


class ApiConfig(AppConfig):
    """The application ``api``."""

    name = "api"

    def ready(self) -> None:
        """Register the system checks, and connect the receivers of signals."""
        register(check, "api")
        release_loaded.connect(render)


# Most commands never need the HTTP layer, so both of these import it late.


def check(**options: Any) -> list[CheckMessage]:
    """Run the system checks of the lists."""
    found: list[CheckMessage] = import_module("api.checks").check_lists(**options)
    return found


def render(*, using: str, anew: bool = False, **options: Any) -> None:
    """Render all records, if a release was loaded into the database that is served from."""
    if using == DEFAULT_DB_ALIAS:
        import_module("api.rendering.records").render_all(anew=anew)
