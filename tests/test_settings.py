"""Invalid settings are refused at the start, by name and with the remedy."""

import os
import runpy
import subprocess
import sys
import traceback

import pytest
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from tests.conftest import ROOT

DATABASE = "leads to no database that can be used here: write postgres://"


pytestmark = pytest.mark.once


def start(**variables):
    """Start the server, only to print its options, with these variables in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "api", "--help"],
        cwd=ROOT, env={**os.environ, **variables},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def settings():
    """Evaluate the module of the settings in the present environment."""
    return runpy.run_path(ROOT / "api" / "settings.py")


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
        ("PUBLIC_URL", "https://api.example.org/a%20b", "leave out %"),
        ("LOG_FORMAT", "xml", "line, json"),
        ("DATABASE_URL", "", DATABASE),
        ("DATABASE_URL", "secret", DATABASE),
        ("DATABASE_URL", "mysql://user:secret@127.0.0.1/name", DATABASE),
        ("DATABASE_URL", "postgres://user:secret@127.0.0.1:port/name", DATABASE),
        ("DATABASE_URL", "sqlite:////srv/a#secret/b", "write %23 for #"),
        ("DATABASE_URL", "sqlite:////srv/a?secret/b", "%3F for ?"),
        ("DATABASE_REPLICA_URLS", "secret", DATABASE),
        ("ALLOWED_HOSTS", "a.example b.example", "write commas between"),
    ],
)
def test_an_invalid_setting_is_told(monkeypatch, name, value, cure):
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("SERVING", "true")
    with pytest.raises((ImproperlyConfigured, EnvError)) as caught:
        settings()
    told = "".join(traceback.format_exception(caught.value))
    assert name in told.splitlines()[-1]
    assert cure in told.splitlines()[-1]
    assert "secret" not in told


@pytest.mark.parametrize(
    "urls", [("sqlite:///a", "postgres://a@b/c"), ("postgres://a@b/c", "sqlite:///a")]
)
def test_replicas_need_postgresql(monkeypatch, urls):
    for name, value in zip(("DATABASE_URL", "DATABASE_REPLICA_URLS"), urls, strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SERVING", "true")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_REPLICA_URLS needs PostgreSQL"):
        settings()


def test_an_invalid_setting_keeps_the_server_from_starting():
    done = start(DATABASE_URL="secret")
    assert done.returncode != 0
    assert DATABASE in done.stderr.strip().splitlines()[-1]
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("PUBLIC_URL", "", ""),
        ("PUBLIC_URL", "https://api.example.org/", "https://api.example.org"),
        ("PUBLIC_URL", "http://[::1]:8000/below/", "http://[::1]:8000/below"),
        ("ALLOWED_HOSTS", "a.example, b.example ,", ["a.example", "b.example"]),
        ("CACHE_MAX_AGE", "0", 0),
        ("RESPONSE_CACHE_MB", "0", 0),
    ],
)
def test_a_valid_setting_is_taken(monkeypatch, name, value, kept):
    monkeypatch.setenv(name, value)
    assert settings()[name] == kept


@pytest.mark.parametrize("serving", [True, False])
def test_only_what_serves_has_figures(monkeypatch, tmp_path, serving):
    monkeypatch.setenv("METRICS_DIR", str(tmp_path))
    monkeypatch.setenv("SERVING", str(serving))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "as it was")
    assert settings()["METRICS_DIR"] == (str(tmp_path) if serving else "")


def test_the_folder_for_figures_is_made_or_refused(tmp_path):
    folder = tmp_path / "to" / "be" / "made"
    assert start(METRICS_DIR=str(folder)).returncode == 0
    assert folder.is_dir()
    file = tmp_path / "file"
    file.touch()
    done = start(METRICS_DIR=str(file / "below"))
    assert done.returncode != 0
    assert "METRICS_DIR cannot be used" in done.stderr
