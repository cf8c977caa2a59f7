"""The tables as who loads them sees them: codes with their meanings, and views for people."""

import pytest
from django.db import connection

from policy.models import Code

pytestmark = pytest.mark.django_db


def test_the_table_of_codes_holds_the_codebook(client):
    told = client.get("/api/v1/codebook").json()
    codes = {(code.vocabulary, code.event_type, code.code): code for code in Code.objects.all()}
    expected = {
        (vocabulary["name"], None, code["code"]): (code["label"], code["definition"])
        for vocabulary in told["vocabularies"]
        for code in vocabulary["codes"]
    }
    for event_type in told["plover"]:
        code = codes["event_type", None, event_type["code"]]
        assert (code.quad, code.score) == (event_type["quad"], event_type["score"])
        for mode in event_type["modes"]:
            key = ("mode", event_type["code"], mode["code"])
            expected[key] = (mode["label"], mode["definition"])
            assert (codes[key].quad, codes[key].score) == (event_type["quad"], mode["score"])
    assert {key: (code.label, code.definition) for key, code in codes.items()} == expected


def test_codes_of_plover_name_the_manual():
    for code in Code.objects.all():
        of_plover = code.vocabulary in {"event_type", "mode", "quad", "sector", "context"}
        assert not of_plover or "PLOVER" in code.source
        assert (code.score is not None) == (code.vocabulary in {"event_type", "mode"})


def test_every_code_that_a_record_has_is_in_the_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM policy_event AS e WHERE event_type IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM policy_code AS c WHERE c.vocabulary = 'event_type' "
            "AND c.code = e.event_type)"
        )
        assert cursor.fetchone() == (0,)
