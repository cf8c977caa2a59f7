"""Two codings of one text: records are matched by evidence, and agreement is computed."""

import json
import shutil
import sys

import pytest
from django.core.management import CommandError, call_command

from policy.annotations.agreement import Coding, Comparison, Measure, overall
from policy.annotations.building import build
from policy.evidence import sha256
from policy.models import BilateralIssue, Event, Figure, Statement
from tests.conftest import ROOT

pytestmark = pytest.mark.once

TEXT = "Alma met Bo. Bo left Ur. Cy stayed. Di slept."
SENTENCES = [(0, 12), (13, 24), (25, 35), (36, 45)]
ONE, TWO, THREE, FOUR = "p1s1-0-12", "p1s2-13-24", "p1s3-25-35", "p1s4-36-45"


def span(start, end):
    return f'start = {start}\nend = {end}\nsha256 = "{sha256(TEXT[start:end])}"\n'


def coding(root, *, text=TEXT, **files):
    """Write what a coder made of the text into a folder, and return it."""
    folder = root / "text"
    folder.mkdir(parents=True)
    (folder / "source.toml").write_text(
        f'[source]\nid = "text"\nlanguage = "en"\nsha256 = "{sha256(text)}"\n'
        f"code_points = {len(text)}\n"
    )
    (folder / "sentences.toml").write_text("".join(
        f"[[sentence]]\nparagraph = 1\nnumber = {number}\n{span(*where)}"
        for number, where in enumerate(SENTENCES, 1)
    ))  # fmt: skip
    spans = [(f"p1s{n}", *where) for n, where in enumerate(SENTENCES, 1)] + [("p1s1", 0, 4)]
    (folder / "passages.toml").write_text("".join(
        f'[[passage]]\nsentence = "{sentence}"\nquote = "a"\n{span(start, end)}'
        for sentence, start, end in spans
    ))  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.toml").write_text(content)
    return folder


def statement(key, topic, *evidence, **fields):
    more = {"summary": "Said.", "kind": "narration", "narrator": True, "support": "stated"}
    told = {"id": key, "topic": topic, "evidence": list(evidence), **more, **fields}
    return "[[statement]]\n" + "".join(
        f"{name} = {json.dumps(value)}\n" for name, value in told.items() if value is not None
    )


TOPIC = "statement a-three / b-three: topic: economic / military"


@pytest.fixture
def two(tmp_path):
    """Two codings: three statements that both have, and one more of each coder."""
    a = coding(tmp_path / "a", statements=(
        statement("a-one", "economic", ONE) + statement("a-two", "military", TWO)
        + statement("a-three", "economic", THREE) + statement("a-four", "legal", FOUR)
    ))  # fmt: skip
    b = coding(tmp_path / "b", statements=(
        statement("b-three", "military", THREE) + statement("b-two", "military", TWO)
        + statement("b-one", "economic", "p1s1-0-4") + statement("more", "legal", TWO)
    ))  # fmt: skip
    return a, b


def test_agreement_as_computed_by_hand(two):
    """By hand, for the topics (economic, military, economic) and (economic, military, military).

    Of six values three are each. Observed disagreement is 2/6, expected is 2 * 3 * 3 / (6 * 5), so
    alpha is 1 - (1/3) / (3/5) = 4/9. Of four sentences both coders cite three, only A the fourth:
    observed 2/8, expected 2 * 7 * 1 / (8 * 7), so alpha is 1 - (1/4) / (1/4) = 0.
    """
    comparison = Comparison(*map(Coding, two))
    assert {(a.key, b.key) for a, b in comparison.pairs[Statement]} == {
        ("a-one", "b-one"), ("a-two", "b-two"), ("a-three", "b-three"),
    }  # fmt: skip
    measures = {(one.kind, one.field): one for one in comparison.measures()}
    topic, cited = measures["statement", "topic"], measures["statement", "(sentences)"]
    assert (topic.equal, len(topic.values)) == (2, 3)
    assert topic.alpha == pytest.approx(4 / 9)
    assert (cited.equal, len(cited.values)) == (3, 4)
    assert cited.alpha == pytest.approx(0)
    kind = measures["statement", "kind"]
    assert (kind.equal, kind.alpha) == (3, None)
    told = [(one.sentence.fields["number"], one.words) for one in comparison.disagreements()]
    assert told == [
        (3, TOPIC),
        (4, "statement a-four: only in A"),
        (2, "statement more: only in B"),
    ]


def test_the_figure_of_a_release_is_a_weighted_mean():
    values = [("x", "x"), ("y", "y"), ("x", "y")]
    measures = [
        Measure("event", "mode", values),
        Measure("event", "support", [("s", "s")]),
        Measure("trip", "status", [("x", "y")]),
    ]
    alpha = 4 / 9
    assert measures[0].alpha == pytest.approx(alpha)
    assert measures[2].alpha == pytest.approx(0)
    assert overall(measures) == {
        "coders": 2, "compared": 5, "agreement": 0.6, "alpha": round(alpha * 3 / 4, 3),
    }  # fmt: skip
    assert overall(measures[1:2])["alpha"] is None


