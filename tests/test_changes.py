"""The log of changes: built from manifests, with reasons, and an error for what nobody tells."""

import json
import re

import pytest

from policy.models.registry import RecordKind
from policy.release.comparison import compared, contents
from policy.release.contents import canonical
from policy.release.manifest import manifest_lines
from tests.conftest import ROOT
from tests.releases import committed
from tests.samples import samples
from tests.test_building import build, errors, folder, spoil  # noqa: F401 - a fixture

pytestmark = pytest.mark.once

PUBLISHED = committed()["release"][0]["fields"]["version"]
MAJOR = int(PUBLISHED.partition(".")[0])
LATER = f"{MAJOR + 8}.0.0"
LAST = f"{MAJOR + 10}.0.0"
"""A version with more digits, which texts would put before the others."""
GAP, OTHER = samples("gaps")[:2]
WHY = "Somebody looked again."


def publish(folder):  # noqa: F811
    """Build the annotations, and leave what was built in the folder."""
    (folder / "manifests").mkdir(exist_ok=True)
    for name, text in build(folder).items():
        (folder / name).write_text(text)


NOTE = r'note = (?:"""[\s\S]*?"""|".*")'


def spoil_release(folder, pattern, replacement):  # noqa: F811
    path = folder / "release.toml"
    path.write_text(re.sub(pattern, replacement, path.read_text()))


def raise_version(folder, version):  # noqa: F811
    spoil_release(folder, r'(?<=\n)version = ".*"', f'version = "{version}"')
    spoil_release(folder, NOTE, f'note = "New in {version}."')


def without_gap(folder, key):  # noqa: F811
    for path in folder.glob("sources/*/gaps.toml"):
        tables = path.read_text().split("[[gap]]")
        path.write_text("[[gap]]".join(t for t in tables if f'id = "{key}"' not in t))


def rename_gap(folder, former, key):  # noqa: F811
    for path in folder.glob("sources/*/gaps.toml"):
        path.write_text(path.read_text().replace(f'id = "{former}"', f'id = "{key}"'))


def say(folder, name, table, **values):  # noqa: F811
    """Add a table to a file of annotations."""
    lines = (f'{key} = "{value}"\n' for key, value in values.items())
    with (folder / name).open("a") as file:
        file.write(f"\n[[{table}]]\n{''.join(lines)}")


def log(folder):  # noqa: F811
    """Return the log of changes that the annotations give, without what is empty."""
    found = json.loads(build(folder).get("changes.json", "[]"))
    assert [one["pk"] for one in found] == list(range(1, len(found) + 1))
    return [one["fields"] for one in found]


def test_a_first_release_has_no_changes(folder):  # noqa: F811
    assert log(folder) == []
    (release,) = json.loads(build(folder)["releases.json"])
    assert (release["pk"], release["fields"]["place"]) == (PUBLISHED, 1)
    assert not {"previous", "content_hash"} & release["fields"].keys()


def test_each_release_tells_what_it_added_changed_removed_and_renamed(folder):  # noqa: F811
    publish(folder)
    raise_version(folder, LATER)
    rename_gap(folder, GAP, "another-name")
    without_gap(folder, OTHER)
    spoil(folder, "trips.toml", r'^title = ".*"', 'title = "Another title"')
    say(folder, "renamed.toml", "renamed", kind="gap", former=GAP, record="another-name")
    say(folder, "renamed.toml", "removed", kind="gap", former=OTHER, release=LATER, reason=WHY)
    (trip,) = [t["pk"] for t in json.loads((folder / "trips.json").read_text())]
    say(folder, "changes.toml", "change", release=LATER, kind="trip", record=trip, reason=WHY)
    first = [
        {"change": "removed", "kind": "gap", "record": OTHER, "reason": WHY},
        {"change": "renamed", "kind": "gap", "record": "another-name", "former": GAP},
        {"change": "changed", "kind": "trip", "record": trip, "fields": ["title"], "reason": WHY},
    ]
    first.sort(key=lambda one: (one["kind"], one["record"]))
    assert log(folder) == [{"release": LATER, **one} for one in first]
    publish(folder)
    raise_version(folder, LAST)
    rename_gap(folder, "another-name", "one-more-name")
    say(
        folder, "renamed.toml", "renamed", kind="gap", former="another-name", record="one-more-name"
    )
    second = {
        "change": "renamed",
        "kind": "gap",
        "record": "one-more-name",
        "former": "another-name",
    }
    assert log(folder) == [
        *({"release": LATER, **one} for one in first),
        {"release": LAST, **second},
    ]
    releases = json.loads(build(folder)["releases.json"])
    releases.sort(key=lambda one: one["fields"]["place"])
    assert [one["pk"] for one in releases] == [PUBLISHED, LATER, LAST]
    assert [one["fields"].get("previous") for one in releases] == [None, PUBLISHED, LATER]
    assert [one["fields"].get("content_hash") is None for one in releases] == [False, False, True]
    assert releases[1]["fields"]["note"] == f"New in {LATER}."
    hashed = json.loads((folder / "release.json").read_text())[0]["fields"]["content_hash"]
    assert releases[1]["fields"]["content_hash"] == hashed


