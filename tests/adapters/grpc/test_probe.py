import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent import futures

import anyio
import grpc
import pytest

from monitor.adapters.grpc.probe import Probed, Refusal, ask_floor, probe
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.wire.pb import geyser_pb2
from tests.adapters.grpc.servers import endpoint, until_gone, unused_port
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time

Answer = Callable[[bytes, grpc.ServicerContext], bytes]


@contextlib.contextmanager
def answering(version: Answer, replay: Answer, slot: Answer | None = None) -> Iterator[int]:
    """A server with these calls."""
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "GetVersion": grpc.unary_unary_rpc_method_handler(version),
        "SubscribeReplayInfo": grpc.unary_unary_rpc_method_handler(replay),
    }
    if slot is not None:
        methods["GetSlot"] = grpc.unary_unary_rpc_method_handler(slot)
    with futures.ThreadPoolExecutor(4) as pool:
        handler = grpc.method_handlers_generic_handler("geyser.Geyser", methods)
        server = grpc.server(pool, [handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(None).wait()


def version(_request: bytes, context: grpc.ServicerContext) -> bytes:
    if dict(context.invocation_metadata()).get("x-token") != "open sesame":
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "No valid auth token")
    return geyser_pb2.GetVersionResponse(version='{"version":{}}').SerializeToString()


def from_nine(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    return geyser_pb2.SubscribeReplayInfoResponse(first_available=9).SerializeToString()


def at_forty(request: bytes, _context: grpc.ServicerContext) -> bytes:
    """The newest processed slot; another level is another answer."""
    asked = geyser_pb2.GetSlotRequest.FromString(request)
    is_processed = asked.HasField("commitment") and asked.commitment == geyser_pb2.PROCESSED
    return geyser_pb2.GetSlotResponse(slot=40 if is_processed else 8).SerializeToString()


def nothing(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    return b""


def garbage(_request: bytes, _context: grpc.ServicerContext) -> bytes:
    return b"\xff\xff\xff"


def unknown(_request: bytes, context: grpc.ServicerContext) -> bytes:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, "")
    return b""


def mute(_request: bytes, context: grpc.ServicerContext) -> bytes:
    until_gone(context)
    return b""


async def test_both_answers_come_as_plain_values() -> None:
    with answering(version, from_nine) as port:
        found = await probe(endpoint(port, token="open sesame"), GrpcSettings(), PATIENCE)
    assert found == Probed('{"version":{}}', 9)


async def test_the_tip_and_the_time_of_an_answer_come_with_them() -> None:
    with answering(version, from_nine, at_forty) as port:
        found = await probe(endpoint(port, token="open sesame"), GrpcSettings(), PATIENCE)
    assert found.tip == 40
    assert found.latency is not None
    assert found.latency > 0.0


async def test_an_answer_that_is_no_slot_is_no_tip() -> None:
    with answering(version, from_nine, garbage) as port:
        found = await probe(endpoint(port, token="open sesame"), GrpcSettings(), PATIENCE)
    assert found.tip is None


async def test_the_floor_alone_is_one_call() -> None:
    with answering(mute, from_nine) as port:
        assert await ask_floor(endpoint(port), GrpcSettings(), PATIENCE) == 9
    with answering(mute, nothing) as port:
        assert await ask_floor(endpoint(port), GrpcSettings(), PATIENCE) is None
    with answering(mute, unknown) as port:
        assert await ask_floor(endpoint(port), GrpcSettings(), PATIENCE) == Refusal(
            "UNIMPLEMENTED", ""
        )
    with answering(mute, mute) as port:
        found = await ask_floor(endpoint(port), GrpcSettings(), 0.1)
    assert isinstance(found, Refusal)
    assert found.code == "DEADLINE_EXCEEDED"
    unusable = await ask_floor(endpoint(unused_port(), token="a\n"), GrpcSettings(), PATIENCE)
    assert isinstance(unusable, Refusal)
    assert unusable.code == "UNAUTHENTICATED"


async def test_server_without_replay_says_so_by_leaving_the_slot_out() -> None:
    with answering(version, nothing) as port:
        found = await probe(endpoint(port, token="open sesame"), GrpcSettings(), PATIENCE)
    assert found.first_available is None


async def test_each_refusal_stands_for_its_own_call() -> None:
    with answering(version, unknown) as port:
        found = await probe(endpoint(port), GrpcSettings(), PATIENCE)
    assert found == Probed(
        Refusal("UNAUTHENTICATED", "No valid auth token"), Refusal("UNIMPLEMENTED", "")
    )


async def test_answers_that_are_no_messages_are_refusals() -> None:
    with answering(garbage, garbage) as port:
        found = await probe(endpoint(port), GrpcSettings(), PATIENCE)
    refusal = Refusal("INTERNAL", "the answer is no protobuf message of this service")
    assert found == Probed(refusal, refusal)


async def test_mute_server_costs_one_deadline() -> None:
    with answering(mute, from_nine) as port:
        found = await probe(endpoint(port), GrpcSettings(), 0.1)
    assert isinstance(found.version, Refusal)
    assert found.version.code == "DEADLINE_EXCEEDED"
    assert found.first_available == found.version


async def test_cancelled_probe_ends_its_thread_long_before_the_deadline() -> None:
    asked = threading.Event()

    def ask_and_wait(request: bytes, context: grpc.ServicerContext) -> bytes:
        asked.set()
        return mute(request, context)

    with answering(ask_and_wait, from_nine) as port:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(probe, endpoint(port), GrpcSettings(), 3600)
            await anyio.to_thread.run_sync(asked.wait)
            tasks.cancel_scope.cancel()
        with anyio.fail_after(PATIENCE):
            while anyio.to_thread.current_default_thread_limiter().borrowed_tokens:  # noqa: ASYNC110 (a thread's end has no event)
                await anyio.sleep(0.01)


async def test_unreachable_and_unusable_endpoints_are_refusals() -> None:
    found = await probe(endpoint(unused_port()), GrpcSettings(), PATIENCE)
    assert isinstance(found.version, Refusal)
    assert found.version.code == "UNAVAILABLE"
    unusable = await probe(endpoint(unused_port(), token="a\n"), GrpcSettings(), PATIENCE)
    assert isinstance(unusable.version, Refusal)
    assert unusable.version.code == "UNAUTHENTICATED"
