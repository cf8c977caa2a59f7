"""docs/questions.md: API, SQL and files of the release give the same answers, on both engines."""

import re
import subprocess
from datetime import date
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.operations import ask
from tests.releases import connected, manage
from tests.test_makefile import apart

pytestmark = [pytest.mark.once, pytest.mark.servers]

PAGE = (ROOT / "docs" / "questions.md").read_text()
HEAD, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
QUESTIONS = {text.partition("\n")[0]: text for text in SECTIONS}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def files(register_urls, tmp_path_factory):
    """The folder of the Parquet files of the join, from SQLite."""
    folder = tmp_path_factory.mktemp("files")
    done = manage(register_urls["SQLite"], "export_release", str(folder), "-v0")
    assert done.returncode == 0, done.stderr
    (parquet,) = folder.glob("*/parquet")
    return parquet


def blocks(text):
    return [(language, code) for language, code in BLOCK.findall(text)]


def run(code, address, files):
    """Return what a block of Python answers, after the lines that all of them need."""
    ((_, common),) = blocks(HEAD)
    told = {
        '"http://127.0.0.1:8000/api/v1"': f'"{address}/api/v1"',
        '"releases/registers/files/2.0.0/parquet"': f'"{files}"',
    }
    for before, after in told.items():
        assert before in common
        common = common.replace(before, after)
    found: dict = {}
    exec(f"{common}\n{code}", found)
    return plain(found["answer"])


def plain(rows):
    """Return rows with their days as texts, as JSON and SQLite have them."""
    return [
        tuple(value.isoformat() if isinstance(value, date) else value for value in row)
        for row in rows
    ]


@pytest.mark.parametrize("question", QUESTIONS)
def test_api_sql_and_files_give_the_same_answer(
    registers, register_urls, files, django_db_blocker, question
):
    (first, api), (second, sql), (third, parquet) = blocks(QUESTIONS[question])
    assert (first, second, third) == ("python", "sql", "python")
    expected = run(parquet, "", files)
    assert expected
    for name, address in registers.items():
        assert run(api, address, files) == expected, name
    for name, url in register_urls.items():
        with django_db_blocker.unblock(), connected(url) as made, made.cursor() as cursor:
            cursor.execute(sql.strip().removesuffix(";"))
            assert plain(cursor.fetchall()) == expected, name


def test_the_answers_on_the_made_registers_are_these(registers, files):
    """Read off the files of the registers by hand."""
    answers = {name: run(blocks(text)[2][1], "", files) for name, text in QUESTIONS.items()}
    assert answers == {
        "Every secretary's first journey": [
            ("1974-05-02", "Edwina Marsh", "marsh-edwina-1974-05-02")
        ],
        "Visits to a country by decade": [("1970", 2)],
        "Who was accredited where on a day": [
            ("TUR", "Tobias Harrow III", "Ambassador Extraordinary and Plenipotentiary")
        ],
    }


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("accredited_to=TR&in_office_on=1955-06-01", ["harrow-tobias"]),
        ("accredited_to=TR&in_office_on=1955-02-06", ["harrow-tobias"]),
        ("accredited_to=TR&in_office_on=1957-07-08", ["harrow-tobias"]),
        ("accredited_to=TR&in_office_on=1955-02-05", []),
        ("accredited_to=TR&in_office_on=1957-07-09", []),
        # Known by its last day alone, by its first day alone: neither fits a day.
        ("accredited_to=SUN&in_office_on=1976-01-01", []),
        ("accredited_to=RUS&in_office_on=1996-01-01", []),
        ("accredited_to=RUS&not_stated=positions.end", ["marsh-edwina", "quist-olaf"]),
        ("role=foreign_minister&in_office_on=1975-01-01", ["marsh-edwina"]),
        # She was secretary then, and appointed to Russia later: no office is both.
        ("accredited_to=RUS&in_office_on=1975-01-01", []),
        ("position_status=appointed&in_office_on=1975-01-01", []),
        ("position_status=held&organisation=us-state-department&in_office_on=1975-01-01",
         ["marsh-edwina"]),
        ("accredited_to_organisation=united-nations&in_office_on=1975-01-01", []),
        # Left out is who ever held such an office, as she was appointed to Russia later.
        ("country=USA&in_office_on=1975-01-01&exclude_role=diplomat,head_of_state", []),
        ("country=USA&in_office_on=1975-01-01&exclude_role=head_of_state", ["marsh-edwina"]),
    ],
)  # fmt: skip
def test_a_day_in_office_is_of_the_office_that_is_asked_for(registers, question, expected):
    for address in registers.values():
        answer = ask(address, f"/api/v1/officials?fields=id&{question}")
        assert re.findall(rb'"id":"([^"]+)"', answer.body) == [key.encode() for key in expected]


def test_the_request_in_the_text_is_one_of_those(registers):
    (told,) = re.findall(r"`(officials\?accredited_to=[^`]+)`", PAGE)
    assert urlsplit(told).query == "accredited_to=TR&in_office_on=1955-06-01"


def test_make_registers_needs_no_other_command():
    """README has it so; what it runs is what make would."""
    done = subprocess.run(
        ["make", "-n", "registers", "TRAVELS=a", "POCOM=b"],
        cwd=ROOT, env=apart(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    ran = re.findall(r"manage\.py (\w+)", done.stdout)
    assert ran == [
        "import_register", "import_register", "build_release", "migrate", "load_release",
        "export_release",
    ]  # fmt: skip
    assert "make registers" in (ROOT / "README.md").read_text()
