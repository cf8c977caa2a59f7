"""Signals by which the domain tells other applications what changed."""

from django.dispatch import Signal

release_loaded = Signal()
"""Sent when what is served may have changed: a release was loaded or found, or a text attached.

Receivers get ``using``, the alias of the database, and ``anew`` where nothing kept may be trusted.
They run within the transaction, just before it is committed: what they write becomes visible with
the release, and an exception of theirs undoes it all.
"""
