"""Reading a release: the same records however the file is cut, in constant memory."""

import json
import tracemalloc

import pytest

from policy.release import files as reading
from policy.release.files import UnreadableError, files_of, records_in

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
