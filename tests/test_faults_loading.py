"""Killed loads and readers during reloads, fewer than ``make faults`` has of them."""

from tests.faults_loading import killed_loads, readers_during_reloads


def test_a_killed_load_leaves_one_release_whole(tmp_path, django_db_blocker):
    with django_db_blocker.unblock():
        row = killed_loads(tmp_path, 10)
    assert sum(row.outcomes.values()) == 10
    assert any(outcome.startswith("killed") for outcome in row.outcomes)


def test_readers_see_one_release_at_a_time(tmp_path, django_db_blocker):
    with django_db_blocker.unblock():
        row = readers_during_reloads(tmp_path, 20)
    assert sum(row.outcomes.values()) > 20
