"""How the server behaves while its database, its machine or its clients fail, briefly each.

``make faults`` runs the same for longer and measures the times. The only time that is asserted here
is that no response takes longer than a client would wait.
"""

import logging

import pytest

from api.serving.logs import RepeatedWarningFilter
from tests import faults_postgres, faults_requests, faults_rows, faults_sqlite, releases
from tests.conftest import engine
from tests.faults_loading import killed_loads, readers_during_reloads
from tests.postgres import primary
from tests.servers import load
from tests.traffic import during, serving

pytestmark = [pytest.mark.servers, pytest.mark.slow]
POSTGRES = engine() == "postgresql"
FAULTS = faults_postgres.FAULTS if POSTGRES else faults_sqlite.FAULTS
SECONDS = 1


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A database for the faults: the URL to serve from, and its faults."""
    folder = tmp_path_factory.mktemp("harmed")
    if not POSTGRES:
        with faults_rows.befallen(folder, None) as made:
            yield made
        return
    with primary(max_connections="60") as server, faults_rows.befallen(folder, server) as made:
        yield made


@pytest.fixture(scope="module")
def service(database, tmp_path_factory):
    """A real server on that database, with two workers."""
    with serving(database[0], tmp_path_factory.mktemp("log")) as running:
        running.until(200)
        running.learn()
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The URL of a database with a long list of statements."""
    folder = tmp_path_factory.mktemp("large")
    with releases.database(folder, "large") as url:
        yield load(url, faults_requests.big(folder, 500))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_503_and_passes(service, database, name):
    # Who asks first waits for two seconds, and must be seen to have been told that it was in vain.
    waited = ("frozen", "stopped at once, and started", "no connection left")
    # A lock must last longer than the second for which a reader waits for it.
    seconds = 4 if name in waited else 2 if "locked" in name else SECONDS
    row = faults_rows.checked(during(name, service, database[1][name](), seconds))
    assert row.slowest < 15


def test_odd_and_slow_clients_keep_nobody_from_being_served(service):
    faults_requests.oversized(service, SECONDS)
    faults_requests.slow_clients(service, 100, SECONDS)


def test_a_worker_that_is_killed_comes_back(service):
    faults_requests.worker_killed(service, SECONDS)


def test_the_serving_process_cannot_write_and_ends_a_query_without_end(service, database):
    faults_requests.writes_refused(database[0])
    faults_requests.slow_query(database[0])


def test_no_answer_is_cut_short_unseen_by_sigterm(large, tmp_path):
    faults_requests.terminated(large, tmp_path)


def test_without_a_temporary_folder_whole_lists_are_given_too(large, tmp_path):
    faults_requests.no_room(large, tmp_path, SECONDS)


@pytest.mark.skipif(POSTGRES, reason="PostgreSQL has no file of ours")
@pytest.mark.parametrize("case", ["missing", "waiting", "read-only"])
def test_a_file_that_is_not_as_it_should_be_from_the_start(tmp_path, case):
    if case == "missing":
        faults_rows.missing_at_start(tmp_path / "late")
    elif case == "waiting":
        faults_rows.waiting_for_a_writer(tmp_path / "rollback", 4)
    else:
        faults_rows.read_only(tmp_path / "readable", SECONDS)


def test_the_log_says_the_same_warning_once_in_a_while(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("api.serving.logs.monotonic", lambda: now[0])
    sparing = RepeatedWarningFilter()

    def written(message: str, level: int = logging.WARNING) -> str | None:
        record = logging.LogRecord("api", level, "", 0, "%s", (message,), None)
        return record.getMessage() if sparing.filter(record) else None

    assert written("away") == "away"
    assert [written("away") for _ in range(3)] == [None] * 3
    assert written("another") == "another"
    refusal = logging.LogRecord("django.request", logging.ERROR, "", 0, "Unavailable", (), None)
    refusal.status_code = 503
    assert not sparing.filter(refusal)
    assert [written("a defect", logging.ERROR) for _ in range(2)] == ["a defect"] * 2
    now[0] += 11
    assert written("away") == "away (and 3 times before)"
    for number in range(300):
        assert written(f"cause {number}")
    assert len(sparing._written) <= 100


def test_a_killed_load_leaves_one_release_whole(tmp_path, django_db_blocker):
    with django_db_blocker.unblock():
        row = killed_loads(tmp_path, 4)
    assert sum(row.outcomes.values()) == 4
    assert any(outcome.startswith("killed") for outcome in row.outcomes)


def test_readers_see_one_release_at_a_time(tmp_path, django_db_blocker):
    with django_db_blocker.unblock():
        row = readers_during_reloads(tmp_path, 4, readers=2)
    assert sum(row.outcomes.values()) > 4
