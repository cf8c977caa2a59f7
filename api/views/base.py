"""What every view does: refuse what it does not know, read one snapshot, shape the answer."""

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import cache, partial
from http import HTTPStatus
from typing import Any

from django.db import Error
from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.database.release import ServedRelease, served, snapshot
from api.formats import transfers
from api.parameters import CodeField, Errors, ParameterField, Values, read_parameters
from api.problems import RemovedError, RenamedError, unanswered, unknown
from api.schema import StrictSchema
from api.serving.cache import label
from policy.models import Country, Renaming
from policy.models.registry import RecordKind, list_name

NEAR = 50
"""How many keys before and after one that nothing has are compared with it."""


class StrictView(APIView):
    """Refuses every parameter it does not know, and reads one snapshot of the database."""

    format_kwarg: str | None = None
    reads_database = True
    served: ServedRelease | None = None
    lasting = True
    """Whether an answer holds until another release is loaded, and so may be kept."""
    values: Values
    opened: ExitStack  # the snapshot, and the place of a long list
    schema = StrictSchema()

    @classmethod
    def formats(cls, action: str | None) -> Sequence[type[Any]]:  # noqa: ARG003
        """Return the renderers of an address, the usual one first."""
        return cls.renderer_classes

    @classmethod
    def parameters(cls, action: str | None) -> dict[str, ParameterField]:
        """Return the fields that read the parameters of an address, by their names."""
        codes = [renderer.format for renderer in cls.formats(action)]
        text = "Format of the answer; it wins over the Accept header."
        return {"format": CodeField(codes, help_text=text)}

    def get_renderers(self) -> list[Any]:
        """Return the renderers of this address."""
        return [known() for known in self.formats(getattr(self, "action", None))]

    def check_filters(self, values: Values) -> Errors:
        """Yield the errors of filters that are good alone and not together."""
        return ()

    def check_parameters(self, values: Values) -> Errors:
        """Yield the errors of other parameters that are good alone and not together."""
        return ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer from one snapshot; a database that is away is a 503, whenever it goes."""
        if not self.reads_database or request.method == "OPTIONS":
            response = super().dispatch(request, *args, **kwargs)
            return self._labelled(request, response)
        try:
            with ExitStack() as self.opened:
                self.opened.enter_context(snapshot())
                response = self._labelled(request, super().dispatch(request, *args, **kwargs))
                return transfers.held_open(response, self.opened)
        except Error as away:
            return unanswered(request, away)

    def _labelled(self, request: Any, response: Any) -> Any:
        """Add the headers of caching to a good answer."""
        if self.lasting and response.status_code == HTTPStatus.OK:
            label(request.META, response, self.served)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Read every parameter before anything is done with one.

        There are no versions, accounts or limits, which DRF would look at here.
        """
        self.values = self.read(request)
        if getattr(request, "accepted_renderer", None) is None:
            self._negotiate(request, self.values)
        if self.reads_database:
            self.served = served()

    def read(self, request: Request) -> Values:
        """Return the values of all parameters; raises InvalidParametersError."""
        query = request.META.get("QUERY_STRING", "")
        fields = parameters_of(type(self), getattr(self, "action", None))  # type: ignore[arg-type]
        return read_parameters(query, fields, partial(self.check, request))

    def check(self, request: Request, values: Values) -> Errors:
        """Yield what ``check_parameters`` does, which may depend on the format."""
        yield from self.check_filters(values)
        # Wrong parameters are told before an Accept header that nothing fits.
        with suppress(NotAcceptable):
            self._negotiate(request, values)
            yield from self.check_parameters(values)

    def _negotiate(self, request: Request, values: Values) -> None:
        self.format_kwarg = values.get("format")
        found = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = found

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Return the methods, and nothing that the schema does not tell better."""
        return Response(status=204)


@cache
def parameters_of(view: type[StrictView], action: str | None) -> dict[str, ParameterField]:
    """Return the fields of an address, which are made once."""
    return view.parameters(action)


def unknown_record(request: Any, model: Any, key: str) -> Http404:
    """Return the 404 for the key of a record that this release does not hold."""
    keys, near = model._base_manager.values_list("pk", flat=True), []
    # Two codes of countries may be alike and mean lands far apart.
    if model is not Country:
        # However many there are, those beside it in the order of keys are found by the index.
        near += keys.filter(pk__gte=key).order_by("pk")[:NEAR]
        near += keys.filter(pk__lt=key).order_by("-pk")[:NEAR]
    what, path = model._meta.verbose_name, f"/api/v1/{list_name(model)}"
    return unknown(request, what, key, path, near)


def raise_if_former(kind: RecordKind, key: str, path: str) -> None:
    """Raise RenamedError or RemovedError if a record of this kind once had this key.

    {} stands for the present key in the path to lead on to.
    """
    found = Renaming.of(kind, key)
    if found and found.record:
        raise RenamedError(key, found.record, path.format(found.record))
    if found:
        raise RemovedError(key, found.release or "", found.reason or "")
