"""Bad requests, sent as raw bytes: each is refused as documented, alike on both engines."""

import base64
import http.client
import json
import re
import socket
import urllib.request
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from api.problems import PROBLEM_TYPES
from tests.conftest import VIEWSETS
from tests.operations import ask
from tests.samples import WORD, sample

pytestmark = pytest.mark.once

TABLES = Path(__file__).with_name("refusals")
PATIENCE = 20
"""Seconds after which a request counts as never answered."""
MEMBERS = ["type", "title", "status", "detail", "instance", "errors"]


def lines(name: str) -> list[str]:
    """Return the lines of a table that are requests."""
    text = (TABLES / name).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def cursor(address: str, target: str) -> str:
    """Return the cursor in ``next`` of a list."""
    with urllib.request.urlopen(f"{address}{target}", timeout=PATIENCE) as answer:
        link = json.load(answer)["next"]
    return re.search("cursor=([^&]+)", link)[1]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def repeated(text: str) -> str:
    many = re.fullmatch(r"(.*)\*(\d+)", text, re.DOTALL)
    return many[1] * int(many[2]) if many else text


def expanded(address: str, macro: str) -> str:
    """Return the text that a macro of the tables stands for."""
    word, _, rest = macro.partition(" ")
    if word in ("key", "fields"):
        keys = VIEWSETS[rest].keys()
        return str(sample(rest.replace("-", "_"))) if word == "key" else ",".join(keys)
    if word in ("next", "cut"):
        count, target = rest.split(" ") if word == "cut" else ("0", rest)
        given = cursor(address, target)
        return given[: len(given) - int(count)]
    if word == "b64":
        return encoded(repeated(rest))
    if word == "forge":
        target, _, forged = rest.partition(" => ")
        held = json.loads(base64.urlsafe_b64decode(cursor(address, target) + "==="))
        return encoded(forged.replace("RELEASE", held[1]).replace("DIGEST", held[2]))
    numbers = re.fullmatch(r"(\d+)\.\.(\d+)", macro)
    if numbers:
        return ",".join(map(str, range(int(numbers[1]), int(numbers[2]) + 1)))
    assert re.search(r"\*\d+$", macro), macro
    return repeated(macro)


def raw(address: str, text: str) -> bytes:
    """Return the bytes that a text of the tables stands for."""
    text = re.sub(
        "<<(.+?)>>(?!>)",
        lambda found: expanded(address, found[1]),
        text.replace("WORD", WORD),
        flags=re.DOTALL,
    )
    text = re.sub(r"\\(?:x([0-9a-f]{2})|\\)", lambda f: chr(int(f[1], 16)) if f[1] else "\\", text)
    return text.encode("latin-1")


def send(address: str, request: bytes) -> tuple[int, str, bytes]:
    """Return status, media type and body of the response; OSError if there is none in time."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(
            connection, method=request.partition(b" ")[0].decode("latin-1")
        )
        answer.begin()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read()


def wrong_with(answer: tuple[int, str, bytes], *, head: bool = False) -> str:
    """Return what is wrong with a problem document, or an empty text."""
    status, media_type, body = answer
    if media_type != "application/problem+json":
        return f"is {media_type!r}"
    if head:
        return "has a body" if body else ""
    try:
        problem = json.loads(body)
    except ValueError:
        return f"is no JSON: {body[:60]!r}"
    told = problem.get("status") == status and problem.get("detail") and problem.get("title")
    if list(problem) != MEMBERS or not told or "/problems/" not in problem["type"]:
        return f"says {problem}"
    return ""


def judged(address: str, line: str, request: bytes, expected: list[str]) -> tuple[str, object]:
    """Return what is wrong with the response to a line of targets, and the response."""
    answer = send(address, request)
    wrong = wrong_with(answer)
    if not wrong:
        errors = json.loads(answer[2])["errors"]
        named = ",".join(entry["parameter"] or '""' for entry in errors) or "-"
        nearest = ",".join(entry["nearest"] or "-" for entry in errors) or "-"
        for entry in errors:
            assert len(entry["detail"]) > 15, entry
            # Where not every allowed value can be listed, one of them may still be the nearest.
            listed = entry["allowed"] or [entry["nearest"]]
            assert entry["nearest"] is None or entry["nearest"] in listed, entry
        told = [str(answer[0]), named, nearest]
        expected = [raw(address, part).decode("latin-1") for part in expected]
        decoded = [unquote(part) for part in expected]
        wrong = "" if told in (expected, decoded) else f"is {told}"
    return wrong, answer


def check_all(addresses, name, ask):
    """Send every line to every server, and report all that is wrong at once."""
    wrongs, sent = [], 0
    for line in lines(name):
        answers = []
        for address in addresses.values():
            try:
                wrong, answer = ask(address, line)
            except (OSError, http.client.HTTPException) as failed:
                wrong, answer = f"is none: {failed!r}", None
            if wrong:
                wrongs.append(f"{line[:160]}: the answer {wrong}")
            answers.append(answer)
            sent += 1
        if any(answer != answers[0] for answer in answers):
            wrongs.append(f"{line[:160]}: the engines differ: {answers}")
    assert not wrongs, "\n".join([f"{len(wrongs)} of {sent}:", *wrongs])


@pytest.mark.parametrize(
    "name", ["parameters.txt", "values.txt", "shapes.txt", "cursors.txt", "paths.txt"]
)
def test_a_bad_target_is_refused(addresses, name):
    def ask(address, line):
        *expected, target = line.split(None, 3)
        request = b"GET " + raw(address, target) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        return judged(address, line, request, expected)

    check_all(addresses, name, ask)


def test_a_bad_request_is_refused(addresses):
    def ask(address, line):
        status, who, text = line.split(" ", 2)
        answer = send(address, raw(address, text.replace("|", "\r\n")))
        wrong = "" if answer[0] == int(status) else f"is {answer[0]}"
        if who == "server":
            wrong = wrong or ("has a body" if answer[2] else "")
        else:
            wrong = wrong or wrong_with(answer, head=text.startswith("HEAD "))
        return wrong, answer

    check_all(addresses, "protocol.txt", ask)


def test_every_type_of_problem_has_a_page(addresses):
    for name in PROBLEM_TYPES:
        assert ask(addresses["SQLite"], f"/problems/{name}").status == 200


def test_the_tables_are_as_long_as_promised():
    every = [line for path in TABLES.glob("*.txt") for line in lines(path.name)]
    assert len(set(every)) == len(every) >= 500
