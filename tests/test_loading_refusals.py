"""What load_release refuses: told with file, record and field, and the database left as it was."""

import json
import os
import re
from contextlib import suppress
from types import SimpleNamespace

import pytest

from policy.release.loading import InvalidReleaseError, load
from tests.releases import committed, connected, contents, database, sealed, successor, write


def without_renamings(folder):
    """Return the path of a file of a release, after taking away what is there."""
    path = folder / "renamings.json"
    path.unlink(missing_ok=True)
    return path


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, django_db_blocker):
    """A database that holds another release than those that are refused, and its contents."""
    folder = tmp_path_factory.mktemp("refusals")
    with django_db_blocker.unblock(), database(folder) as url, connected(url) as connection:
        load(write(folder / "first", successor()), using="loaded")
        yield SimpleNamespace(connection=connection, before=contents(connection))


def refused(loaded, folder):
    with pytest.raises(InvalidReleaseError) as caught:
        load(folder, using="loaded")
    assert contents(loaded.connection) == loaded.before
    problems = caught.value.problems
    assert problems.total >= len(problems.lines) > 0
    return problems


def field(file, name, value, at=0):
    def change(records):
        records[file][at]["fields"][name] = value
        return f"{file}.json: {records[file][at]['pk']}: "

    return change


def record(file, name, value, at=0):
    def change(records):
        records[file][at][name] = value
        key = records[file][at]["pk"]
        return f"{file}.json: {key if isinstance(key, str) else 'record 1'}: "

    return change


def left_out(file, name):
    def change(records):
        del records[file][0]["fields"][name]
        return f"{file}.json: {records[file][0]['pk']}: "

    return change


def twice(records):
    records["trips"].append(records["trips"][0])
    return f"trips.json: {records['trips'][0]['pk']}: "


def alike(records):
    records["stops"][1]["fields"]["listed_position"] = records["stops"][0]["fields"][
        "listed_position"
    ]
    return "stops.json: "


def same_code(records):
    records["countries"][1]["fields"]["alpha2"] = records["countries"][0]["fields"]["alpha2"]
    return f"countries.json: {records['countries'][1]['pk']}: "


def of_the_release(name, value):
    def change(records):
        records["release"][0]["fields"][name] = value
        return ""

    change.late = True
    return change


COUNTS = sealed(committed())["release"][0]["fields"]["counts"]


def counts_with(name, number):
    return of_the_release("counts", {**COUNTS, name: number})


def two_releases(records):
    records["release"].append({**records["release"][0], "pk": "other"})
    return "release.json: "


