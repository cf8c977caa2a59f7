"""Loading: plain migrate and loaddata, in any order, again and again, on an empty database."""

import random

import pytest
from django.core.management import call_command
from django.db import connection

from tests.conftest import FIXTURES
from tests.samples import records, sample


def snapshot():
    with connection.cursor() as cursor:
        tables = sorted(
            t
            for t in connection.introspection.table_names(cursor)
            if t.startswith("policy_") and "searchindex_" not in t and t != "machinery_statemark"
        )
        counts = {}
        for table in tables:
            cursor.execute(f"select count(*) from {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


@pytest.mark.parametrize("seed", range(3))
def test_any_order_and_again(db, seed):
    before = snapshot()
    shuffled = list(FIXTURES)
    random.Random(seed).shuffle(shuffled)
    call_command("loaddata", *shuffled, verbosity=0)
    assert snapshot() == before


def test_the_tables_read_well_in_sql(db):
    with connection.cursor() as cursor:
        cursor.execute("select title from policy_bilateralissue order by title")
        titles = [row[0] for row in cursor.fetchall()]
        assert titles == sorted(issue["title"] for issue in records("bilateral_issues"))
        speaker = sample("statements", "speaker")
        cursor.execute(f"select * from policy_statement where speaker_id = '{speaker}'")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert len(rows) == sum(r.get("speaker") == speaker for r in records("statements"))
    assert all(row["id"] and row["summary"].endswith(".") for row in rows)
