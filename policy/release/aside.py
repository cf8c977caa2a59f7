"""What a first load need not keep up row by row: indexes and foreign keys, made anew at its end."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

# Nothing is taken from tables of which any is somebody else's, for it could not be given back.
POSTGRESQL = """
    WITH filled AS (
        SELECT oid FROM pg_class WHERE oid = ANY (%(tables)s::regclass[]) AND (
            SELECT bool_and(pg_has_role(relowner, 'USAGE')
                AND has_schema_privilege(relnamespace, 'CREATE'))
            FROM pg_class WHERE oid = ANY (%(tables)s::regclass[]))
    )
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
        format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
            pg_get_constraintdef(oid))
    FROM pg_constraint WHERE contype = 'f' AND conrelid IN (SELECT oid FROM filled)
    UNION ALL
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid IN (SELECT oid FROM filled)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
SQLITE = """
    SELECT printf('DROP INDEX "%%w"', name), sql FROM sqlite_master
    WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (SELECT value FROM json_each(%s))
"""


@contextmanager
def without_indexes(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> Iterator[None]:
    """Fill empty tables without their indexes and foreign keys, which are then made of all rows.

    To be used within a transaction, which undoes it all where something fails. On PostgreSQL
    nobody else can read these tables until its end.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRESQL, {"tables": list(tables)})
        else:
            cursor.execute(SQLITE, [json.dumps(tables)])
        found = cursor.fetchall()
        for take, _ in found:
            cursor.execute(take)
        yield
        for _, make in found:
            cursor.execute(make)
