from monitor.adapters.grpc.calls import MAX_PINGS, Outgoing, is_ping
from tests.adapters.grpc.servers import ping, request


def test_latest_unsent_request_wins() -> None:
    outgoing = Outgoing(request(1))
    outgoing.put(request(2))
    outgoing.put(request(3))
    assert outgoing.next() == request(3)
    assert outgoing.next() is None


def test_pings_queue_behind_the_request_and_are_not_unsaid() -> None:
    outgoing = Outgoing()
    outgoing.put(ping(1))
    outgoing.put(request(2))
    outgoing.put(ping(3))
    outgoing.put(request(4))
    assert [outgoing.next() for _ in range(4)] == [request(4), ping(1), ping(3), None]


def test_oldest_pings_are_dropped() -> None:
    outgoing = Outgoing()
    for number in range(MAX_PINGS + 2):
        outgoing.put(ping(number))
    assert outgoing.next() == ping(2)


def test_ping_is_told_from_a_request() -> None:
    assert is_ping(ping(1))
    assert not is_ping(request(1))
    assert not is_ping(b"")
