"""The reconciliation service: its manifest, and answers to batches of queries."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from api.addresses import absolute
from api.parameters import Errors, ParameterField, Values, read_parameters
from api.problems import InvalidParametersError, MediaTypeError, UnavailableError
from api.queries import MOST_QUERIES, TYPES, BatchField, read
from api.schema import FORM, ReconciliationSchema
from api.serializers.reconciliation import ManifestSerializer
from api.serving import turns
from api.serving.request_bodies import MOST, body_of
from api.views.base import StrictView
from policy.models.registry import RecordKind
from policy.reconciliation.matching import Candidate, Matcher, Query
from policy.reconciliation.names import titles
from policy.reconciliation.reasons import described, features, reason
from policy.search.live import StaleIndexError

LISTS = {kind: name for name, kind in TYPES.items()}
BATCH = BatchField(
    help_text="A batch of queries as a JSON object: each has a key and query, type, limit, "
    "properties and type_strict, or some of them. Without it the manifest is returned."
)
IN_BODY = "Send the batch in the body, as a form, or ask with GET."
SINGLE = 'A single query is a batch of one: write queries={"q0": {"query": "Marco Rubio"}}.'


def form_of(environ: Mapping[str, Any]) -> bytes:
    """Return the form in the body of a request; raises APIException for one that is not read."""
    media_type, _, rest = environ.get("CONTENT_TYPE", "").lower().partition(";")
    charset = rest.strip().removeprefix("charset=").strip('"')
    plain = environ.get("HTTP_CONTENT_ENCODING", "identity") == "identity"
    if media_type.strip() != FORM or charset not in ("", "utf-8") or not plain:
        detail = f"The body is not {FORM} in UTF-8: send the batch as a form, in queries."
        raise MediaTypeError(detail)
    return body_of(environ)


class ReconciliationView(StrictView):
    """Which records the names in somebody else's table may mean, with reasons."""

    schema = ReconciliationSchema()
    queries: dict[str, Query]
    body: bytes | APIException = b""
    """The body of a POST, or why it was not read."""

    @classmethod
    def parameters(cls, action: str | None) -> dict[str, ParameterField]:
        """Add the batch."""
        return {"queries": BATCH, **super().parameters(action)}

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Read the body first: no snapshot is to be held open for a client that is slow."""
        if request.method == "POST":
            try:
                self.body = form_of(request.META)
            except APIException as refused:
                self.body = refused
        return super().dispatch(request, *args, **kwargs)

    def read(self, request: Request) -> Values:
        """Return the parameters, of the form where there is one; raises InvalidParametersError."""
        self.queries = {}
        try:
            if request.method != "POST":
                return super().read(request)
            return {**self._read_address(request), **self._read_form()}
        except InvalidParametersError as refused:
            for entry in refused.errors:
                if entry["parameter"] == "query":
                    entry["detail"] = SINGLE
            raise

    def _read_address(self, request: Request) -> Values:
        """Return what stands in the address of a batch that is posted."""
        try:
            query = request.META.get("QUERY_STRING", "")
            return read_parameters(query, super().parameters(None))
        except InvalidParametersError as refused:
            for entry in refused.errors:
                if entry["parameter"] == "queries":
                    entry["detail"] = IN_BODY
            raise

    def _read_form(self) -> Values:
        """Return what the body of a request holds."""
        if isinstance(self.body, APIException):
            raise self.body
        batch = BATCH.described(str(BATCH.help_text))
        batch.required = True
        batch.error_messages = {"required": f"Send the batch as a form: {SINGLE}"}
        text = self.body.decode("latin-1")
        return read_parameters(text, {"queries": batch}, self.check_filters, MOST)

    def check_filters(self, values: Values) -> Errors:
        """Yield what is wrong with each query of the batch."""
        yield from read(values.get("queries", {}), self.queries)

    @extend_schema(operation_id="reconcile_retrieve", responses=ManifestSerializer)
    def get(self, request: Request) -> Response:
        """Get the manifest, or answer queries.

        Without `queries` it tells what the service is. With a batch of queries it answers as POST
        does; a long batch fits into a body only.
        """
        if "queries" in self.values:
            return self._answer()
        base = absolute(request._request, "")
        return Response(
            {
                "versions": ["0.2"],
                "name": "Demarche",
                "identifierSpace": f"{base}/api/v1/",
                "schemaSpace": f"{base}/guide#reconciliation",
                "documentation": f"{base}/guide#reconciliation",
                "serviceVersion": settings.SPECTACULAR_SETTINGS["VERSION"],
                "defaultTypes": [_type(kind) for kind in TYPES.values()],
                "view": {"url": f"{base}/api/v1/{{{{id}}}}"},
                "batchSize": MOST_QUERIES,
            }
        )

    @extend_schema(operation_id="reconcile_create", responses=ManifestSerializer)
    def post(self, request: Request) -> Response:
        """Answer a batch of queries.

        OpenRefine sends them so. Each candidate tells why it fits; `match` is true where one record
        fits exactly and no other does.
        """
        return self._answer()

    def _answer(self) -> Response:
        with turns.list_of(("q",)):
            matcher = Matcher()
            try:
                found = {key: matcher.candidates(one) for key, one in self.queries.items()}
            except StaleIndexError as stale:
                raise UnavailableError(
                    "The tables were written to by something other than load_release, and are too "
                    "large to be searched: the operator has to run manage.py load_release."
                ) from stale
            words = _Words([one for candidates in found.values() for one in candidates])
        return Response(
            {
                key: {"result": [words.written(self.queries[key], one) for one in candidates]}
                for key, candidates in found.items()
            }
        )

    def _labelled(self, request: Any, response: Any) -> Any:
        """Leave the answer to POST without what a cache would need."""
        if request.method != "POST":
            return super()._labelled(request, response)
        if response.status_code == HTTPStatus.OK and self.served:
            response["Dataset-Version"] = self.served.release.version
        return response


def _type(kind: RecordKind) -> dict[str, str]:
    return {"id": LISTS[kind], "name": kind.label}


class _Words:
    """What the candidates of a whole batch are called, and what tells them from namesakes."""

    def __init__(self, candidates: list[Candidate]) -> None:
        self._titles: dict[tuple[str, str], str] = {}
        self._told: dict[tuple[str, str], str] = {}
        for kind in LISTS:
            keys = sorted({one.fit.key for one in candidates if one.fit.kind == kind})
            if keys:
                self._titles |= {(kind, key): text for key, text in titles(kind, keys).items()}
                self._told |= {(kind, key): text for key, text in described(kind, keys).items()}

    def written(self, query: Query, candidate: Candidate) -> dict[str, Any]:
        """Return a candidate as the protocol has it."""
        kind, key = candidate.fit.kind, candidate.fit.key
        told = self._told.get((kind, key))
        description = " ".join(filter(None, [reason(query, candidate), told and f"{told}."]))
        return {
            "id": f"{LISTS[kind]}/{key}",
            "name": self._titles[kind, key],
            "description": description,
            "type": [_type(kind)],
            "score": candidate.score,
            "match": candidate.match,
            "features": [one._asdict() for one in features(query, candidate)],
        }
