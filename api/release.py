"""Which release of the dataset is being served."""

from http import HTTPStatus

from rest_framework.exceptions import APIException

from policy.models import Release


class NoReleaseError(APIException):
    """The database is there but holds no release."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = (
        "No release is loaded: the operator has to run manage.py migrate and then load_release."
    )


def current() -> Release:
    """Give the release that is loaded; raises NoReleaseError."""
    release = Release.objects.first()
    if release is None:
        raise NoReleaseError
    return release
