"""The state of the tables: what the database itself notes whenever one of them is written to."""

from contextvars import ContextVar
from typing import Any, ClassVar

from django.db import models

from policy.models.base import OPTIONAL, sha256_field


class StateMark(models.Model):
    """A mark of what the tables hold; all marks together differ whenever the tables may.

    A load leaves one mark, with a digest. Triggers (``policy/release/state.py``) replace it at
    each later write on SQLite, and add one for each later transaction on PostgreSQL.
    """

    mark = models.BigIntegerField(primary_key=True, help_text="A random number, never used again.")
    digest = sha256_field(
        "SHA-256 of the release and of the attached texts; null if something else was written.",
        **OPTIONAL,
    )

    class Meta:
        db_table = "machinery_statemark"
        ordering: ClassVar = ["mark"]


live: ContextVar[Any] = ContextVar("live", default=None)
"""What to search (``policy/search/live.py``) where the tables are not as a load left them.

None where they are, so that the records derived by the build hold: concerns and search entries.
"""
