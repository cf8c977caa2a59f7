"""The Django application of the HTTP layer."""

from importlib import import_module

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The application ``api``."""

    name = "api"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("api.checks")
