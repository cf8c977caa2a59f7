"""Clients that do not take the whole list that they asked for: nothing is held for them."""

import socket
from contextlib import ExitStack

import pytest

from api.formats import transfers
from api.serving.sockets import STALLED, drop_stalled

pytestmark = pytest.mark.once


def test_a_list_that_is_taken_too_slowly_is_broken_off(monkeypatch):
    closed = []
    with ExitStack() as stack:
        stack.callback(closed.append, "closed")
        transfer = transfers.Transfer(iter([b"a", b"b", b"c"]), stack.pop_all())
    pieces = iter(transfer)
    assert next(pieces) == b"a"
    assert not closed
    monkeypatch.setattr(transfers, "GRACE", -1)
    with pytest.raises(TimeoutError):
        next(pieces)
    assert closed == ["closed"]


def test_a_list_that_is_not_sent_is_closed():
    closed = []
    stack = ExitStack()
    stack.callback(closed.append, "closed")
    transfers.Transfer([b"a"], stack).close()
    assert closed == ["closed"]


@pytest.mark.slow
def test_the_system_drops_clients_that_stop_reading():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, listening.accept()[0] as ours:
            drop_stalled(port)
            option = socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT
            assert ours.getsockopt(*option) == STALLED * 1000
            assert client.getsockopt(*option) == 0
