"""Deltas: a copy of an earlier release comes to the exact content hash of this one."""

import copy
import hashlib
import json
import random
import subprocess
import sys
import tracemalloc

import pytest

from policy.release.contents import UNCOUNTED, canonical, release_models
from policy.release.delta import delta
from policy.release.manifest import Head, InvalidManifestError, manifest_lines, read_head, written
from tests.conftest import ROOT
from tests.releases import committed, database, manage, sealed

pytestmark = pytest.mark.once

SCRIPT = ROOT / "docs" / "apply_delta.py"
FIRST = ROOT / "fixtures" / "manifests" / "1.0.0.ndjson"
RELEASED = "13ed032"
"""The commit of version 1.0.0 of the dataset, whose records are no longer in the repository."""


def lines_of(records):
    return lambda file: map(canonical, records.get(file, ()))


def in_order(records):
    """Return a release as an export has it: every file in the order of its keys."""
    return {name: sorted(found, key=lambda one: one["pk"]) for name, found in records.items()}


def manifest(folder, records):
    """Write the manifest of a release, and return its path."""
    head = Head.of(records["release"][0], "Made for a test.")
    path = folder / f"{head.version}.ndjson"
    path.write_bytes(b"".join(written(head, manifest_lines(lines_of(records)))))
    return path


def copied(folder, records):
    """Write a copy of a release, one canonical file of each kind, and return the folder."""
    folder.mkdir()
    for name, found in records.items():
        if found:
            content = b"".join(canonical(one) + b"\n" for one in found)
            (folder / f"{name}.ndjson").write_bytes(content)
    return folder


def content_hash(folder):
    """Return the content hash of a copy, from nothing but its files."""
    paths = sorted(folder.glob("*.ndjson"), key=lambda path: path.stem)
    whole = b"".join(path.read_bytes() for path in paths if path.stem != "release")
    return hashlib.sha256(whole).hexdigest()


def written_delta(folder, since, records):
    path = folder / "delta.ndjson"
    path.write_bytes(b"".join(delta(since, records["release"][0], lines_of(records))))
    return path


def applied(path, folder):
    return subprocess.run(
        [sys.executable, SCRIPT, path, folder], text=True, capture_output=True, check=False
    )