ISSUE = """
[[issue]]
id = "{key}"
title = "A matter"
topic = "legal"
countries = ["PAN", "{other}"]
[[issue.account]]
summary = "It is one."
status = "{status}"
support = "stated"
evidence = ["{evidence}"]
[[issue.account.side]]
country = "PAN"
not_stated = true
support = "stated"
evidence = ["{evidence}"]
[[issue.account.side]]
country = "{other}"
position = "No."
support = "stated"
evidence = ["{evidence}"]
[[issue.account.figure]]
key = "n"
measure = "m"
words = "w"
value = {value}
comparator = "eq"
unit = "persons"
support = "stated"
evidence = ["{figure}"]
"""


def test_parts_and_references_follow_the_records_they_belong_to(tmp_path):
    shared = {"status": "contested", "evidence": ONE}
    a = coding(
        tmp_path / "a",
        **{"bilateral-issues": ISSUE.format(
            key="a-issue", other="USA", value=5, figure=ONE, **shared
        )},
        statements=statement("a", "legal", TWO, issues=["a-issue"], about=["USA", "PAN"]),
    )  # fmt: skip
    b = coding(
        tmp_path / "b",
        **{"bilateral-issues": ISSUE.format(
            key="b-issue", other="USA", value=7, figure=THREE, **shared
        )},
        statements=statement("b", "legal", TWO, issues=["b-issue"], about=["PAN", "USA"]),
    )  # fmt: skip
    comparison = Comparison(Coding(a), Coding(b))
    assert len(comparison.pairs[BilateralIssue]) == 1
    assert not comparison.pairs[Figure]
    assert [one.words for one in comparison.disagreements()] == [
        "figure a-issue-text-n: only in A", "figure b-issue-text-n: only in B",
    ]  # fmt: skip
    fields = {one.field: one.values for one in comparison.measures() if one.kind == "statement"}
    assert fields["issues"] == [(("a-issue",), ("a-issue",))]
    assert fields["about"] == [(("PAN", "USA"), ("PAN", "USA"))]


def test_the_dataset_agrees_with_itself(capsys):
    for folder in sorted((ROOT / "fixtures" / "sources").glob("*/")):
        comparison = Comparison(Coding(folder), Coding(folder))
        assert all(one.equal == len(one.values) for one in comparison.measures())
        assert {one.alpha for one in comparison.measures()} <= {1.0, None}
        assert len(comparison.pairs[Event]) == len(comparison.first.of(Event))
        assert not list(comparison.disagreements())


def test_disagreements_stand_under_their_sentences(two, tmp_path, capsys):
    text = tmp_path / "text.txt"
    text.write_text(TEXT)
    call_command("compare_coding", *map(str, two), text=text)
    table, *groups = capsys.readouterr().out.split("\n\n")
    assert "statement            topic                         3    67%   0.44" in table
    assert groups[:3] == [
        "text-p1s2 (13 to 24) Bo left Ur.\n  statement more: only in B",
        f"text-p1s3 (25 to 35) Cy stayed.\n  {TOPIC}",
        "text-p1s4 (36 to 45) Di slept.\n  statement a-four: only in A",
    ]
    assert groups[3].startswith("3 disagreements\ncoding_agreement = {coders = 2, compared = ")


def test_codings_that_cannot_be_compared_are_refused(two, tmp_path, monkeypatch):
    other = coding(tmp_path / "other", text=f"{TEXT} Not this one.")
    with pytest.raises(CommandError, match="different texts"):
        call_command("compare_coding", two[0], other)
    with pytest.raises(CommandError, match=r"source\.toml: is missing"):
        call_command("compare_coding", two[0], tmp_path)
    (other / "statements.toml").write_text(statement("x", "ecnomic", ONE))
    with pytest.raises(CommandError, match=r"statement x: topic: .*'economic'"):
        call_command("compare_coding", other, other)
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(CommandError, match=r"krippendorff is not .*requirements-dev\.lock"):
        call_command("compare_coding", *two)


def test_a_release_may_tell_of_a_second_coding(tmp_path):
    folder = tmp_path / "fixtures"
    shutil.copytree(ROOT / "fixtures", folder, ignore=shutil.ignore_patterns("*.json"))
    with (folder / "release.toml").open("a") as file:
        file.write("coding_agreement = {coders = 2, compared = 40, agreement = 1, alpha = 0.8}\n")
    release = json.loads(build(folder)["release.json"])[0]["fields"]
    assert release["coding_agreement"] == {
        "coders": 2, "compared": 40, "agreement": 1, "alpha": 0.8,
    }  # fmt: skip
