"""The Django application of the domain, which owns the tables of records."""

from importlib import import_module

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """The application ``policy``."""

    name = "policy"
    verbose_name = "Foreign policy"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("policy.checks")
