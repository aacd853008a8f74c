"""A JSON-RPC node without sockets: a body goes in, and out comes what is sent back, and when.

Envelopes, batches and their errors are here, and where faults strike; what a method means is `rpc_methods`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from math import ceil, inf
from typing import Any, Final

import orjson

from monitor.simulator.accounts import Accounts
from monitor.simulator.rpc_bodies import BlockBodies, BlockBody, body_of
from monitor.simulator.rpc_faults import (
    BROKEN,
    ERROR_MESSAGES,
    NO_META,
    NO_RESULT,
    TOO_MANY_DATED,
    RpcFaults,
)
from monitor.simulator.rpc_lies import tell_false_states, tell_lie
from monitor.simulator.rpc_methods import RpcError, RpcMethods, told
from monitor.simulator.view import ChainView

LARGEST_BODY: Final = 50 * 1024
"""Bytes, as the real server's (BACKFILL 2); a batch is one body."""

_JSON: Final = "application/json; charset=utf-8"
_PAUSE: Final = 1.0
"""Seconds for which `errors 429` wants to be left alone."""
_HTML: Final = (
    b"<html><head><title>500 Internal Server Error</title></head><body>nginx</body></html>"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client gets."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds until it is sent; infinite for never."""
    sent: int | None = None
    """Bytes of the body after which the connection breaks; None: all come. With status 0 not even a head does."""


class RpcNode:
    """One node. `now` never goes back from one request to the next."""

    def __init__(
        self,
        view: ChainView,
        accounts: Accounts,
        bodies: BlockBodies,
        faults: RpcFaults,
        *,
        utc_offset: float = 0.0,
    ) -> None:
        """`view` is this node's own. `now + utc_offset` is seconds since 1970."""
        self.name: Final = faults.name
        self.faults: Final = faults
        self._view = view
        self._bodies = bodies
        self.utc_offset: Final = utc_offset
        self._now = 0.0
        self._methods = RpcMethods(view, accounts, lambda: self._now)

    def apply(self, fault: str, argument: str | None = None) -> str:
        """Do it; returns what was done, for a person. Raises ValueError saying what is allowed."""
        text = self.faults.apply(fault, argument)
        state = self.faults.state
        self._view.fall_back(state.behind, state.pruned, state.lack)
        return text

    def ask(self, method: str, params: list[Any], now: float) -> Answer:
        """One call, answered uncompressed."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self.post(orjson.dumps(call), now)

    def post(self, body: bytes, now: float, *, takes_gzip: bool = False) -> Answer:
        """A request with this body."""
        self._now = now
        if self.faults.state.killed:
            return Answer(0, b"", sent=0)
        wait = self.faults.arrive(now)
        if wait > 0:
            return self._throttle(str(ceil(wait)))
        if len(body) > LARGEST_BODY:
            return Answer(413, b"Request body is too large")
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _json(_error(None, RpcError(-32700, "Parse error")))
        attempt = self.faults.attempt(_subject(asked))
        met = self.faults.http_error(attempt)
        if met is None or met == "cut":
            answer = self._answer(asked, attempt, takes_gzip)
            sent = None if met is None else len(answer.body) // 2
            return Answer(answer.status, answer.body, answer.headers, self.faults.state.slow, sent)
        return self._fail(met)

    def _fail(self, met: str) -> Answer:
        match met:
            case "mute":
                return Answer(0, b"", delay=inf)
            case str() if met == BROKEN:
                return Answer(500, _HTML, {"content-type": "text/html"})
            case str() if met == TOO_MANY_DATED:
                until = ceil(self._now + self.utc_offset + _PAUSE)
                return self._throttle(formatdate(until, usegmt=True))
            case _:
                return self._throttle(str(ceil(_PAUSE)))

    def _throttle(self, retry_after: str) -> Answer:
        refused = _error(None, RpcError(429, "Too many requests"))
        headers = {"content-type": _JSON, "retry-after": retry_after}
        return Answer(429, orjson.dumps(refused), headers)

    def _answer(self, asked: Any, attempt: str, takes_gzip: bool) -> Answer:
        if isinstance(asked, list):
            if not asked:
                return _json(_error(None, RpcError(-32600, "Invalid request")))
            answers = [self._call(call, attempt) for call in asked]
            return _json([_plain(answer) for answer in answers if answer is not None])
        answer = self._call(asked, attempt)
        match answer:
            case (BlockBody() as block, call_id) if takes_gzip:
                headers = {"content-type": _JSON, "content-encoding": "gzip"}
                return Answer(200, block.gzipped(call_id), headers)
            case (BlockBody() as block, call_id):
                return Answer(200, block.plain(call_id), {"content-type": _JSON})
            case _:
                return _json(answer)

    def _call(self, call: Any, attempt: str) -> dict[str, Any] | tuple[BlockBody, Any] | None:
        match call:
            case {"jsonrpc": "2.0", "method": str(method), **rest}:
                call_id, params = rest.get("id"), rest.get("params") or []
            case _:
                call_id = call.get("id") if isinstance(call, dict) else None
                return _error(call_id, RpcError(-32600, "Invalid request"))
        try:
            if not isinstance(params, list):
                raise RpcError(-32602, "`params` should be an array")
            if method == "getBlock":
                block = self._block(params, attempt)
                if block is not None:
                    return (block, call_id) if "id" in rest else None
                result = None
            else:
                result = self._methods.answer(method, params)
                if method == "getMultipleAccounts" and self.faults.lies_about_states(attempt):
                    tell_false_states(result)
        except RpcError as refused:
            return _error(call_id, refused) if "id" in rest else None
        return {"jsonrpc": "2.0", "result": result, "id": call_id} if "id" in rest else None

    def _block(self, params: list[Any], attempt: str) -> BlockBody | None:
        """The block, or something else about it; None for `null`. Raises RpcError."""
        bank, form = self._methods.block(params)
        met = self.faults.block_error(attempt)
        if met == NO_RESULT:
            return None
        if met is not None and met != NO_META:
            text = ERROR_MESSAGES[int(met)].format(slot=bank.slot)
            raise RpcError(int(met), text)
        body = told(lambda: self._bodies.get(bank, form))
        lie = self.faults.lie(bank.slot)
        if form.details != "full" or (lie is None and met is None):
            return body
        result = body.result()
        place = self.faults.place(bank.slot, len(result["transactions"]))
        if met is not None:
            for transaction in result["transactions"][place : place + 1]:
                transaction["meta"] = None
        else:
            tell_lie(str(lie), result, place)
        return body_of(result)


def _subject(asked: Any) -> str:
    """What a request is about, of a batch the first call."""
    call = asked[0] if isinstance(asked, list) and asked else asked
    match call:
        case {"method": "getBlock", "params": [int(slot), *_]}:
            return str(slot)
        case {"method": str(method)}:
            return method
        case _:
            return ""


def _plain(answer: dict[str, Any] | tuple[BlockBody, Any]) -> Any:
    match answer:
        case (block, call_id):
            return orjson.Fragment(block.plain(call_id))
        case _:
            return answer


def _json(answer: Any) -> Answer:
    """Nothing at all for notifications, which have no id."""
    return Answer(200, orjson.dumps(answer) if answer else b"", {"content-type": _JSON})


def _error(call_id: Any, refused: RpcError) -> dict[str, Any]:
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if refused.facts is not None:
        error["data"] = refused.facts
    return {"jsonrpc": "2.0", "error": error, "id": call_id}
