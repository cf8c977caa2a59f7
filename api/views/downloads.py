"""The files of releases, from the folder that the operator names in RELEASES_DIR."""

import re
from contextlib import ExitStack
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from whitenoise.middleware import WhiteNoiseFileResponse, WhiteNoiseMiddleware
from whitenoise.responders import SlicedFile, StaticFile

from api.addresses import absolute
from api.formats import transfers
from api.formats.html import Html
from api.formats.html import page as html_page
from api.parameters import Errors, Values
from api.problems import error, respond, unknown
from api.serving import turns
from api.serving.headers import LIFETIME
from api.serving.sockets import drop_stalled
from api.views.base import StrictView
from policy.export.datapackage import sha256_of
from policy.export.writing import SUMS
from policy.models import Release

VERSION = re.compile(r"\d+\.\d+\.\d+")
RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")
LASTING = "public, max-age=31536000, immutable"
LONG = 2**20
"""Files with more bytes are sent by turns, as whole lists are: slow readers hold a thread."""
MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".ndjson": "application/x-ndjson; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".sql": "application/sql; charset=utf-8",
    ".sqlite": "application/vnd.sqlite3",
}
"""Media types by the ending of a name; all other files are plain text."""


class ReleaseFile(NamedTuple):
    """A file of a release: where it is, its name in the release, its length and its SHA-256."""

    path: Path
    name: str
    bytes: int
    sha256: str


def media_type(name: str) -> str:
    """Return the media type of a file by its name, with the encoding of texts."""
    return MEDIA_TYPES.get(Path(name).suffix, "text/plain; charset=utf-8")


def versions() -> list[str]:
    """Return the versions whose files are here, the newest first."""
    folder = settings.RELEASES_DIR
    if not folder:
        return []
    found = [path.parent.name for path in Path(folder).glob(f"*/{SUMS}")]
    known = [version for version in found if VERSION.fullmatch(version)]
    return sorted(known, key=lambda version: [*map(int, version.split("."))], reverse=True)


def files(version: str) -> dict[str, ReleaseFile]:
    """Return the files of a version by their names; none where the version is not here."""
    if version not in versions():
        return {}
    sums = Path(settings.RELEASES_DIR) / version / SUMS
    return _listed(sums, sums.stat().st_mtime_ns, sums.stat().st_ino)


@lru_cache(maxsize=16)
def _listed(sums: Path, *state: int) -> dict[str, ReleaseFile]:
    lines = sums.read_text(encoding="utf-8").splitlines()
    found = {}
    # What the sums are checked by is downloaded too; it has no line about itself.
    for line in (*lines, f"{sha256_of(sums)}  {SUMS}"):
        digest, _, name = line.partition("  ")
        path = sums.parent / name
        if path.is_file():
            found[name] = ReleaseFile(path, name, path.stat().st_size, digest)
    return found


def address(request: HttpRequest, version: str, name: str = "") -> str:
    """Return the full URL of a file, or of the list of all files of a version."""
    return absolute(request, "/".join(filter(None, ["/releases", version, name])))


def described(request: HttpRequest, version: str) -> list[dict[str, Any]]:
    """Return name, address, media type, length and SHA-256 of each file of a version."""
    return [
        {
            "name": file.name,
            "url": address(request, version, file.name),
            "media_type": media_type(file.name).partition(";")[0],
            "bytes": file.bytes,
            "sha256": file.sha256,
        }
        for file in files(version).values()
    ]


def distribution(request: HttpRequest, release: Release) -> list[dict[str, Any]]:
    """Return the files that hold a whole release, as schema.org has them.

    They depend on no file, so that an answer with them holds as long as the release does.
    """
    if not settings.RELEASES_DIR:
        return []
    name = f"{release.pk}-{release.version}"
    return [
        {
            "contentUrl": address(request, release.version, file),
            "encodingFormat": media_type(file).partition(";")[0],
        }
        for file in ("datapackage.json", f"{name}.sqlite", f"{name}.sql")
    ]


