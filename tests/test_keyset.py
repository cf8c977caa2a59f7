"""Keyset pagination: each page is a few ranges of an index, in every ordering."""

from datetime import date

import pytest
from django.db import connection
from django.db.models import DateField, PositiveIntegerField, Q

from api.keyset import Column, index_ranges, order_columns
from policy.models import Statement
from tests.conftest import VIEWSETS, engine

SORTS = {"sqlite3": "TEMP B-TREE", "postgresql": "Sort"}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", VIEWSETS["statements"].ordering_fields)
def test_no_page_of_statements_is_sorted(db, name, backwards):
    with connection.cursor() as cursor:
        if engine() == "postgresql":
            # So few rows are sorted sooner than an index is opened.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_incremental_sort = off")
    columns = order_columns(Statement.objects.all(), VIEWSETS["statements"].ordering_fields, [name])
    read = [column.reversed() for column in columns] if backwards else columns
    dated = isinstance(columns[0].field, DateField)
    after = [date(2020, 1, 1) if dated else "a", *["b"] * (len(read) - 1)]
    for values in (None, after, [None, *after[1:]] if columns[0].field.null else after):
        for conditions, order in index_ranges(read, values):
            rows = Statement.objects.filter(*map(Q, conditions)).order_by(*order)[:50]
            plan = rows.values_list("pk").explain()
            assert SORTS[engine()] not in plan, (values, conditions, plan)


def test_a_cursor_has_no_number_that_its_column_cannot_hold():
    column = Column("start", PositiveIntegerField(null=True), descending=False)
    assert [column.read(value) for value in (None, 0, 5)] == [None, 0, 5]
    with pytest.raises(ValueError, match="-1"):
        column.read(-1)
