"""JSON-RPC over a real socket: envelopes, batches, limits."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from monitor.core.errors import SimulatorFailed
from monitor.simulator.accounts import Accounts
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.rpc import HOST, LARGEST_BODY, listen_rpc, serve_rpc
from monitor.simulator.rpc_methods import RpcMethods
from monitor.simulator.view import ChainView

pytestmark = pytest.mark.real_time


@contextmanager
def node() -> Iterator[http.client.HTTPConnection]:
    chain = GeneratedChain(1, ChainSettings(votes=2, transactions=1, account_writes=6))
    view = ChainView(chain, 1.0, 0.0)
    methods = RpcMethods(view, Accounts(view), lambda: 60.0)
    with listen_rpc(0) as listening, start_blocking_portal("asyncio") as portal:
        serving = portal.start_task_soon(serve_rpc, methods, listening)
        connection = http.client.HTTPConnection(HOST, listening.getsockname()[1], timeout=5)
        yield connection
        connection.close()
        serving.cancel()


def post(connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
    connection.request("POST", "/", body, {"content-type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read()


def ask(connection: http.client.HTTPConnection, body: Any) -> Any:
    status, answer = post(connection, json.dumps(body).encode())
    assert status == 200
    return json.loads(answer)


def call(method: str, *params: Any, call_id: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": list(params)}


def test_a_call_is_answered_under_its_id() -> None:
    with node() as connection:
        assert ask(connection, call("getHealth", call_id="x")) == {
            "jsonrpc": "2.0",
            "result": "ok",
            "id": "x",
        }


def test_params_may_be_left_out() -> None:
    with node() as connection:
        answer = ask(connection, {"jsonrpc": "2.0", "id": 1, "method": "getSlot"})

    assert answer["result"] > 300_000_000


def test_a_refusal_carries_its_facts() -> None:
    with node() as connection:
        answer = ask(connection, call("getSlot", {"minContextSlot": 1 << 40}))

    assert answer["error"]["code"] == -32016
    assert answer["error"]["data"]["contextSlot"] > 300_000_000
    assert "result" not in answer


def test_a_batch_is_answered_call_by_call() -> None:
    with node() as connection:
        answers = ask(connection, [call("getHealth", call_id=1), 7, call("dance", call_id=2)])

    assert [answer["id"] for answer in answers] == [1, None, 2]
    assert answers[0]["result"] == "ok"
    assert [answer["error"]["code"] for answer in answers[1:]] == [-32600, -32601]


def test_a_notification_gets_no_answer() -> None:
    with node() as connection:
        status, body = post(connection, b'{"jsonrpc": "2.0", "method": "getHealth"}')

    assert (status, body) == (200, b"")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"{", -32700, "Parse error"),
        (b"[]", -32600, "Invalid request"),
        (b"7", -32600, "Invalid request"),
        (b'{"id": 1, "method": "getHealth"}', -32600, "Invalid request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', -32600, "Invalid request"),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "dance"}', -32601, "Method not found"),
        (
            b'{"jsonrpc": "2.0", "id": 1, "method": "getBlock", "params": {"slot": 1}}',
            -32602,
            "`params` should be an array",
        ),
    ],
)
def test_malformed_calls(body: bytes, code: int, message: str) -> None:
    with node() as connection:
        status, answer = post(connection, body)

    assert status == 200
    assert json.loads(answer)["error"] == {"code": code, "message": message}


def test_a_body_over_the_limit_is_refused_whole() -> None:
    padding = b" " * LARGEST_BODY
    with node() as connection:
        status, _ = post(connection, json.dumps(call("getHealth")).encode() + padding)
        again, _ = post(connection, json.dumps(call("getHealth")).encode())

    assert (status, again) == (413, 200)


def test_health_can_be_read_with_get() -> None:
    with node() as connection:
        connection.request("GET", "/health")
        response = connection.getresponse()

        assert (response.status, response.read()) == (200, b"ok")


def test_a_taken_port_is_refused_with_the_remedy() -> None:
    with listen_rpc(0) as listening:
        with pytest.raises(SimulatorFailed, match="is taken; choose others with --ports"):
            listen_rpc(listening.getsockname()[1])
