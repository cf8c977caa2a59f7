"""Guide and README: how examples are read, and that no filter, order or setting is left out.

The examples quote the dataset, so ``test_dataset`` compares them with the real responses.
"""

import json
import re
from urllib.parse import urlsplit

import pytest

from api.views.changes import ChangeViewSet, PublishedReleaseViewSet
from tests.conftest import ROOT, VIEWSETS, settings_of_the_environment

pytestmark = pytest.mark.once

HOST = "127.0.0.1:8000"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CURL = re.compile(rf"curl -s 'http://{re.escape(HOST)}(/[^']*)'\n")
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs" / "guide.md").read_text()
TOLD = {**VIEWSETS, "releases": PublishedReleaseViewSet, "changes": ChangeViewSet}
"""The lists that have a row in the table of resources."""


def examples(text):
    """Pair each request in a sh block with the JSON right below it; ValueError if one is alone."""
    pairs, request, end = [], None, 0
    for block in BLOCK.finditer(text):
        language, content = block.groups()
        if request and (language != "json" or text[end : block.start()].strip()):
            raise ValueError(f"the answer is not right below its request: {request}")
        if language == "json":
            if not request:
                raise ValueError(f"a json block without its request: {content[:80]!r}")
            pairs.append((request, json.loads(content)))
            request = None
        elif language == "sh" and (curl := CURL.fullmatch(content)):
            request, end = curl[1], block.end()
        elif "curl" in content:
            raise ValueError(f"not one request in a form that can be asked: {content!r}")
    if request:
        raise ValueError(f"a request without its answer: {request}")
    return pairs


def differences(shown, real, where="$"):
    """Return where a shortened response differs from the real one.

    Keys and the ends of lists may be left out; an empty list or object must really be empty.
    """
    if type(shown) is not type(real):
        return [f"{where}: {shown!r} is shown, {real!r} is real"]
    if shown and isinstance(shown, dict):
        wrong = []
        for key, value in shown.items():
            if key in real:
                wrong += differences(value, real[key], f"{where}.{key}")
            else:
                wrong.append(f"{where}.{key}: is shown and not there")
        return wrong
    if shown and isinstance(shown, list):
        if len(shown) > len(real):
            return [f"{where}: {len(shown)} are shown, {len(real)} are there"]
        pairs = enumerate(zip(shown, real, strict=False))
        return [one for at, (a, b) in pairs for one in differences(a, b, f"{where}[{at}]")]
    return [] if shown == real else [f"{where}: {shown!r} is shown, {real!r} is real"]


PAIRS = examples(GUIDE)


def test_there_are_enough_requests_each_once_and_none_without_a_response():
    paths = [path for path, shown in PAIRS if shown]
    assert len(paths) == len(set(paths)) == len(PAIRS) >= 5
    assert all(urlsplit(path).path.startswith("/api/v1/") for path in paths)


SH = f"```sh\ncurl -s 'http://{HOST}/api/v1/trips'\n```\n"
JSON = '```json\n{"count": 1}\n```\n'


def test_a_request_and_the_response_below_it_are_a_pair():
    text = f"Some words.\n\n```sh\nmake run\n```\n\n{SH}\n{JSON}\nMore words.\n"
    assert examples(text) == [("/api/v1/trips", {"count": 1})]
    alone = [JSON, f"{SH}{JSON}{JSON}", f"{SH}Some words.\n{JSON}", f"{SH}{SH}{JSON}", SH,
             f"{SH}```text\n1\n```\n{JSON}", SH.replace(HOST, "example.org") + JSON,
             SH.replace("'", "") + JSON]  # fmt: skip
    for text in alone:
        with pytest.raises(ValueError, match=r"request|answer"):
            examples(text)


REAL = {"count": 2, "next": None, "list": [{"id": "a", "flag": True}, {"id": "b"}], "none": []}


def test_only_what_a_response_does_not_contain_is_a_difference():
    for shown in (REAL, {"count": 2}, {"next": None}, {"list": [{"flag": True}]}):
        assert differences(shown, REAL) == []
    for shown, where in (
        ({"count": 3}, "$.count"), ({"count": "2"}, "$.count"), ({"count": True}, "$.count"),
        ({"total": 2}, "$.total"), ({"next": []}, "$.next"), ({"list": []}, "$.list"),
        ({"list": [{}]}, "$.list[0]"), ({"list": [{"id": "b"}]}, "$.list[0].id"),
        ({"list": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, "$.list"), ({"none": [1]}, "$.none"),
        ({"list": [{"id": "a", "flag": 1}]}, "$.list[0].flag"), ([REAL], "$"), ({}, "$"),
    ):  # fmt: skip
        (difference,) = differences(shown, REAL)
        assert difference.startswith(f"{where}: ")


def test_the_readme_repeats_no_example():
    assert examples(README) == []


def row_of(resource):
    rows = re.findall(rf"^\| `{resource}` \|.*$", GUIDE, re.MULTILINE)
    assert len(rows) == 1, f"write a row for {resource} into the guide's table of resources"
    return rows[0]


@pytest.mark.parametrize("resource", TOLD)
def test_every_filter_and_ordering_is_told(resource):
    viewset = TOLD[resource]
    _, rest = GUIDE.split("### Filters that many lists share\n")
    shared, *_ = rest.split("\n### ", 1)
    told = set(re.findall(r"`([a-z_]+)[=`]", row_of(resource) + shared))
    filters = {
        name for name in viewset.filterset_class.base_filters if not name.startswith("exclude_")
    }
    assert filters | viewset.ordering_fields.keys() <= told


@pytest.mark.parametrize("resource", TOLD)
def test_no_filter_or_ordering_is_made_up(resource):
    viewset = TOLD[resource]
    _, *columns = row_of(resource).strip("|").split("|")
    told = [set(re.findall(r"`([a-z_]+)`", column)) for column in columns[-2:]]
    assert told[0] <= viewset.filterset_class.base_filters.keys()
    assert told[1] <= viewset.ordering_fields.keys()


def test_every_setting_is_told():
    settings = settings_of_the_environment()
    assert settings
    assert settings == set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))


def test_what_the_rules_for_contributing_name_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    files = {*re.findall(r"`((?:api|policy|tests|docs|bench)/[\w/-]+\.\w+)`", text)}
    assert not [name for name in files if not (ROOT / name).exists()]
    placed = re.findall(r"((?:`\w+`(?:, | and )?)+) in `((?:api|policy|tests)/[\w/]+\.py)`", text)
    assert placed
    for names, file in placed:
        code = (ROOT / file).read_text()
        assert not [name for name in re.findall(r"\w+", names) if name not in code], file
