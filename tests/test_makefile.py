"""The Makefile: it tells its targets and what a machine lacks, and serves with every Python."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.operations import ask
from tests.servers import free_port, listening, ready

pytestmark = pytest.mark.once

MAKEFILE = (ROOT / "Makefile").read_text()
NOBODY = 65534
# A Python that fails, and whose environments do, where the arguments contain FAILS.
PYTHON = """#!/bin/sh
case "$*" in
    "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"{fails}"*) exit 1 ;;
esac
"""


def apart():
    """Return the environment without what the make that runs the tests has put into it."""
    made = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if name not in made}


def make(folder, *arguments, user=()):
    """Run make on a copy of the Makefile in a folder."""
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    return run(folder, *arguments, user=user)


def run(folder, *arguments, user=()):
    return subprocess.run(
        [*user, "make", *arguments],
        cwd=folder, env=apart(), check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def targets():
    return set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split())


def test_examples_are_never_made_from_what_a_failed_run_left_behind():
    commands = MAKEFILE[MAKEFILE.index("\nexamples:") :].splitlines()[2:]
    assert commands[0] == "\trm -f examples.sqlite3*"


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_make_tells_its_targets(tmp_path, arguments):
    done = make(tmp_path, *arguments)
    assert done.returncode == 0
    told = dict(line.split(maxsplit=2)[1:] for line in done.stdout.splitlines())
    assert told.keys() == targets()
    assert all(told.values())


def test_the_rules_for_contributing_tell_every_target_too():
    told = re.findall(r"^\| `make (\w+)` \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert set(told) == targets() - {"help", "clean"}


@pytest.mark.parametrize(
    ("fails", "cure"),
    [
        ("sys.version_info", "is older than Python 3.11: install a newer one"),
        ("import venv", "has no venv: apt-get install python3-venv"),
        # Without ensurepip the environment cannot help itself, and has none of another either.
        ("pip", "has no pip: apt-get install python3-pip"),
    ],
)
def test_what_a_python_lacks_is_told(tmp_path, fails, cure):
    python = tmp_path / "python"
    python.write_text(PYTHON.format(fails=fails))
    python.chmod(0o755)
    done = make(tmp_path, "run", f"PYTHON={python}")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0] == f"{python} {cure}, or name another: make run PYTHON=python3.13"
    assert lines[1].startswith("make: ***")
    assert not (tmp_path / ".venv" / ".run").exists()


def test_a_missing_python_is_told(tmp_path):
    done = make(tmp_path, "run", "PYTHON=python0")
    assert done.returncode == 2
    assert done.stderr.startswith("There is no python0: apt-get install python3, or name another: ")


@pytest.mark.skipif(not shutil.which("setpriv"), reason="NO setpriv: no right was taken away")
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    user = ()
    if os.geteuid() == 0:
        # Every folder is root's to write to; pytest's own can be entered by nobody else.
        user = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", "--")
    (tmp_path / "empty").mkdir()
    folder = tmp_path / "empty"
    make(folder, "help")
    folder.chmod(0o555)
    done = run(folder, "run", user=user)
    folder.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{folder} cannot be written to: take a folder of your own.\n")


def python_of(version):
    """Return a Python of this version that runs, from the path or from pyenv, or None."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    folders = (*map(Path, os.environ["PATH"].split(os.pathsep)), *kept.glob(f"{version}.*/bin"))
    for path in (folder / f"python{version}" for folder in folders):
        if path.exists() and not subprocess.run(
            [path, "-c", "import venv"], check=False, stderr=subprocess.DEVNULL
        ).returncode:  # fmt: skip
            return path
    return None


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14", "3.15"])
def test_make_run_serves_with_every_python_of_this_machine(tmp_path, version):
    python = python_of(version)
    if not python:
        pytest.skip(f"PYTHON {version} IS NOT INSTALLED: it was not tried")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, names.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(
        ["make", ".venv/.run", f"PYTHON={python}"],
        cwd=tmp_path, env=apart(), check=True, timeout=300,
    )  # fmt: skip
    log, port = tmp_path / "log", free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=tmp_path, env=apart(), stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    with ready(process, port, "/", seconds=120) as address:
        try:
            assert ask(address, "/docs").status == 200
            assert ask(address, "/releases").status == 200
        finally:
            # As a terminal does: make alone would leave the server behind.
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
    assert not listening(port)
    told = log.read_text()
    for path in ("/", "/docs", "/releases"):
        assert f" {address}{path}\n" in told
    assert not re.search("WARNING|Warning", told)