def compare(change):
    """Return what became of the committed release by a change of its records."""
    before, after = committed(), committed()
    change(after)
    told = (
        contents(manifest_lines(lambda file, r=records: map(canonical, r.get(file, ()))))
        for records in (before, after)
    )
    return list(compared(*told, lambda *_: None))


PARTS = [
    ("stops", "trip", "trip", "stops"),
    ("positions", "official", "official", "positions"),
    ("event_parties", "event", "event", "parties"),
    ("event_orders", "event", "event", "orders"),
    ("accounts", "issue", "bilateral-issue", "accounts"),
]


@pytest.mark.parametrize(("file", "owner", "kind", "name"), PARTS)
@pytest.mark.parametrize("gone", [False, True])
def test_a_part_is_told_as_a_change_of_its_record(file, owner, kind, name, gone):
    part = committed()[file][-1]

    def change(records):
        if gone and file != "accounts":
            records[file].pop()
        else:
            records[file][-1]["fields"]["note"] = "Other."

    (one,) = compare(change)
    assert (one.kind, one.record, one.change) == (kind, part["fields"][owner], "changed")
    assert one.fields == (name,)


@pytest.mark.parametrize(("file", "name"), [("issue_sides", "sides"), ("figures", "figures")])
def test_a_part_of_a_part_is_told_as_a_change_of_the_record(file, name):
    issues = {one["pk"]: one["fields"]["issue"] for one in committed()["accounts"]}
    part = committed()[file][0]
    (one,) = compare(lambda records: records[file][0]["fields"].update(note="Other."))
    assert one[:3] == ("bilateral-issue", issues[part["fields"]["account"]], "changed")
    assert one.fields == (name,)


def test_what_is_derived_is_no_change():
    def change(records):
        for file in ("search_entries", "concerns", "changes", "renamings", "releases"):
            records[file] = records[file][1:]

    assert compare(change) == []


def test_what_is_empty_is_as_if_it_were_left_out():
    def change(records):
        for record in records["gaps"]:
            fields = {"note": None, "countries": [], "trips": [], "question": ""}
            record["fields"] = {**fields, **record["fields"]}
        records["statements"][0]["fields"]["narrator"] = False

    assert compare(change) == []


def test_every_field_that_differs_is_named():
    def change(records):
        fields = records["gaps"][0]["fields"]
        fields.pop("note", None)
        fields |= {"question": "What else?", "organisations": ["some"], "trips": ["other"]}

    (one,) = compare(change)
    assert set(one.fields) >= {"question", "organisations", "trips"}


def spoilt(text):
    """Return what spoils the manifest of the release before."""

    def spoil_manifest(folder):  # noqa: F811
        path = folder / "manifests" / f"{PUBLISHED}.ndjson"
        path.write_text(text(path.read_text()))

    return spoil_manifest


def reason(**values):
    told = {"release": LATER, "kind": "gap", "record": GAP, "reason": WHY, **values}
    told = {name: value for name, value in told.items() if value is not None}
    return lambda made: say(made, "changes.toml", "change", **told)


def twice(folder):  # noqa: F811
    reason()(folder)
    reason()(folder)


