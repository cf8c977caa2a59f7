"""Settings that will not do are refused at the start, by name and with the cure."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

DATABASE = "leads to no database that can be used here: write postgres://"


def start(arguments, **variables):
    """Run Python with these variables in its environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("THREADS", "0", "greater than or equal to 1"),
        ("THREADS", "many", "integer"),
        ("CACHE_MAX_AGE", "-1", "greater than or equal to 0"),
        ("RESPONSE_CACHE_MB", "-1", "greater than or equal to 0"),
        ("PUBLIC_URL", "api.example.org", "Begin it with https://"),
        ("PUBLIC_URL", "ftp://api.example.org", "Begin it with https://"),
        ("PUBLIC_URL", "https://", "Begin it with https://"),
        ("PUBLIC_URL", "https://api.example.org/?a=1", "Begin it with https://"),
        ("LOG_FORMAT", "xml", "line, json"),
        ("DATABASE_URL", "", DATABASE),
        ("DATABASE_URL", "secret", DATABASE),
        ("DATABASE_URL", "mysql://user:secret@127.0.0.1/name", DATABASE),
        ("DATABASE_URL", "postgres://user:secret@127.0.0.1:port/name", DATABASE),
        ("DATABASE_REPLICA_URLS", "secret", DATABASE),
    ],
)
def test_a_setting_that_will_not_do_is_told(name, value, cure):
    done = start(["-m", "api", "--help"], **{name: value})
    assert done.returncode != 0
    told = done.stderr.strip().splitlines()[-1]
    assert name in told
    assert cure in told
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("PUBLIC_URL", "", ""),
        ("PUBLIC_URL", "https://api.example.org/", "https://api.example.org"),
        ("PUBLIC_URL", "http://[::1]:8000/below/", "http://[::1]:8000/below"),
        ("CACHE_MAX_AGE", "0", "0"),
        ("RESPONSE_CACHE_MB", "0", "0"),
    ],
)
def test_a_setting_that_will_do_is_taken(name, value, kept):
    done = start(["-c", f"from api.settings import {name}; print({name})"], **{name: value})
    assert (done.returncode, done.stdout.strip()) == (0, kept), done.stderr


def test_the_folder_for_figures_is_made_or_refused(tmp_path):
    folder = tmp_path / "to" / "be" / "made"
    assert start(["-m", "api", "--help"], METRICS_DIR=str(folder)).returncode == 0
    assert folder.is_dir()
    file = tmp_path / "file"
    file.touch()
    done = start(["-m", "api", "--help"], METRICS_DIR=str(file / "below"))
    assert done.returncode != 0
    assert "METRICS_DIR cannot be used" in done.stderr
