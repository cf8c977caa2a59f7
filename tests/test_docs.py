"""The reference in a real browser: every operation is tried, untouched, and answers 200."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from tests.chromium import WAIT, browser
from tests.conftest import ROOT, document, some
from tests.samples import DYAD, sample

pytestmark = [pytest.mark.servers, pytest.mark.once]
AXE = ROOT / "tests" / "typescript" / "node_modules" / "axe-core" / "axe.min.js"
OPERATIONS = [item["get"] for item in document()["paths"].values()]
SEND = "[...document.querySelectorAll('button')].find(b => b.innerText == 'Send API Request')"
HEADING = "document.querySelector('#docs h1')?.innerText"
PAGES = ["/", "/guide", "/problems", f"/api/v1/events/{sample('events')}", "/api/v1/events",
         f"/api/v1/dyads/{DYAD}", f"/api/v1/sources/{sample('sources')}"]  # fmt: skip


@pytest.fixture(scope="module")
def page():
    with browser() as opened:
        opened.resize(1400, 900)
        yield opened


def show(page, address, operation):
    """Show an operation in the reference, and return once it can be tried."""
    page.run(f"location.href = '{address}/docs#/operations/{operation['operationId']}'")
    page.wait(f"{HEADING} == {json.dumps(operation['summary'])} && {SEND}")


def sent(page):
    """Send the request that is shown, and return the status of each answer by its address."""
    page.events.clear()
    page.run(f"{SEND}.click()")
    until = time.monotonic() + WAIT
    while not (answers := page.told("Network.responseReceived")):
        assert time.monotonic() < until, "nothing was sent"
        time.sleep(0.02)
    return {one["response"]["url"]: one["response"]["status"] for one in answers}


@pytest.mark.chromium
def test_every_operation_that_is_tried_untouched_answers_200(page, addresses):
    address = addresses["SQLite"]
    page.open(f"{address}/docs")
    page.wait(f"{HEADING} == 'Demarche'")
    for operation in some(OPERATIONS, 4):
        show(page, address, operation)
        asked = sent(page)
        assert list(asked.values()) == [200], asked
        assert all(url.startswith(f"{address}/api/v1/") for url in asked), asked


@pytest.mark.chromium
def test_what_is_written_into_a_list_is_sent_with_commas(page, addresses):
    address = addresses["SQLite"]
    operation = next(one for one in OPERATIONS if one["operationId"] == "bilateral_issues_list")
    page.open(f"{address}/docs")
    show(page, address, operation)
    page.run("document.querySelector('#docs input[aria-label=between]').focus()")
    page.command("Input.insertText", text="pa,us")
    assert sent(page) == {f"{address}/api/v1/bilateral-issues?between=pa%2Cus": 200}


@pytest.mark.chromium
@pytest.mark.parametrize("width", [1400, 390])
def test_the_form_shows_a_good_part_of_its_fields_and_cuts_none_off(page, addresses, width):
    page.resize(width, 900)
    (operation,) = (one for one in OPERATIONS if one["operationId"] == "statements_list")
    page.open(f"{addresses['SQLite']}/docs")
    show(page, addresses["SQLite"], operation)
    form = "document.querySelector('#docs .OperationParametersContent')"
    assert page.run(f"{form}.clientHeight") > 400
    assert page.run(f"{form}.scrollWidth - {form}.clientWidth") <= 0
    page.resize(1400, 900)


@pytest.mark.chromium
def test_our_code_samples_are_shown(page, addresses):
    (operation,) = (one for one in OPERATIONS if one["operationId"] == "events_list")
    address = addresses["SQLite"]
    for lang, library, label in (
        ("python", "requests", "Python"),
        ("javascript", "fetch", "JavaScript"),
        ("r", "", "R"),
    ):
        page.open(f"{address}/guide?format=html")
        for name, chosen in (("Language", lang), ("Library", library)):
            key = f"RequestSamples_selected{name}"
            page.run(f"localStorage.setItem('{key}', {json.dumps(json.dumps(chosen))})")
        show(page, address, operation)
        (sample,) = (one for one in operation["x-codeSamples"] if one["label"] == label)
        first = sample["source"].replace("http://127.0.0.1:8000", address).splitlines()[0]
        page.wait(f"document.querySelector('#docs').innerText.includes({json.dumps(first)})")
        page.run("localStorage.clear()")


@pytest.mark.chromium
@pytest.mark.parametrize("width", [1400, 390])
def test_the_docs_load_nothing_from_elsewhere_and_fit_the_screen(page, addresses, width):
    address = addresses["SQLite"]
    page.resize(width, 900)
    for path in ("/docs", "/guide", "/"):
        page.events.clear()
        page.open(f"{address}{path}")
        if path == "/docs":
            page.wait(f"{HEADING} == 'Demarche'")
        urls = [one["request"]["url"] for one in page.told("Network.requestWillBeSent")]
        assert urls
        assert all(url.startswith((address, "data:")) for url in urls), urls
        assert page.told("Runtime.exceptionThrown", "Log.entryAdded") == []
        assert page.run("document.documentElement.scrollWidth") <= width


@pytest.mark.chromium
@pytest.mark.parametrize("dark", [False, True])
def test_readers_who_prefer_the_dark_get_it(page, addresses, dark):
    page.resize(1400, 900, dark=dark)
    for path in ("/docs", "/guide"):
        page.open(f"{addresses['SQLite']}{path}")
        colour = page.run("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, colour.strip("rgb()").split(","))) > 382
        assert light != dark, path


@pytest.mark.chromium
@pytest.mark.parametrize(("width", "leads"), [(390, True), (1400, False)])
def test_a_narrow_list_leads_to_what_narrows_it(page, addresses, width, leads):
    page.resize(width, 900)
    page.open(f"{addresses['SQLite']}/api/v1/statements?format=html")
    assert page.run("document.querySelector('.onwards').getClientRects().length > 0") == leads
    top = "document.querySelector('#narrow').getBoundingClientRect().top"
    assert page.run(f"{top} > 900") == leads
    if leads:
        page.run("document.querySelector('.onwards').click()")
        page.wait(f"{top} < 450")


@pytest.mark.chromium
def test_the_names_hide_no_cell_of_the_matrix_that_the_keyboard_reaches(page, addresses):
    page.resize(390, 900)
    page.open(f"{addresses['SQLite']}/?format=html")
    hidden = """[...document.querySelectorAll('.matrix td a')].filter(link => {
        link.focus();
        const name = link.closest('tr').querySelector('th').getBoundingClientRect();
        const cell = link.getBoundingClientRect();
        return (cell.left + cell.right) / 2 < name.right;
    }).map(link => link.ariaLabel)"""
    assert page.run(hidden) == []


@pytest.mark.chromium
def test_what_is_printed_is_light_whatever_the_reader_prefers(page, addresses):
    page.resize(1400, 900)
    page.open(f"{addresses['SQLite']}/?format=html")
    root = "getComputedStyle(document.documentElement)"
    names = ("paper", "ink", "accent", "land", "step1", "step2", "step3", "conflict", "accord")
    asked = f"{json.dumps(names)}.map(name => {root}.getPropertyValue('--' + name))"
    printed = []
    for colours in ("light", "dark"):
        preferred = {"name": "prefers-color-scheme", "value": colours}
        page.command("Emulation.setEmulatedMedia", media="print", features=[preferred])
        printed.append(page.run(asked))
    page.command("Emulation.setEmulatedMedia", media="", features=[])
    assert printed[0] == printed[1]


def serious(page, what):
    """Return what axe finds on the page that is serious or worse, with the first place of each."""
    page.run(AXE.read_text())
    found = page.run(f"axe.run({what}).then(r => r.violations)")
    grave = [one for one in found if one["impact"] in ("critical", "serious")]
    return [(one["id"], one["nodes"][0]["html"]) for one in grave]


@pytest.mark.chromium
@pytest.mark.skipif(not AXE.exists(), reason="run it with make accessibility")
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_on_the_pages(page, addresses, dark):
    page.resize(1400, 900, dark=dark)
    for path in PAGES:
        page.open(f"{addresses['SQLite']}{path}")
        assert serious(page, "document") == [], path
    # What Elements leaves without a name is not ours; that its colours can be read is.
    show(page, addresses["SQLite"], OPERATIONS[0])
    assert serious(page, "{exclude: ['#docs']}") == []
    assert serious(page, "document, {runOnly: ['color-contrast']}") == []


def asked(command, source, address):
    """Run a code sample against a server, and return what it prints."""
    done = subprocess.run(
        command, input=source.replace("http://127.0.0.1:8000", address),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


COMMANDS = {
    "curl": ["sh"],
    "Python": [sys.executable, "-"],
    "JavaScript": ["node", "--input-type=module", "-"],
    "R": ["Rscript", "--vanilla", "-"],
}


@pytest.mark.parametrize(
    "language",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in {"JavaScript", "R"} else [])
        for name in COMMANDS
    ],
)
def test_the_code_samples_run(addresses, language):
    command = COMMANDS[language]
    if not shutil.which("curl" if language == "curl" else command[0]):
        if os.environ.get("CI") and language in ("curl", "Python"):
            pytest.fail(f"{command[0]} is not installed")
        pytest.skip(f"{command[0]} is not installed: samples in {language} did not run")
    for operation in OPERATIONS if language == "curl" else some(OPERATIONS, 4):
        (sample,) = (one for one in operation["x-codeSamples"] if one["label"] == language)
        printed = asked(command, sample["source"], addresses["SQLite"])
        if language == "curl":
            answer = json.loads(printed)
            assert answer.get("results", True), sample["source"]
            assert "errors" not in answer
        elif operation["operationId"].endswith("_list"):
            assert len(printed.splitlines()) > 1, sample["source"]
        else:
            assert printed
