"""schemathesis sends the real server requests that the schema allows, and ones it forbids."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

ENGINES = ("SQLite", "PostgreSQL")
pytestmark = pytest.mark.once
# Every check that schemathesis has but those for accounts, which the API does not know: nothing may
# be a 5xx, every status, media type, header and body is as described, what is described is taken,
# what is not is refused, and other methods are 405 with Allow.
WITHOUT = "ignored_auth,object_level_authorization"


def fuzz(address: str, folder: Path, phases: str, examples: int, patience: int) -> int:
    """Return the number of cases that were asked; any failure of any of them fails."""
    report, schema = folder / "report.json", f"{address}/api/schema?format=json"
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", schema,
            "--checks", "all", "--exclude-checks", WITHOUT, "--phases", phases,
            "--max-examples", str(examples), "--seed", os.environ.get("SEED", "1"),
            "--continue-on-failure", "--no-shrink", "--request-timeout", "20", "--warnings", "off",
            "--report", "json", "--report-json-path", report,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=patience,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz_hooks", "PYTHONPATH": str(ROOT),
             "DJANGO_SETTINGS_MODULE": "api.settings"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    told = json.loads(report.read_text())
    assert told["failures"] == told["errors"] == []
    assert told["operations"]["tested"] == told["operations"]["total"] > 20
    return told["test_cases"]["generated"]


@pytest.fixture(params=ENGINES)
def address(request, addresses):
    """The address of the server on an engine."""
    if request.param not in addresses:
        pytest.skip("PostgreSQL IS NOT INSTALLED: its server was not fuzzed")
    return addresses[request.param]


@pytest.mark.slow
def test_the_server_withstands_a_short_fuzzing(address, tmp_path):
    assert fuzz(address, tmp_path, "examples,fuzzing", 6, 300) > 150


@pytest.mark.skipif(not os.environ.get("FUZZ"), reason="run it with make fuzz")
def test_the_server_withstands_a_long_fuzzing(address, tmp_path, capsys):
    cases = fuzz(address, tmp_path, "examples,coverage,fuzzing", 60, 3600)
    with capsys.disabled():
        print(f"\n{address}: {cases} cases, no failure")
    assert cases >= 5000
