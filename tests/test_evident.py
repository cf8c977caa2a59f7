"""The quick way and the long one: what the quick one lets in, the long one does, as the same."""

import copy
import random

import pytest
from django.db import connection, models

from policy.release.evident import Evident
from policy.release.records import RecordValidator
from policy.release.staging import staged_models
from policy.validation import errors_of, fields_of
from tests.releases import committed

KINDS = [kind for kind in staged_models() if kind.name != "release"]
VALUES = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        32767,
        32768,
        2**31 - 1,
        2**31,
        2**63,
        2**64,
        0.5,
        1e300,
        -181.0,
    ),
    *(
        "",
        " ",
        "a",
        "A",
        "x" * 121,
        "x" * 201,
        "x" * 301,
        "PAN",
        "PA",
        "591",
        "\u0665" * 3,
        "stated",
    ),
    *("migration", "a\n", "é", "a-b", "-a", "not-a-key-" * 20, "0" * 64, "1.5", "NaN"),
    *("2025-02-01", "2025-02-30", "2025-W05-6", "20250201", "0001-01-01", "0000-01-01"),
    *("http://example.org/x", "http://", "example", {}, {"a": 1}),
    *([], [""], ["a"], ["PAN"], ["PAN", "PAN"], ["é"], [1], [None], [[]]),
]


MADE = {
    "renamings": [
        {
            "model": "policy.renaming",
            "pk": "event-former-key",
            "fields": {"kind": "event", "former": "former-key", "record": "present-key"},
        }
    ]
}
"""Records of the kinds that the committed release has none of."""


def shown(row):
    """A row, its numbers as plain ones: psycopg's own say besides how wide their column is."""
    plain = [int(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in row]
    return repr(plain)


def constrained(kind):
    """The messages of check constraints, which the database itself tells when a load is staged."""
    return {
        str(one.violation_error_message)
        for one in kind.model._meta.constraints
        if isinstance(one, models.CheckConstraint)
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_committed_records_are_evident(kind):
    evident = Evident(kind.model, connection)
    screen = RecordValidator(kind.model, connection)
    for record in committed().get(kind.name, []):
        row = evident.row(record)
        own_rules = kind.model.clean is not models.Model.clean
        assert (row is None) == own_rules
        assert own_rules or shown(row) == shown(screen.row(record))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_both_ways_agree_over_made_records(kind):
    drawn = random.Random(kind.name)
    evident = Evident(kind.model, connection)
    screen = RecordValidator(kind.model, connection)
    allowed = constrained(kind)
    base = committed().get(kind.name) or MADE[kind.name]
    names = ["pk", *fields_of(kind.model), "unknown"]
    let_in = 0
    made = [(name, value) for name in names for value in VALUES]
    made += [(None, None)] * 100
    for name, value in made:
        record = copy.deepcopy(drawn.choice(base))
        if name is None:
            gone = drawn.choice(list(record["fields"]))
            del record["fields"][gone]
        elif name == "pk":
            if not isinstance(value, str):
                continue
            record["pk"] = value
        else:
            record["fields"][name] = value
        row = evident.row(record)
        if row is None:
            continue
        let_in += 1
        errors = [message for _, message in errors_of(kind.model, record)]
        assert set(errors) <= allowed, (record, errors)
        assert shown(row) == shown(screen.row(record)), record
    assert let_in > 20 or kind.model.clean is not models.Model.clean
