"""The Django application of the domain, which owns the tables of records."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PolicyConfig(AppConfig):
    """The application ``policy``."""

    name = "policy"
    verbose_name = "Foreign policy"

    def ready(self) -> None:
        """Register the system checks, have writes noted, and tables described."""
        import_module("policy.checks")
        post_migrate.connect(import_module("policy.release.state").watch_tables, sender=self)
        post_migrate.connect(import_module("policy.comments").write_comments, sender=self)
