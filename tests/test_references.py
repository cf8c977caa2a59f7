"""Foreign keys of an operator's own tables outlive a load, or stop it before anything is lost."""

import copy
from contextlib import contextmanager

import pytest

from policy.release.loading import load
from policy.release.references import ReferencedError
from tests.releases import committed, connected, database, sealed, write

RULES = ["", "ON DELETE RESTRICT", "ON DELETE CASCADE", "ON DELETE SET NULL"]


@contextmanager
def owned(folder, table, rule=""):
    """Load the committed release, with a table of somebody else that leads to one of ours."""
    with database(folder, "owned", filled=True) as url, connected(url) as connection:
        cursor = connection.cursor()
        key = f"leads_to varchar(200) REFERENCES {table} (id) {rule}"
        cursor.execute(f"CREATE TABLE own_notes (note text, {key})")
        connection.commit()
        yield connection


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker):
    """Let a test use databases of its own."""
    with django_db_blocker.unblock():
        yield


def released(folder, records, version="3.0.0"):
    records["release"][0]["fields"]["version"] = version
    return write(folder / version, sealed(records))


def notes(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT note, leads_to FROM own_notes ORDER BY 1")
        return cursor.fetchall()


def note(connection, key):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO own_notes VALUES ('mine', %s)", [key])
    connection.commit()


@pytest.mark.parametrize(
    "rule", ["", "ON DELETE RESTRICT", "ON DELETE CASCADE", "ON DELETE SET NULL"]
)
def test_a_corrected_record_keeps_what_leads_to_it(tmp_path, rule):
    records = committed()
    corrected = records["statements"][0]
    with owned(tmp_path, "policy_statement", rule=rule) as connection:
        note(connection, corrected["pk"])
        corrected["fields"]["summary"] = "Corrected."
        outcome = load(released(tmp_path, records), using=connection.alias)
        assert "statements" in {change.kind for change in outcome.changes}
        assert notes(connection) == [("mine", corrected["pk"])]
        with connection.cursor() as cursor:
            cursor.execute("SELECT summary FROM policy_statement WHERE id = %s", [corrected["pk"]])
            assert cursor.fetchone() == ("Corrected.",)


def free_gap(records):
    """Return a gap that no relation leads to."""
    relations = {r["fields"]["subject"] for r in records["relations"]}
    return next(gap for gap in records["gaps"] if gap["pk"] not in relations)


def without_a_gap():
    """Return the committed release without one of its gaps, and the key of that."""
    records = committed()
    gone = free_gap(records)["pk"]
    for name in ("gaps", "search_entries"):
        records[name] = [
            record for record in records[name]
            if gone not in (record["pk"], record["fields"].get("record"))
        ]  # fmt: skip
    for number, entry in enumerate(records["search_entries"], 1):
        entry["pk"] = number
    return records, gone


def test_what_a_release_removes_stops_it_where_somebody_leads_there(tmp_path):
    records, gone = without_a_gap()
    with owned(tmp_path, "policy_gap") as connection:
        note(connection, gone)
        with pytest.raises(ReferencedError, match=r"own_notes.*leads_to.*policy_gap") as refused:
            load(released(tmp_path, records), using=connection.alias)
        assert gone in str(refused.value)
        assert notes(connection) == [("mine", gone)]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM policy_gap WHERE id = %s", [gone])
            assert cursor.fetchone() == (1,)


def test_a_table_of_any_name_is_found_however_it_spells_ours(tmp_path):
    """SQLite takes a name in any case, and keeps it as it was written."""
    records, key = swapped()
    with owned(tmp_path, "Policy_Stop", rule="ON DELETE CASCADE") as connection:
        with connection.cursor() as cursor:
            cursor.execute('ALTER TABLE own_notes RENAME TO "own ""x"" Notes"')
            cursor.execute('INSERT INTO "own ""x"" Notes" VALUES (\'mine\', %s)', [key])
        connection.commit()
        with pytest.raises(ReferencedError, match=r'"own ""x"" Notes".*leads_to.*policy_stop'):
            load(released(tmp_path, records), using=connection.alias)


@pytest.mark.parametrize(
    ("rule", "left"), [("ON DELETE CASCADE", []), ("ON DELETE SET NULL", [("mine", None)])]
)
def test_what_a_release_removes_goes_as_the_key_says(tmp_path, rule, left):
    records, gone = without_a_gap()
    with owned(tmp_path, "policy_gap", rule=rule) as connection:
        note(connection, gone)
        load(released(tmp_path, records), using=connection.alias)
        assert notes(connection) == left


@pytest.mark.parametrize("rule", RULES)
def test_a_record_that_gets_another_key_stops_a_load_where_somebody_leads_there(tmp_path, rule):
    """It lives on, so the row that leads to it is not to go or to be emptied."""
    records = committed()
    search, gap = records["search_entries"], free_gap(records)
    former, gap["pk"] = gap["pk"], "the-same-by-another-name"
    for entry in search:
        if entry["fields"]["record"] == former:
            entry["fields"]["record"] = gap["pk"]
    fields = {"kind": "gap", "former": former, "record": gap["pk"]}
    renaming = {"model": "policy.renaming", "pk": f"gap-{former}", "fields": fields}
    records["renamings"] = [*records.get("renamings", []), renaming]
    with owned(tmp_path, "policy_gap", rule=rule) as connection:
        note(connection, former)
        with pytest.raises(ReferencedError, match=r"own_notes.*renames") as refused:
            load(released(tmp_path, records), using=connection.alias)
        assert former in str(refused.value)
        assert notes(connection) == [("mine", former)]


def swapped():
    """Return the committed release with two stops in exchanged places, and the key of one."""
    records = copy.deepcopy(committed())
    first, second = (stop["fields"] for stop in records["stops"][:2])
    first["listed_position"], second["listed_position"] = (
        second["listed_position"],
        first["listed_position"],
    )
    return records, records["stops"][0]["pk"]


@pytest.mark.parametrize("rule", ["", "ON DELETE CASCADE"])
def test_records_that_exchange_unique_values_stop_a_load_where_somebody_leads_there(tmp_path, rule):
    records, key = swapped()
    with owned(tmp_path, "policy_stop", rule=rule) as connection:
        load(released(tmp_path, records), using=connection.alias)
        load(released(tmp_path, committed(), "4.0.0"), using=connection.alias)
        note(connection, key)
        with pytest.raises(ReferencedError, match="makes anew"):
            load(released(tmp_path, records, "5.0.0"), using=connection.alias)
        assert notes(connection) == [("mine", key)]
