"""The releases as an Atom feed (RFC 4287), for feed readers."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from django.http import HttpRequest
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from rest_framework.renderers import BaseRenderer

from api.addresses import absolute
from policy.models import Release
from policy.models.changes import ChangeType

UNFIT = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML cannot hold."""


class _Feed(Atom1Feed):
    """A feed that was last updated at its newest entry, or when the loaded release was made."""

    def latest_post_date(self) -> datetime:
        """Return that moment; Django would take the present one for a feed without entries."""
        found: datetime = max(
            (item["updateddate"] for item in self.items), default=self.feed["loaded"]
        )
        return found


class Atom(BaseRenderer):
    """Sends a feed that is written already."""

    media_type = "application/atom+xml"
    format = "atom"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **options: Any) -> Any:
        """Return the feed, or a problem, as it is."""
        return data


def feed(request: HttpRequest, loaded: Release, releases: Iterable[Any]) -> str:
    """Return the feed of releases, the newest first.

    Its ids follow from dataset and version alone, so a reader knows an entry again under another
    address of this instance.
    """
    written = _Feed(
        title=_fit(loaded.title),
        link=absolute(request, "/api/v1/releases"),
        description="",
        language="en",
        author_name="Demarche",
        feed_url=absolute(request, "/api/v1/releases.atom"),
        feed_guid=_id(loaded.pk),
        feed_copyright=_fit(loaded.licence),
        loaded=loaded.released,
    )
    for release in releases:
        numbers = ", ".join(f"{getattr(release, one)} {one}" for one in ChangeType.values)
        records = f" Records: {numbers}." if release.previous else ""
        written.add_item(
            title=f"Release {_fit(release.pk)}",
            link=absolute(request, f"/api/v1/releases/{_fit(release.pk)}"),
            # The text of an entry is HTML.
            description=escape(_fit(release.note.strip()) + records),
            unique_id=_id(f"{loaded.pk} {release.pk}"),
            pubdate=release.released,
            updateddate=release.released,
        )
    return written.writeString("utf-8")


def _id(name: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_OID, f'demarche {name}')}"


def _fit(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return UNFIT.sub("\ufffd", text)
