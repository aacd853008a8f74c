import socket

import pytest

from monitor.simulator.connections import break_connections
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


def test_accepted_connections_of_the_port_break_and_no_others() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as doomed,
        socket.create_server(("127.0.0.1", 0)) as spared,
        socket.create_connection(doomed.getsockname(), timeout=PATIENCE) as lost,
        socket.create_connection(spared.getsockname(), timeout=PATIENCE) as kept,
        doomed.accept()[0],
        spared.accept()[0] as speaker,
    ):
        broken = break_connections(doomed.getsockname()[1])
        speaker.sendall(b"x")

        assert broken == 1
        assert lost.recv(1) == b""
        assert kept.recv(1) == b"x"


def test_the_listening_socket_itself_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert break_connections(listening.getsockname()[1]) == 0

        with socket.create_connection(listening.getsockname(), timeout=PATIENCE):
            listening.accept()[0].close()
