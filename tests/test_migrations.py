"""What migrations do to a database that holds an earlier release."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from policy.models import Voice


@pytest.mark.parametrize("before", [{}, {"country": "USA"}, {"statement__kind": "quotation"}])
def test_statements_that_were_loaded_before_get_their_voices(db, read, before):
    built = list(Voice.objects.order_by("pk").values())
    questions = ("statements?country=USA", "statements?between=USA,PAN", "dyads/PAN-USA")
    answers = [read(question) for question in questions]
    assert answers[0]["count"]
    Voice.objects.filter(statement__in=Voice.objects.filter(**before).values("statement")).delete()
    assert Voice.objects.count() < len(built)
    fill = import_module("policy.migrations.0006_voices_of_loaded_statements").fill
    fill(apps, SimpleNamespace(connection=connection))
    assert list(Voice.objects.order_by("pk").values()) == built
    assert [read(question) for question in questions] == answers