CASES = {
    "unknown field": (field("trips", "titel", "x"), "titel: is not a field.*'title'"),
    "field of two lines": (field("trips", "a\n\x1b[31mb", "x"), r"a\\n\\x1b\[31mb: is not a field"),
    "missing field": (left_out("trips", "title"), "title: "),
    "missing key": (left_out("stops", "trip"), "trip: is missing"),
    "null": (field("trips", "title", None), "title: may not be null"),
    "empty text": (field("trips", "title", ""), "title: is an empty text"),
    "wrong type": (field("trips", "title", 5), "title: must be a text, not 5"),
    "overlong text": (field("trips", "title", "x" * 201), "title: .*200 characters"),
    "overlong key": (record("sources", "pk", "x" * 121), "id: .*120 characters"),
    "bad slug": (record("trips", "pk", "No slug"), "id: Write a slug"),
    "key that is a number": (record("trips", "pk", 5), "pk: must be a text, not 5"),
    "place that is a text": (record("search_entries", "pk", "1"), "pk: must be a whole number"),
    "huge place": (record("search_entries", "pk", 2**31), "pk: must be a number from"),
    "place before the first": (
        record("search_entries", "pk", 0),
        "id: .* greater than or equal to 1",
    ),
    "other model": (record("trips", "model", "policy.event"), "model: must be 'policy.trip'"),
    "no fields": (record("trips", "fields", []), "fields: must be an object"),
    "extra part": (record("trips", "natural", 1), "model, pk and fields, and nothing else"),
    "vocabulary": (field("trips", "status", "plannd"), "status: .*'planned'"),
    "huge number": (field("sources", "code_points", 2**31), "code_points: must be a number from"),
    "negative": (field("stops", "listed_position", -1), "listed_position: must be a number from"),
    "boolean number": (field("stops", "listed_position", True), "listed_position: must be a wh"),
    "bad day": (field("trips", "time_earliest", "2025-02-30"), "cannot be read: .*2025-02-30"),
    "check constraint": (field("trips", "time_latest", "2024-01-01"), "Give the earliest day"),
    "own rule": (field("events", "alternatives", ["NOTHING"]), "alternatives: "),
    "long decimal": (field("figures", "value", "0.12345"), "value: .*decimal"),
    "no decimal": (field("figures", "value", "NaN"), "cannot be read: .*NaN"),
    "NUL": (field("trips", "title", "a\x00b"), "'title': holds the character NUL"),
    "NUL in a list": (field("trips", "purposes", ["a\x00b"]), "'purposes': holds the character"),
    "half a pair": (field("trips", "title", "a\ud800b"), "'title': holds half of a surr"),
    "half in a list": (field("trips", "purposes", ["\udfff"]), "'purposes': holds half of a"),
    "half in a key": (record("trips", "pk", "a\ud800"), "'pk': holds half of a surrogate"),
    "no country": (field("checks", "countries", ["ZZZ"]), "countries: 'ZZZ' is no alpha-3 code"),
    "successor twice": (field("countries", "successors", ["PAN"] * 2), "'PAN' stands there more"),
    "no question": (field("checks", "query", "any words"), "query: Write the name of a list"),
    "list of numbers": (field("trips", "purposes", [5]), "purposes: Write a list of texts"),
    "keys that are none": (field("trips", "evidence", [5]), "evidence: must hold keys"),
    "key twice": (field("statements", "about", ["PAN", "PAN"]), "about: names 'PAN' more than"),
    "dangling": (field("stops", "country", "ZZZ"), "country: there is no record 'ZZZ'"),
    "long dangling": (field("stops", "country", "PANAMA"), "country: there is no record 'PANAMA'"),
    "dangling in a list": (field("trips", "evidence", ["no"]), "evidence: there is no record 'no'"),
    "relation to nothing": (
        field("relations", "object", "no"),
        "object: there is no statement 'no'",
    ),
    "check of nothing": (
        field("checks", "claim", "no"),
        "claim: there is no statement 'no'",
    ),
    "relation of nothing": (
        field("relations", "subject_kind", "trip"),
        "subject: there is no trip '",
    ),
    "same key": (twice, "pk: 2 records have this key"),
    "not unique": (alike, "trip, listed_position: '.*' has the same"),
    "not unique code": (same_code, "alpha2: '.*' has the same"),
    "counts": (counts_with("trips", 0), r"release.*: counts: says 0 trips, and there are \d"),
    "count as a fraction": (
        counts_with("trips", float(COUNTS["trips"])),
        "release.*: counts: must be an object with a whole number",
    ),
    "count as a truth": (counts_with("trips", True), "release.*: counts: must be an object"),
    "count of no kind": (counts_with("trip", 0), "release.*: counts: 'trip' is not a kind"),
    "moment after the last year": (
        of_the_release("released", "9999-12-31T23:59:59-14:00"),
        "release.*: released: Write a moment in",
    ),
    "agreement that is none": (
        of_the_release("coding_agreement", 0.8),
        "release.*: coding_agreement: Write what compare_coding prints",
    ),
    "agreement of one coder": (
        of_the_release(
            "coding_agreement", {"coders": 1, "compared": 9, "agreement": 1, "alpha": 1}
        ),
        "release.*: coding_agreement: Write what compare_coding prints",
    ),
    "agreement in per cent": (
        of_the_release("coding_agreement", {"coders": 2, "compared": 9, "agreement": 87.5}),
        "release.*: coding_agreement: Write what compare_coding prints",
    ),
    "moment before the first year": (
        of_the_release("released", "0001-01-01T00:00:00+14:00"),
        "release.*: released: Write a moment in",
    ),
    "moment without a zone": (
        of_the_release("released", "2025-02-03T00:00:00"),
        "release.*: released: Write a moment with",
    ),
    "counts that are none": (of_the_release("counts", [1]), "release.*: counts: must be an object"),
    "hash": (of_the_release("content_hash", "0" * 64), "release.*: content_hash: .*edited or cut"),
    "other shape": (
        of_the_release("schema_version", 999),
        "release.*: schema_version: is 999, and",
    ),
    "two releases": (two_releases, "holds 2 records"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ending", ["json", pytest.param("ndjson", marks=pytest.mark.slow)])
def test_a_record_is_refused_by_file_record_and_field(loaded, tmp_path, case, ending):
    change, expected = CASES[case]
    records = committed()
    late = getattr(change, "late", False)
    where = "" if late else change(records)
    with suppress(UnicodeEncodeError):
        sealed(records)
    if late:
        change(records)
    problems = refused(loaded, write(tmp_path / "release", records, ending))
    if ending == "ndjson":
        where = where.replace(".json", ".ndjson").replace("record 1", "line 1")
    if "\ud800" in where:
        where = where.split(":")[0]
    found = "\n".join(problems.lines)
    assert re.search(rf"{re.escape(where)}.*{expected}", found), found
    assert problems.total < 5, found


def text(name, change):
    def spoil(folder):
        path = folder / name
        path.write_bytes(change if isinstance(change, bytes) else change(path.read_bytes()))

    return spoil


def added(name, content):
    return lambda folder: (folder / name).write_bytes(content)


FILES = {
    "no JSON": (text("trips.json", lambda b: b[:-20]), "trips.json: record 1, from line 2: is not"),
    "cut list": (text("stops.json", lambda b: b.rstrip()[:-1]), "stops.json: line .*breaks off"),
    "no list": (text("trips.json", b"{}"), "trips.json: is not a JSON list"),
    "empty file": (text("trips.json", b""), "trips.json: is not a JSON list"),
    "more after the end": (text("trips.json", lambda b: b + b"[]"), "trips.json: line .*follows"),
    "trailing comma": (text("trips.json", lambda b: b.rstrip()[:-1] + b",]"), "trips.json: record"),
    "mark": (text("trips.json", lambda b: b"\xef\xbb\xbf" + b), "trips.json: begins with a byte"),
    "Latin-1": (text("trips.json", lambda b: b.replace(b"week", b"w\xe9ek", 1)),
                r"trips.json: is not UTF-8 at byte \d+"),
    "UTF-16": (text("trips.json", lambda b: b.decode().encode("utf-16")), "trips.json: is not UTF"),
    "key twice": (text("trips.json", lambda b: b.replace(b'"title":', b'"title": "x", "title":')),
                  "trips.json: .*: has the key 'title' more than once"),
    "NaN": (text("countries.json", lambda b: re.sub(rb'"longitude": [-0-9.]+', b'"longitude": NaN',
                                                    b, count=1)), "countries.json: .*holds NaN"),
    "infinite": (text("countries.json", lambda b: re.sub(rb'"longitude": [-0-9.]+',
                                                         b'"longitude": 1e999', b, count=1)),
                 "countries.json: .*holds 1e999"),
    "deep": (text("trips.json", b"[" * 100_000), "trips.json: is nested too deeply"),
    "long number": (text("trips.json", b"[" + b"9" * 5000 + b"]"), "trips.json: record 1"),
    "no record": (text("trips.json", b"[5]"), "trips.json: record 1: must be an object"),
    "unknown file": (added("trip.json", b"[]"), "trip.json: is not a file of a release; .*trips"),
    "file twice": (added("trips.ndjson", b""), "trips.ndjson: trips.json is there too"),
    "pipe": (lambda folder: os.mkfifo(without_renamings(folder)), "renamings.json: is not a file:"),
    "link to nothing": (lambda folder: without_renamings(folder).symlink_to("nothing"),
                        "renamings.json: is a link to no file: mend it or take it out"),
    "link to itself": (lambda folder: without_renamings(folder).symlink_to("renamings.json"),
                       "renamings.json: is a link to no file"),
    "name of two lines": (added("a\nb.json", b"[]"), r"^a\\nb.json: is not a file of a release"),
    "missing file": (lambda folder: (folder / "figures.json").unlink(), "release.*: counts: says"),
    "no release": (lambda folder: (folder / "release.json").unlink(), "holds no release.json"),
    "empty release": (text("release.json", b"[]"), "release.*: holds no record"),
    "moved records": (
        text("stops.json", lambda b: json.dumps(json.loads(b)[::-1]).encode()),
        "content_hash: .*edited or cut short",
    ),
}  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("case", FILES)
def test_a_file_is_refused(loaded, tmp_path, case):
    spoil, expected = FILES[case]
    folder = write(tmp_path / "release", committed())
    spoil(folder)
    found = "\n".join(refused(loaded, folder).lines)
    assert re.search(expected, found), found


LINES = {
    "no JSON": (b"{\n", "trips.ndjson: line 1: is not JSON"),
    "two in a line": (b"{} {}\n", "trips.ndjson: line 1: holds more than one record"),
    "mark": (b"\xef\xbb\xbf{}\n", "trips.ndjson: begins with a byte-order mark"),
    "Latin-1": (b'{"a": "\xe9"}\n', "trips.ndjson: is not UTF-8 at byte 7"),
    "too long": (b'"' + b"x" * (1 << 20) + b'"\n', "trips.ndjson: line 1: is longer than"),
    "no record": (b"\n\n5\n", "trips.ndjson: line 3: must be an object"),
    "key twice": (b'{"pk": 1, "pk": 1}\n', "trips.ndjson: line 1: has the key 'pk' more than once"),
    # These look like the canonical form, which is read by a shorter way.
    "canonical, key twice": (b'{"fields":{"title":1,"title":1},"model":"policy.trip","pk":"a"}\n',
                             "trips.ndjson: a: has the key 'title' more than once"),
    "canonical, NaN": (b'{"fields":{"title":NaN},"model":"policy.trip","pk":"a"}\n',
                       "trips.ndjson: a: holds NaN"),
    "canonical, infinite": (b'{"fields":{"title":1e999},"model":"policy.trip","pk":"a"}\n',
                            "trips.ndjson: a: holds 1e999"),
    "canonical, deep": (b'{"fields":{"title":' + b"[" * 100_000 + b"\n",
                        "trips.ndjson: is nested too deeply"),
    "canonical, NUL": (b'{"fields":{"title":"\\u0000"},"model":"policy.trip","pk":"a"}\n',
                       "trips.ndjson: a: 'title': holds the character NUL"),
    "canonical, and more": (b'{"fields":{},"model":"policy.trip","pk":"a"}{}\n',
                            "trips.ndjson: line 1: holds more than one record"),
}  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("case", LINES)
def test_a_line_is_refused(loaded, tmp_path, case):
    content, expected = LINES[case]
    folder = write(tmp_path / "release", committed(), "ndjson")
    (folder / "trips.ndjson").write_bytes(content)
    found = "\n".join(refused(loaded, folder).lines)
    assert re.search(expected, found), found


def test_a_missing_folder_is_refused(loaded, tmp_path):
    for name in ("nothing", "x" * 300):
        assert "is not a folder" in refused(loaded, tmp_path / name).lines[0]


def test_all_errors_come_at_once_and_their_number_is_bounded(loaded, tmp_path):
    records = committed()
    statement = records["statements"][0]
    records["trips"][0]["fields"]["title"] = ""
    records["statements"] += [
        {**statement, "pk": f"made-{number}", "fields": {**statement["fields"], "topic": "no"}}
        for number in range(1100)
    ]
    records["stops"] = [
        {**records["stops"][0], "pk": f"made-{number}",
         "fields": {**records["stops"][0]["fields"], "listed_position": number + 1, "host": "no"}}
        for number in range(1300)
    ]  # fmt: skip
    problems = refused(loaded, write(tmp_path / "release", sealed(records)))
    assert len(problems.lines) == 1000
    assert problems.total > 1100 + 1300
    assert "made-0: topic" in problems.lines[0]
