"""The Django application of the domain, which owns the tables of records."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class PolicyConfig(AppConfig):
    """The application ``policy``."""

    name = "policy"
    verbose_name = "Foreign policy"

    def ready(self) -> None:
        """Register the system checks, have writes noted, tables described and views kept."""
        import_module("policy.checks")
        post_migrate.connect(import_module("policy.release.state").watch_tables, sender=self)
        post_migrate.connect(import_module("policy.database.comments").write_comments, sender=self)
        installation = import_module("policy.database.installation")
        pre_migrate.connect(installation.drop_views, sender=self)
        post_migrate.connect(installation.create_views, sender=self)