class ReleaseFilesView(StrictView):
    """The versions whose files are here, the files of one, or a file."""

    reads_database = False
    lasting = False

    renderer_classes = (JSONRenderer, Html)

    def check_parameters(self, values: Values) -> Errors:
        """Yield an error for a format of a file, which has one form."""
        if "name" in self.kwargs:
            yield from (error(name, "A file has one form: leave it out.") for name in values)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Take any Accept header for a file: it is what it is."""
        if "name" in self.kwargs:
            return JSONRenderer(), JSONRenderer.media_type
        return super().perform_content_negotiation(request, force)

    @extend_schema(exclude=True)
    def get(self, request: Request, version: str = "", name: str = "") -> HttpResponseBase:
        """Return a list of what is here, or a file, whole or the range that is asked for."""
        django: HttpRequest = request._request
        if not version:
            here = [{"version": one, "url": address(django, one)} for one in versions()]
            return self._listed(request, "Files of releases", {"releases": here})
        found = files(version)
        if not found:
            raise unknown(django, "release with files here", version, "/releases", versions())
        if not name:
            listed = {"version": version, "files": described(django, version)}
            return self._listed(request, f"Files of release {version}", listed)
        if name not in found:
            raise unknown(django, f"file of release {version}", name, f"/releases/{version}", found)
        return _sent(django, found[name])

    def _listed(self, request: Request, title: str, listed: dict[str, Any]) -> HttpResponseBase:
        if isinstance(request.accepted_renderer, Html):
            return html_page(request._request, "files", {"title": title, **listed})
        return Response(listed)


def _sent(request: HttpRequest, file: ReleaseFile) -> HttpResponseBase:
    """Return a file or a range of it; a long one takes a place as whole lists do."""
    tag = f'"{file.sha256}"'
    # Only a public address promises one content for a version: on a machine at hand a join with
    # other sources follows the release whose version it has.
    lifetime = LASTING if settings.PUBLIC_URL else LIFETIME.format(settings.CACHE_MAX_AGE)
    headers = {"Content-Type": media_type(file.name), "ETag": tag, "Cache-Control": lifetime}
    static = StaticFile(str(file.path), [*headers.items(), ("Accept-Ranges", "bytes")])
    # All files of a release have its date, so only the tag tells whether one is another.
    static.last_modified = None
    meta = {name: value for name, value in request.META.items() if name != "HTTP_RANGE"}
    asked = request.META.get("HTTP_RANGE", "") if meta.get("HTTP_IF_RANGE", tag) == tag else ""
    part = _range(asked, file.bytes)
    if part and part[0] >= part[1]:
        detail = f"The file has {file.bytes} bytes: ask for a range within them."
        told = {"Content-Range": f"bytes */{file.bytes}"}
        return respond(request, "range-not-satisfiable", detail, told)
    with ExitStack() as held:
        if request.method == "GET" and file.bytes > LONG:
            held.enter_context(turns.long_list())
            drop_stalled(int(request.META["SERVER_PORT"]))
        # Of a file that is sent in part, the headers of the whole are asked for.
        whole = SimpleNamespace(method="HEAD" if part else request.method, META=meta)
        response: HttpResponseBase = WhiteNoiseMiddleware.serve(static, whole)
        del response.headers["Last-Modified"]
        if part and response.status_code == HTTPStatus.OK:
            response = _sliced(response, file, *part, empty=request.method == "HEAD")
        return transfers.held_open(response, held)  # type: ignore[no-any-return]


def _range(asked: str, size: int) -> tuple[int, int] | None:
    """Return where the range of a Range header begins and ends, None for no single range.

    It cannot be satisfied if it does not begin before its end. WhiteNoise takes one byte for none.
    """
    found = RANGE.fullmatch(asked.strip())
    if not found:
        return None
    first, last = found[1], found[2] or found[3]
    if not first:
        return max(size - int(last), 0), size if int(last) else 0
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _sliced(
    whole: HttpResponseBase, file: ReleaseFile, start: int, end: int, *, empty: bool
) -> HttpResponseBase:
    """Return the part of a file from one byte to before another, with the headers of the whole."""
    content = () if empty else SlicedFile(file.path.open("rb"), start, end - 1)
    part: HttpResponseBase = WhiteNoiseFileResponse(content, status=HTTPStatus.PARTIAL_CONTENT)
    del part.headers["Content-Type"]
    for name, value in whole.items():
        part.headers[name] = value
    part.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.bytes}"
    part.headers["Content-Length"] = str(end - start)
    return part
