"""Reads use replicas, fall back when one is down, and never mix releases in a response."""

import json
import signal
import time
from collections import Counter
from contextlib import contextmanager

import psycopg
import pytest

from tests.operations import ask, operations
from tests.postgres import primary, replica
from tests.samples import DYAD, WORD
from tests.servers import load, serving

pytestmark = [pytest.mark.postgresql, pytest.mark.servers, pytest.mark.slow]
PATHS = ["/api/v1/release", "/api/v1/statements?page_size=3", f"/api/v1/search?q={WORD}",
         f"/api/v1/dyads/{DYAD}", "/api/v1/events?format=csv", "/"]  # fmt: skip
MARK = "words of the other release"


@pytest.fixture(scope="module")
def servers():
    """A primary with the dataset, and a replica that streams from it."""
    with primary() as first:
        load(first.url)
        with replica(first) as second:
            yield first, second


@pytest.fixture
def running(servers):
    """Both of them running and in sync, whatever the previous test did."""
    first, second = servers
    for one in servers:
        if not (one.data / "postmaster.pid").exists():
            one.start()
    level(first, second)
    return servers


def execute(server, query):
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def level(first, second):
    """Wait until the replica has replayed all that the primary has written."""
    if execute(second, "SELECT pg_is_wal_replay_paused()"):
        execute(second, "SELECT pg_wal_replay_resume()")
    written = execute(first, "SELECT pg_current_wal_lsn()")
    deadline = time.monotonic() + 60
    while not execute(second, f"SELECT pg_last_wal_replay_lsn() >= '{written}'"):
        assert time.monotonic() < deadline, "the replica does not follow"
        time.sleep(0.05)


def release(server, version):
    """Load another release: its row, and a record that tells it from the others."""
    with psycopg.connect(server.url) as connection:
        digest = version.replace(".", "") * 64
        connection.execute(
            "UPDATE policy_release SET version = %s, content_hash = %s", [version, digest[:64]]
        )
        connection.execute("UPDATE policy_statement SET summary = %s", [f"{MARK} {version}"])


@contextmanager
def served(first, *others, **settings):
    urls = ",".join(other.url for other in others)
    with serving(first.url, DATABASE_REPLICA_URLS=urls, RESPONSE_CACHE_MB="0", **settings) as at:
        yield at


def reads(server):
    """Return the number of transactions of the database; PostgreSQL reports it with a delay."""
    execute(server, "SELECT pg_stat_force_next_flush()")
    return execute(
        server, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname='demarche'"
    )


def all_good(address, rounds=3):
    for _ in range(rounds):
        for path in PATHS:
            answer = ask(address, path)
            assert answer.status == 200, (path, answer)


def test_every_operation_is_answered_by_the_replica(running):
    first, second = running
    with served(first, second) as address:
        before = reads(second)
        asked = 0
        for template, paths in operations(address).items():
            for path in paths[:3]:
                assert ask(address, path).status == 200, (template, path)
                asked += template != "/api/v1/codebook"  # which is part of the code
    # Connections tell what they did when they end.
    time.sleep(1)
    assert reads(second) - before >= asked


def test_while_the_replica_is_away_the_primary_answers(running):
    first, second = running
    with served(first, second) as address:
        all_good(address)
        second.stop()
        all_good(address)
        second.start()
        level(first, second)
        all_good(address)


def test_while_the_primary_is_away_the_replica_answers(running):
    first, second = running
    with served(first, second) as address:
        all_good(address)
        first.stop()
        all_good(address)
        assert ask(address, "/readyz").status == 200
        first.start()
        all_good(address)


def test_a_replica_that_is_away_from_the_start_is_done_without(running):
    first, second = running
    second.stop()
    with served(first, second) as address:
        all_good(address)
    second.start()
    first.stop()
    with served(first, second) as address:
        all_good(address)


def test_while_both_are_away_it_is_a_503_and_either_brings_it_back(running):
    first, second = running
    with served(first, second) as address:
        all_good(address, 1)
        first.stop()
        second.stop()
        for path in PATHS:
            answer = ask(address, path)
            assert (answer.status, answer.headers["retry-after"]) == (503, "5"), path
        for one in (second, first):
            one.start()
            deadline = time.monotonic() + 20
            while ask(address, "/api/v1/release").status != 200:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            all_good(address, 1)
            one.stop()


@pytest.mark.parametrize("frozen", [0, 1], ids=["primary", "replica"])
def test_one_that_is_frozen_is_done_without(running, frozen):
    with served(*running) as address:
        all_good(address, 1)
        running[frozen].signal(signal.SIGSTOP)
        try:
            all_good(address, 1)
            all_good(address, 3)
        finally:
            running[frozen].signal(signal.SIGCONT)
        all_good(address, 1)


def seen(answer):
    """Return the releases in a response: in its header, its body and its records."""
    assert answer.status == 200, answer
    page = json.loads(answer.body)
    marked = {record["summary"].removeprefix(f"{MARK} ") for record in page["results"]}
    return {answer.headers["dataset-version"], page["release"], *marked}


def test_a_replica_that_lags_never_mixes_releases(running):
    first, second = running
    path = "/api/v1/statements?page_size=5"
    with served(first, second) as address:
        release(first, "2.0.0")
        level(first, second)
        time.sleep(1.5)
        assert seen(ask(address, path)) == {"2.0.0"}
        following = json.loads(ask(address, path).body)["next"]
        following = following[following.index("/api/") :]
        execute(second, "SELECT pg_wal_replay_pause()")
        release(first, "3.0.0")
        told = Counter()
        for _ in range(60):
            (version,) = seen(ask(address, path))
            told[version] += 1
        # It noticed within a second, and then passed the replica over.
        time.sleep(1.5)
        assert [seen(ask(address, path)) for _ in range(20)] == [{"3.0.0"}] * 20
        assert set(told) <= {"2.0.0", "3.0.0"}
        assert ask(address, following).status == 410
        # Alone, the replica gives the older release, whole; and its pages may be walked.
        first.stop()
        assert [seen(ask(address, path)) for _ in range(20)] == [{"2.0.0"}] * 20
        assert seen(ask(address, following)) == {"2.0.0"}
        first.start()
        level(first, second)
        time.sleep(1.5)
        assert [seen(ask(address, path)) for _ in range(20)] == [{"3.0.0"}] * 20


def test_releases_that_follow_quickly_are_each_whole(running):
    first, second = running
    path = "/api/v1/statements?page_size=500"
    with served(first, second) as address:
        for number in range(10):
            release(first, f"4.{number}.0")
            for _ in range(10):
                assert len(seen(ask(address, path))) == 1
