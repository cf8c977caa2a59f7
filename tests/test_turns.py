"""Turns: few answers at a time where that is quicker, and none that waits for slow ones."""

import time
from contextlib import ExitStack
from threading import Thread

import pytest

from api.serving import turns

pytestmark = pytest.mark.once


def test_as_many_short_answers_are_made_at_once_as_there_are_places():
    making, most, done = [], [], []

    def answer():
        with turns.short_answer("topic=x"):
            making.append(1)
            most.append(len(making))
            time.sleep(0.005)
            making.pop()
        done.append(1)

    threads = [Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(done) == 8
    assert max(most) == 2


@pytest.mark.parametrize("query", ["topic=x", "page_size=1&q=x", "facets=topic"])
def test_answers_that_take_long_keep_a_short_one_waiting_for_a_moment_alone(query):
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(turns.short_answer("q=slow"))
        assert turns.answering.acquire(blocking=False), "those that may take long take no place"
        stack.callback(turns.answering.release)
        stack.enter_context(turns.short_answer("topic=x"))
        began = time.monotonic()
        with turns.short_answer(query):
            waited = time.monotonic() - began
    assert (waited >= turns.PATIENCE) == (query == "topic=x")
    assert waited < 1


def test_a_place_is_given_back_by_an_answer_that_fails():
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.short_answer("topic=x"):
            raise ZeroDivisionError
    with turns.short_answer(""), turns.short_answer(""):
        assert not turns.answering.acquire(blocking=False)


def test_on_postgresql_as_many_are_made_as_there_are_threads(monkeypatch):
    monkeypatch.setattr(turns, "ON_SQLITE", False)
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(turns.short_answer("topic=x"))
        assert turns.answering.acquire(blocking=False)
        turns.answering.release()