FAULTS = {
    "a manifest that is gone": (
        lambda made: (made / "manifests" / f"{PUBLISHED}.ndjson").unlink(),
        rf"{PUBLISHED}\.ndjson: the fixtures are those of release {PUBLISHED}, and there is no",
    ),
    "a manifest of other records": (
        spoilt(lambda text: re.sub('content_hash":"....', 'content_hash":"0000', text, count=1)),
        r"there is no manifest of it with their content hash",
    ),
    "a manifest of another release": (
        spoilt(lambda text: text.replace(f'"version":"{PUBLISHED}"', '"version":"0.0.1"', 1)),
        r"is no manifest \(its release is 0\.0\.1\): restore it",
    ),
    "a manifest out of order": (
        spoilt(lambda text: text + text.splitlines()[1] + "\n"),
        r"is no manifest \(accounts \S+ is out of order\): restore it",
    ),
    "a line that is none": (spoilt(lambda text: text + "{}\n"), "is no manifest .*: restore it"),
    "a version that was released": (
        lambda made: raise_version(made, "0.0.1"),
        rf"release\.toml: release: version: {PUBLISHED} was released already: raise it",
    ),
    "a removal without a word": (
        lambda made: (without_gap(made, GAP), (made / "gaps.json").unlink()),
        rf"renamed\.toml: gap {GAP}: is gone since {LATER}: write",
    ),
    "a removal in another release": (
        lambda made: (
            without_gap(made, GAP),
            say(made, "renamed.toml", "removed", kind="gap", former=GAP, release=PUBLISHED,
                reason=WHY),
        ),
        rf"renamed\.toml: gap {GAP}: is gone since {LATER}: write",
    ),
    "a reason for what did not change": (
        reason(), rf"changes\.toml: gap {GAP}: did not change in {LATER}; take the table out",
    ),
    "a reason for a kind that did not change": (
        reason(record=None), rf"changes\.toml: gap: did not change in {LATER}; take",
    ),
    "a reason for an unknown record": (
        lambda made: (
            spoil(made, "gaps.toml", r'^question = "', 'question = "Then: ', count=0),
            reason(record=f"{GAP}x")(made),
        ),
        rf"changes\.toml: gap {GAP}x: did not change in {LATER}; did you mean '{GAP}'\?",
    ),
    "a reason told twice": (twice, rf"changes\.toml: change 2: {GAP} is told of above already"),
    "an unknown kind": (reason(kind="gapp"), r"change 1: kind: is unknown; did you mean 'gap'"),
    "an unknown release": (
        reason(release=LATER[:-1] + "1"), rf"release: is unknown; did you mean '{LATER}'",
    ),
    "no reason": (reason(reason=None), r"change 1: needs release, kind and reason as texts"),
    "another column": (reason(why="So."), r"change 1: needs release, kind and reason as texts"),
    "no note": (
        lambda made: spoil_release(made, NOTE, ""), r"release: note: say in a text what",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_an_error_names_the_cure(folder, case):  # noqa: F811
    publish(folder)
    raise_version(folder, LATER)
    change, told = FAULTS[case]
    change(folder)
    found = errors(folder)
    assert any(re.search(told, line) for line in found), found


def test_a_reason_for_a_kind_is_that_of_all_it_changed_but_those_with_their_own(folder):  # noqa: F811
    publish(folder)
    raise_version(folder, LATER)
    spoil(folder, "gaps.toml", r'^question = "', 'question = "Then: ', count=0)
    reason(record=None, reason="For all.")(folder)
    reason()(folder)
    told = {one["record"]: one["reason"] for one in log(folder)}
    assert set(told) == set(samples("gaps"))
    assert {key for key, why in told.items() if why == WHY} == {GAP}
    assert {why for key, why in told.items() if key != GAP} == {"For all."}


def test_earlier_manifests_are_left_as_they_are(folder):  # noqa: F811
    publish(folder)
    raise_version(folder, LATER)
    assert f"manifests/{PUBLISHED}.ndjson" not in build(folder)
    assert f"manifests/{LATER}.ndjson" in build(folder)


def test_a_manifest_holds_every_record_and_no_text():
    text = (ROOT / "fixtures" / "manifests" / f"{PUBLISHED}.ndjson").read_text()
    head, *lines = map(json.loads, text.splitlines())
    assert head["content_hash"] == committed()["release"][0]["fields"]["content_hash"]
    assert [(line["file"], line["key"]) for line in lines] == [
        (file, record["pk"])
        for file, found in sorted(committed().items())
        for record in found
        if file != "release"
    ]
    assert {line["kind"] for line in lines} == {None, *RecordKind}
    for quote in samples("passages", "quote"):
        assert f'"{quote}"' not in text
