import pytest

from monitor.adapters.grpc.parcels import (
    ParcelKind,
    Unpacking,
    of_closing,
    of_opening,
    of_request,
    of_taken,
    opening_of,
    taken_of,
)
from monitor.adapters.grpc.settings import GrpcSettings, Reader, Workers
from monitor.ports import Endpoint, FramesTaken, StreamEnded, StreamOpened, Taken

TAKEN: list[Taken] = [
    StreamOpened(3),
    FramesTaken(3, [(2**62, b"one"), (2**62 + 1, b""), (2**62 + 2, b"x" * 70_000)], 70_003),
    FramesTaken(4, [(-1, b"before the clock's zero")], 23),
    StreamEnded(3, "OUT_OF_RANGE", "broadcast from 5 is not available"),
]
WIRE = b"".join(map(of_taken, TAKEN))


@pytest.mark.parametrize("size", [1, 7, 13, 4_096, len(WIRE)])
def test_what_was_taken_comes_back_however_the_socket_cuts_it(size: int) -> None:
    unpacking = Unpacking()
    found = [
        taken_of(parcel)
        for start in range(0, len(WIRE), size)
        for parcel in unpacking.add(WIRE[start : start + size])
    ]
    assert [taken for taken, _ in found] == TAKEN
    assert [size for _, size in found] == [0, 70_003, 23, 0]


def test_parcel_that_is_not_whole_waits() -> None:
    unpacking = Unpacking()
    assert list(unpacking.add(WIRE[:-1])) != []
    assert list(unpacking.add(b"")) == []
    (last,) = unpacking.add(WIRE[-1:])
    assert last.kind == ParcelKind.ENDED


def test_opening_carries_endpoint_settings_and_request() -> None:
    endpoint = Endpoint("ams", "https://a:1", token="secret", ca_file="x.pem", max_streams=2)
    settings = GrpcSettings(reader=Reader.PLAIN, workers=Workers.PROCESS, max_message_mb=1.5)
    (parcel,) = Unpacking().add(of_opening(9, endpoint, settings, b"\x00request"))
    assert (parcel.kind, parcel.feed) == (ParcelKind.OPEN, 9)
    assert opening_of(parcel) == (endpoint, settings, b"\x00request")


def test_requests_and_closings_name_their_feed() -> None:
    parcels = list(Unpacking().add(of_request(1, b"filters") + of_closing(2)))
    assert [(each.kind, each.feed, each.body) for each in parcels] == [
        (ParcelKind.SEND, 1, b"filters"),
        (ParcelKind.CLOSE, 2, b""),
    ]