def earlier(seed):
    """Return a made-up former release: records of the committed one are gone, new, different."""
    chance, records = random.Random(seed), in_order(copy.deepcopy(committed()))
    for name in list(records):
        if name in ("release", "accounts"):  # Parts of accounts need them.
            continue
        for record in chance.sample(records[name], len(records[name]) // 3):
            if chance.random() < 0.5:
                records[name].remove(record)
            else:
                record["fields"]["note"] = f"Said otherwise {chance.random()} – “so”."
        if chance.random() < 0.2:
            del records[name]
    former = {"model": "policy.voice", "pk": "former", "fields": {"a": 1.5}}
    records["voices"] = [former, {**former, "pk": "other"}]
    records["release"][0]["fields"]["version"] = "0.9.0"
    records.setdefault("gaps", []).insert(0, {**former, "pk": "a-gap-that-went"})
    fields = records["release"][0]["fields"]
    found = (canonical(one) + b"\n" for name in sorted(records) if name != "release"
             for one in records[name])  # fmt: skip
    fields["content_hash"] = hashlib.sha256(b"".join(found)).hexdigest()
    return dict(sorted(records.items()))


def manifest_of_unknown(folder, records):
    """Write a manifest of a release with files that this software does not know."""
    known = {name: found for name, found in records.items() if name in release_models()}
    path = manifest(folder, known)
    lines = path.read_bytes().splitlines(keepends=True)
    for record in records["voices"]:
        line = {"file": "voices", "key": record["pk"], "kind": None, "record": None, "part": None,
                "fields": {}, "sha256": hashlib.sha256(canonical(record)).hexdigest()}  # fmt: skip
        lines.append(canonical(line) + b"\n")
    path.write_bytes(b"".join(lines))
    return path


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_of_any_former_release_comes_to_the_present_one(tmp_path, seed):
    present, former = in_order(committed()), earlier(seed)
    copy_of_it = copied(tmp_path / "copy", former)
    path = written_delta(tmp_path, manifest_of_unknown(tmp_path, former), present)
    done = applied(path, copy_of_it)
    assert done.returncode == 0, done.stderr
    assert content_hash(copy_of_it) == present["release"][0]["fields"]["content_hash"]
    whole = copied(tmp_path / "whole", present)
    names = {one.name for one in whole.iterdir()}
    assert {one.name for one in copy_of_it.iterdir()} == names
    assert all((whole / n).read_bytes() == (copy_of_it / n).read_bytes() for n in names)


def of_history():
    """Return version 1.0.0 as the history of the repository has it."""

    def git(*arguments):
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    listed = git("ls-tree", "--name-only", RELEASED, "fixtures/")
    if listed is None:
        pytest.skip(f"THE HISTORY IS NOT HERE ({RELEASED}): no delta from 1.0.0 was applied")
    paths = [path for path in listed.decode().split() if path.endswith(".json")]
    found = {path[9:-5]: json.loads(git("show", f"{RELEASED}:{path}")) for path in paths}
    return dict(sorted(found.items()))


def test_the_manifest_of_the_first_release_is_that_of_its_records(tmp_path):
    records = of_history()
    assert content_hash(copied(tmp_path / "copy", records)) == read_head(FIRST).content_hash
    told = [json.loads(line) for line in FIRST.read_bytes().splitlines()[1:]]
    assert [(line["file"], line["key"], line["sha256"]) for line in told] == [
        (name, one["pk"], hashlib.sha256(canonical(one)).hexdigest())
        for name, found in records.items()
        for one in found
        if name != "release"
    ]


def test_a_copy_of_the_first_release_comes_to_the_present_one_which_loads(tmp_path):
    present = in_order(committed())
    copy_of_it = copied(tmp_path / "copy", of_history())
    done = applied(written_delta(tmp_path, FIRST, present), copy_of_it)
    assert done.returncode == 0, done.stderr
    fields = present["release"][0]["fields"]
    assert content_hash(copy_of_it) == fields["content_hash"]
    with database(tmp_path) as url:
        for arguments in ([], ["--check"]):
            done = manage(url, "load_release", str(copy_of_it), *arguments)
            assert (done.returncode, fields["version"] in done.stdout) == (0, True), done


def test_between_equal_releases_only_the_release_is_put(tmp_path):
    present = in_order(committed())
    steps = list(delta(manifest(tmp_path, present), present["release"][0], lines_of(present)))
    assert [json.loads(step).keys() for step in steps] == [{"from", "to"}, {"put"}]


def test_a_copy_of_another_release_is_refused_and_left_alone(tmp_path):
    present, former = in_order(committed()), earlier(0)
    path = written_delta(tmp_path, manifest_of_unknown(tmp_path, former), present)
    folder = copied(tmp_path / "copy", {**former, "voices": []})
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    done = applied(path, folder)
    assert (done.returncode, "nothing was written" in done.stderr) == (1, True)
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


@pytest.mark.parametrize("cut", ["delta", "copy"])
@pytest.mark.parametrize("left", [0, 9, 0.5, -300, -2])
def test_what_was_cut_short_anywhere_is_refused_and_the_copy_left_alone(tmp_path, cut, left):
    present, former = in_order(committed()), earlier(0)
    path = written_delta(tmp_path, manifest_of_unknown(tmp_path, former), present)
    folder = copied(tmp_path / "copy", former)
    spoilt = path if cut == "delta" else folder / "events.ndjson"
    whole = spoilt.read_bytes()
    spoilt.write_bytes(whole[: int(len(whole) * left) if left == 0.5 else left])
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    done = applied(path, folder)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "nothing was written" in done.stderr
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


def test_a_delta_without_its_last_step_is_refused(tmp_path):
    """The content hash does not cover the release itself, which is the last."""
    present, former = in_order(committed()), earlier(0)
    path = written_delta(tmp_path, manifest_of_unknown(tmp_path, former), present)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    done = applied(path, copied(tmp_path / "copy", former))
    assert (done.returncode, "nothing was written" in done.stderr) == (1, True)


def test_records_that_are_not_those_of_the_release_give_no_delta(tmp_path):
    present = in_order(committed())
    since = manifest(tmp_path, present)
    for spoilt, told in (
        ({**present, "gaps": present["gaps"][:-1]}, "not those of release"),
        ({**present, "gaps": present["gaps"][::-1]}, "not in the order"),
    ):
        with pytest.raises(ValueError, match=told):
            list(delta(since, present["release"][0], lines_of(spoilt)))


@pytest.mark.parametrize("text", ["", "[]\n", '{"version": "9"}\n', "{}\n"])
def test_what_is_no_manifest_is_refused(tmp_path, text):
    path = tmp_path / "9.0.0.ndjson"
    path.write_text(text)
    with pytest.raises(InvalidManifestError, match="restore it as it was published"):
        read_head(path)


def walked(folder, number):
    """Return the greatest memory taken by a manifest and a delta of so many records."""
    release = {"fields": {"version": "1.0.0", "released": "", "schema_version": 2}}

    def lines(file):
        for place in range(number) if file == "gaps" else ():
            fields = {"question": f"What of {place}?", "source": "some"}
            yield canonical({"model": "policy.gap", "pk": f"gap-{place:09}", "fields": fields})

    digest = hashlib.sha256(b"".join(line + b"\n" for line in lines("gaps"))).hexdigest()
    release["fields"]["content_hash"] = digest
    path = folder / "1.0.0.ndjson"
    tracemalloc.start()
    with path.open("wb") as file:
        file.writelines(written(Head.of(release, ""), manifest_lines(lines)))
    steps = sum(1 for _ in delta(path, release, lines))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert steps == 2
    return most


def test_the_memory_taken_does_not_grow_with_the_records(tmp_path):
    walked(tmp_path, 10)
    assert walked(tmp_path, 10_000) < 1.2 * walked(tmp_path, 500) + 100_000


def test_sealing_follows_the_rule(tmp_path):
    records = sealed(copy.deepcopy(committed()))
    assert records["release"] == committed()["release"]
    assert {"changes", "releases"} <= UNCOUNTED
