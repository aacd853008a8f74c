"""RPCs of another machine, as near as one machine comes: a process of their own, below all others in priority.

Every getBlock body of the chain's past is fetched from a simulated RPC before anything is measured, and answered from
memory then; whatever else is asked goes on to that RPC. A line for each port is printed when the bodies are there.
"""

import argparse
import asyncio
import os
from collections.abc import Sequence
from typing import Any, Final
from urllib.request import Request, urlopen

import orjson

NICENESS: Final = 10
USUAL: Final = {
    "encoding": "base64",
    "transactionDetails": "full",
    "maxSupportedTransactionVersion": 1,
    "rewards": True,
    "commitment": "confirmed",
}
"""What the daemon asks for, too."""
PATIENCE: Final = 60.0
_GZIP: Final = b"\x1f\x8b"
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class FarRpc:
    """Answers on one port."""

    def __init__(self, behind: str, bodies: dict[int, bytes]) -> None:
        """`behind`: the RPC that knows the rest. `bodies`: by slot, the gzipped answer but for its id."""
        self._behind = behind
        self._bodies = bodies

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        try:
            while True:
                head = await reader.readuntil(_HEAD_END)
                body = await reader.readexactly(_length(head))
                answer, encoding = await self._answer(body)
                writer.write(_head(len(answer), encoding) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, body: bytes) -> tuple[bytes, bytes]:
        call = orjson.loads(body)
        if call["method"] == "getBlock" and call["params"][0] in self._bodies:
            return self._bodies[call["params"][0]], b"content-encoding: gzip\r\n"
        return await asyncio.to_thread(_ask, self._behind, body), b""


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    raise ValueError("a request without a length")


def _head(length: int, encoding: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        + encoding
        + b"content-length: %d\r\n\r\n" % length
    )


def _ask(rpc: str, body: bytes, encoding: str = "identity") -> bytes:
    headers = {"content-type": "application/json", "accept-encoding": encoding}
    with urlopen(Request(rpc, body, headers), timeout=PATIENCE) as found:
        answer: bytes = found.read()
    return answer


def call(rpc: str, method: str, *params: Any) -> Any:
    """The result of one call; None where there is none."""
    asked = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return orjson.loads(_ask(rpc, asked)).get("result")


def bodies_of(rpc: str, first: int) -> dict[int, bytes]:
    """Gzipped answers of all slots from `first` to the tip, by slot; of those that hold a block."""
    found: dict[int, bytes] = {}
    tip = first
    while first <= tip:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "getBlock", "params": [first, USUAL]}
        body = _ask(rpc, orjson.dumps(asked), "gzip")
        if body.startswith(_GZIP):
            found[first] = body
        first += 1
        tip = call(rpc, "getSlot", {"commitment": "confirmed"})
    return found


async def serve(behind: str, first: int, rpcs: int) -> None:
    """Until the process ends."""
    far = FarRpc(behind, bodies_of(behind, first))
    for _ in range(rpcs):
        server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("behind", help="URL of the simulated RPC")
    parser.add_argument("first", type=int, help="slot")
    parser.add_argument("rpcs", type=int, help="ports to answer on")
    given = parser.parse_args(arguments)
    os.nice(NICENESS)
    asyncio.run(serve(given.behind, given.first, given.rpcs))


if __name__ == "__main__":
    main()
