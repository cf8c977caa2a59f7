"""The container image, tested without a container engine: it serves on a read-only root."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.operations import ask, operations
from tests.releases import database
from tests.servers import free_port, ready, start, workers

DOCKERFILE = (ROOT / "Dockerfile").read_text()
LAST = DOCKERFILE.rpartition("\nFROM ")[2]
USER = int(re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)[0])
COPIED = re.findall(r"^COPY (?!--from)(\S+) (\S+)$", LAST, re.MULTILINE)

pytestmark = pytest.mark.once


def test_the_image_runs_as_nobody_in_particular():
    assert USER >= 10_000
    assert DOCKERFILE.rindex("USER ") > DOCKERFILE.rindex("COPY ")
    assert "--chown" not in DOCKERFILE, "the files would be the server's to change"


def test_what_is_copied_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    for source, _ in COPIED:
        assert f"!{source.rstrip('/').removeprefix('./')}" in ignored, source


def test_the_image_carries_its_licences():
    assert {source for source, _ in COPIED} >= {"LICENSE", "fixtures/LICENSE"}


def test_what_is_copied_is_compiled():
    # Nothing may be written beside it later, and each start would compile it anew.
    (compiled,) = re.findall(r"^RUN python -m compileall -q (.+)$", LAST, re.MULTILINE)
    assert set(compiled.split()) == {
        source for source, _ in COPIED if (ROOT / source / "__init__.py").exists()
    }
    assert LAST.rindex("COPY ") < LAST.index(compiled) < LAST.index("USER ")


def test_each_service_has_no_more_rights_than_it_needs():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name in ("load", "api"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in services[name]
    api, loading = (services[name]["environment"]["DATABASE_URL"] for name in ("api", "load"))
    assert api.startswith("postgres://demarche_api:")
    assert loading.startswith("postgres://demarche_loader:")
    # Nothing but the proxy of this machine reaches the API, and nobody at all the database.
    assert all(port.startswith("127.0.0.1:") for port in services["api"]["ports"])
    assert "ports" not in services["database"]
    # What ends is started again, and what is read-only has a place for temporary files.
    assert all(services[name]["restart"] == "unless-stopped" for name in ("api", "database"))
    assert all(services[name]["tmpfs"][0].startswith("/tmp:") for name in ("load", "api"))


def test_the_health_check_finds_a_worker_that_hangs(loaded):
    command = yaml.safe_load(
        re.findall(r"HEALTHCHECK .*\n +CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0]
    )
    port = free_port()
    process = start(loaded, port)

    def healthy() -> bool:
        code = command[2].replace(":8000/", f":{port}/")
        return not subprocess.run([sys.executable, *command[1:2], code], check=False).returncode

    with ready(process, port):
        assert healthy()
        stopped = workers(process)[0]
        os.kill(stopped, signal.SIGSTOP)
        # One of 256 checks meets the other worker alone.
        assert not all(healthy() for _ in range(3))
        os.kill(stopped, signal.SIGCONT)
        assert healthy()


READ_ONLY = r"""
findmnt -rno TARGET -t nodevfs | grep -v "^/\(proc\|sys\|dev\)" | while read -r at
    do mount -o remount,bind,ro "$at" || exit 1
done && exec "$@"
"""


@contextmanager
def contained(folder: Path, url: str):
    """Run the image's command on its files, as its user, without capabilities or writable files."""
    # A database in a file lies on a volume of its own.
    file = Path(url.removeprefix("sqlite:///"))
    for path in (file.parent, file):
        os.chown(path, USER, USER)
    port = free_port()
    command = yaml.safe_load(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
    command[command.index("--port") + 1] = str(port)
    command[command.index("--host") + 1] = "127.0.0.1"
    assert command[:3] == ["python", "-m", "api"]
    command[0] = sys.executable
    process = subprocess.Popen(
        [
            "unshare", "--mount", "--", "sh", "-c", READ_ONLY,
            "sh", "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
            "--no-new-privs", "--bounding-set=-all", "--", *command,
        ],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "DATABASE_URL": url},
    )  # fmt: skip
    with ready(process, port) as address:
        yield address, process


@pytest.mark.skipif(os.geteuid() != 0, reason="ONLY ROOT CAN MOUNT: the image was not emulated")
def test_the_copied_files_serve_from_a_read_only_root():
    # Not below pytest's own folder, into which no other user can look.
    home, volume = Path(tempfile.mkdtemp(dir="/var/tmp")), Path(tempfile.mkdtemp(dir="/dev/shm"))
    home.chmod(0o755)
    app = home / "app"
    app.mkdir()
    try:
        for source, target in COPIED:
            for found in ROOT.glob(source):
                to = app / target / (found.name if target.endswith("/") else "")
                if found.is_dir():
                    shutil.copytree(found, to, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    to.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(found, to)
        with (
            database(volume, "image", cluster="", filled=True) as url,
            contained(app, url) as (address, process),
        ):
            assert Path(f"/proc/{process.pid}").stat().st_uid == USER
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
            assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
            options = Path(f"/proc/{process.pid}/mountinfo").read_text()
            assert re.search(r" / / ro[, ]", options), options
            for template, paths in operations(address).items():
                assert ask(address, paths[0]).status == 200, template
            for page in ("/docs", "/guide", "/static/api/docs.js", "/api/schema", "/"):
                assert ask(address, page).status == 200, page
    finally:
        shutil.rmtree(home)
        shutil.rmtree(volume)
