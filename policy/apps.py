"""Tells Django that policy is an application."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """The one application that owns tables."""

    name = "policy"
    verbose_name = "Foreign policy"
