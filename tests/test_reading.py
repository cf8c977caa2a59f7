"""Reading a release: the same records however the file is cut, and one verdict on each."""

import copy
import json
import random
import tracemalloc

import pytest
from django.db import connection, models

from policy.models import Country, PublishedRelease, Release
from policy.release import files as reading
from policy.release.contents import canonical
from policy.release.files import UnreadableError, files_of, records_in
from policy.release.records import DecodedRecord, InvalidRecordError, RecordValidator
from policy.release.tables import staged_models
from policy.validation import fields_of
from tests.conftest import some
from tests.releases import committed

RECORDS = [
    {"pk": "a", "text": 'brackets ] } , and "quotes" \\'},
    {"pk": "é", "text": "日本 \U0001f5fa \u2028"},
    [1, [2, {"x": -1.5e3}], None, True],
    "a text alone",
    12345,
    {},
]


def read(path):
    sizes = []
    found = list(records_in(path, sizes.append))
    assert sum(sizes) == path.stat().st_size
    assert not any(one.errors for one in found)
    return [one.value for one in found]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 1 << 16])
@pytest.mark.parametrize("layout", [{}, {"indent": 1}, {"separators": (",", ":")}])
@pytest.mark.parametrize("ascii_alone", [True, False])
def test_a_list_is_read_alike_however_it_is_cut(tmp_path, monkeypatch, size, layout, ascii_alone):
    monkeypatch.setattr(reading, "CHUNK", size)
    path = tmp_path / "trips.json"
    for number in range(len(RECORDS) + 1):
        text = json.dumps(RECORDS[:number], ensure_ascii=ascii_alone, **layout)
        path.write_bytes(f" \n{text}\r\n".encode())
        assert read(path) == RECORDS[:number]


@pytest.mark.parametrize("end", ["\n", ""])
def test_lines_are_read(tmp_path, end):
    path = tmp_path / "trips.ndjson"
    text = "\n\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS)
    path.write_bytes((text + end).encode())
    assert read(path) == RECORDS


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_list_that_is_cut_short_is_refused_wherever(tmp_path, monkeypatch, cut):
    monkeypatch.setattr(reading, "CHUNK", 4)
    path = tmp_path / "trips.json"
    path.write_bytes(json.dumps(RECORDS, ensure_ascii=False).encode()[:-cut])
    with pytest.raises(UnreadableError):
        list(records_in(path, len(RECORDS).__add__))


def test_a_record_too_long_is_refused_before_it_is_read_whole(tmp_path):
    path = tmp_path / "trips.json"
    path.write_text('["' + "x" * (8 << 20) + '"]')
    sizes = []
    with pytest.raises(UnreadableError, match="record 1"):
        list(records_in(path, sizes.append))
    assert sum(sizes) < 4 << 20


@pytest.mark.parametrize("ending", ["json", "ndjson"])
def test_memory_does_not_grow_with_the_file(tmp_path, ending):
    record = json.dumps({"pk": "a", "fields": {"text": "word " * 100}})
    path = tmp_path / f"trips.{ending}"
    many = [record] * 20_000
    path.write_text(f"[{','.join(many)}]" if ending == "json" else "\n".join(many))
    del many
    assert path.stat().st_size > 10 << 20
    tracemalloc.start()
    number = sum(1 for _ in records_in(path, len(RECORDS).__add__))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == 20_000
    assert peak < 2 << 20


def test_the_files_of_a_release_are_in_order(tmp_path):
    for name in ("trips.json", "countries.ndjson", "release.json", "LICENSE"):
        (tmp_path / name).write_text("[]")
    files, errors = files_of(tmp_path)
    assert errors == []
    assert list(files) == ["countries", "release", "trips"]


VALUES = [
    None, True, False, 0, 1, -1, 32767, 32768, 2**31 - 1, 2**31, 2**63, 2**64, 0.5, 1e-5, 1e300,
    -181.0, "", " ", "a", "A", "x" * 121, "x" * 201, "x" * 301, "PAN", "PA", "591", "\u0665" * 3,
    "stated", "migration", "a\n", "é", "a-b", "-a", "not-a-key-" * 20, "0" * 64, "1.5", "NaN",
    "2025-02-01", "2025-02-30", "2025-W05-6", "20250201", "0001-01-01", "0000-01-01", "a\x00b",
    "\ud800", "\\u0000", "http://example.org/x", "http://", "example", {}, {"a": 1}, [], [""],
    ["a"], ["PAN"], ["PAN", "PAN"], ["é"], [1], [None], [[]],
]  # fmt: skip
MADE = {"kind": "event", "former": "former-key", "record": "present-key"}
RENAMING = {"model": "policy.renaming", "pk": "event-former-key", "fields": MADE}


class PlainValidator(RecordValidator):
    """Leaves every record to Django."""

    def accept(self, line):
        return None


def verdict(validator, record):
    """What a validator makes of a record, but for check constraints, which the database tells."""
    try:
        valid = validator.check(DecodedRecord("record 1", record, []))
    except InvalidRecordError as error:
        constraints = validator.model._meta.constraints
        told = {
            f": {one.violation_error_message}"
            for one in constraints
            if isinstance(one, models.CheckConstraint)
        }
        return [line for line in error.lines if line[line.index(": ") :] not in told]
    # psycopg's own numbers say besides how wide their column is.
    row = [int(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in valid.row]
    return valid.line, valid.key, repr(row), [list(keys) for keys in valid.links]


def changed(kind):
    """Records of a kind, each with one field that is changed or left out."""
    drawn = random.Random(kind.name)
    base = committed().get(kind.name, [RENAMING])
    names = ["pk", *fields_of(kind.model), "unknown"]
    for name, value in [(name, value) for name in names for value in VALUES] + [("", "")] * 100:
        record = copy.deepcopy(drawn.choice(base))
        if name == "pk":
            record["pk"] = value
        elif name:
            record["fields"][name] = value
        else:
            del record["fields"][drawn.choice(list(record["fields"]))]
        yield record


@pytest.mark.filterwarnings("ignore:DateTimeField")  # a day in place of a time has no zone
@pytest.mark.parametrize("kind", staged_models(), ids=lambda kind: kind.name)
def test_django_agrees_with_what_is_accepted(kind):
    quick = RecordValidator(kind.model, connection)
    plain = PlainValidator(kind.model, connection)
    moments = kind.model in (Release, PublishedRelease)
    own_rules = moments or kind.model.clean is not models.Model.clean
    for record in committed().get(kind.name, [RENAMING]):
        assert bool(quick.accept(canonical(record))) != own_rules
        assert verdict(quick, record) == verdict(plain, record)
    for record in some(changed(kind), 5):
        if expected := verdict(plain, record):
            assert verdict(quick, record) == expected, record


CANONICAL = ["-79.5", "0.0001", "-0.0", "-80"]
OTHER = ["0.00001", "1e-5", "1E1", "8e1", "-0", "080", "80.50", "0.1e2", "1.", "NaN", "1e999",
         '-80,"longitude":-80', "-80 "]  # fmt: skip


@pytest.mark.parametrize("number", [*CANONICAL, *OTHER])
def test_only_a_line_in_canonical_form_is_accepted(number):
    country = committed()["countries"][0]
    line = canonical({**country, "fields": {**country["fields"], "longitude": 17.25}})
    line = line.replace(b"17.25", number.encode())
    valid = RecordValidator(Country, connection).accept(line)
    assert bool(valid) == (number in CANONICAL)
    assert not valid or canonical(json.loads(line)) == line
