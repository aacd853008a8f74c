"""The unary calls of a server (PROTOCOL 1): answered from raw statuses, without waiting for whole blocks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from google.protobuf.message import DecodeError, Message

from monitor.core.chain import Commitment
from monitor.simulator.families import Manners
from monitor.simulator.refused import Refused
from monitor.wire.pb import geyser_pb2

_KEPT_BELOW_FINALIZED: Final = 3
_BLOCKHASHES_NEEDED: Final = 332
_BLOCKHASHES_KEPT: Final = 364
"""Guessed; the server keeps a little more than it needs."""

_BLOCK_METHODS: Final = ("GetLatestBlockhash", "GetBlockHeight", "GetSlot", "IsBlockhashValid")

NOTHING_STORED: Final = 2**64 - 1
"""first_available before the first whole block."""


@dataclass(slots=True)
class _Known:
    meta: Any = None
    levels: set[Commitment] = field(default_factory=set)


class UnaryStorage:
    """The newest slots, and recent blockhashes with the levels that they have reached."""

    def __init__(self) -> None:
        self._slots: dict[int, _Known] = {}
        self._newest: dict[Commitment, int] = {}
        self._blockhashes: dict[str, set[Commitment]] = {}

    def meta(self, message: Any) -> None:
        """A BlockMeta came."""
        known = self._slots.setdefault(message.slot, _Known())
        known.meta = message
        self._blockhashes[message.blockhash] = known.levels
        while len(self._blockhashes) > _BLOCKHASHES_KEPT:
            del self._blockhashes[next(iter(self._blockhashes))]

    def reached(self, slot: int, level: Commitment) -> None:
        """The validator named a level of a slot."""
        self._slots.setdefault(slot, _Known()).levels.add(level)
        self._newest[level] = max(slot, self._newest.get(level, slot))
        if level is Commitment.FINALIZED:
            oldest = self._newest[level] - _KEPT_BELOW_FINALIZED
            for old in [old for old in self._slots if old < oldest]:
                del self._slots[old]

    def newest(self, level: Commitment) -> Any:
        """The BlockMeta of the newest slot of this level. Raises Refused while there is none."""
        known = self._slots.get(self._newest.get(level, -1))
        if known is None or known.meta is None:
            raise Refused("INTERNAL", "block is not available yet")
        return known.meta

    def is_valid(self, blockhash: str, level: Commitment) -> bool:
        """Whether the blockhash was seen with this level. Raises Refused until enough are stored."""
        if len(self._blockhashes) < _BLOCKHASHES_NEEDED:
            raise Refused("INTERNAL", "startup")
        return level in self._blockhashes.get(blockhash, ())


class UnaryCalls:
    """Answers by method name."""

    def __init__(
        self,
        hostname: str,
        storage: Callable[[], UnaryStorage],
        available: Callable[[], int | None],
        manners: Manners,
        *,
        disabled: bool = False,
    ) -> None:
        """`available` gives the oldest slot that can be replayed, NOTHING_STORED, or None when replay is off.

        `disabled` turns off the four methods about blocks.
        """
        self._disabled = frozenset(_BLOCK_METHODS if disabled else ())
        self._hostname = hostname
        self._storage = storage
        self._available = available
        self._manners = manners
        self._methods: Mapping[str, tuple[type[Message], Callable[[Any], Message]]] = {
            "Ping": (geyser_pb2.PingRequest, _pong),
            "GetVersion": (geyser_pb2.GetVersionRequest, self._version),
            "SubscribeReplayInfo": (geyser_pb2.SubscribeReplayInfoRequest, self._replay_info),
            "GetSlot": (geyser_pb2.GetSlotRequest, self._slot),
            "GetBlockHeight": (geyser_pb2.GetBlockHeightRequest, self._block_height),
            "GetLatestBlockhash": (geyser_pb2.GetLatestBlockhashRequest, self._latest_blockhash),
            "IsBlockhashValid": (geyser_pb2.IsBlockhashValidRequest, self._is_blockhash_valid),
        }

    def answer(self, method: str, request: bytes) -> bytes:
        """The encoded response. Raises Refused."""
        if method not in self._methods:
            raise Refused("UNIMPLEMENTED", "")
        if method in self._disabled:
            raise Refused("UNIMPLEMENTED", "method disabled")
        kind, respond = self._methods[method]
        try:
            message = kind.FromString(request)
        except DecodeError as wrong:
            raise Refused("INTERNAL", f"failed to decode Protobuf message: {wrong}") from wrong
        return respond(message).SerializeToString()

    def _version(self, _request: object) -> Message:
        about = {
            "version": {
                "package": self._manners.package,
                "version": self._manners.version,
                "proto": self._manners.proto,
                "solana": self._manners.solana,
                "git": "simulated",
                "rustc": "",
                "buildts": "",
            },
            "extra": {"hostname": self._hostname},
        }
        return geyser_pb2.GetVersionResponse(version=orjson.dumps(about).decode())

    def _replay_info(self, _request: object) -> Message:
        return geyser_pb2.SubscribeReplayInfoResponse(first_available=self._available())

    def _slot(self, request: Any) -> Message:
        return geyser_pb2.GetSlotResponse(slot=self._storage().newest(_level(request)).slot)

    def _block_height(self, request: Any) -> Message:
        height = _height(self._storage().newest(_level(request)))
        return geyser_pb2.GetBlockHeightResponse(block_height=height)

    def _latest_blockhash(self, request: Any) -> Message:
        meta = self._storage().newest(_level(request))
        return geyser_pb2.GetLatestBlockhashResponse(
            slot=meta.slot,
            blockhash=meta.blockhash,
            last_valid_block_height=_height(meta) + self._manners.blockhash_life,
        )

    def _is_blockhash_valid(self, request: Any) -> Message:
        level, storage = _level(request), self._storage()
        valid = storage.is_valid(request.blockhash, level)
        return geyser_pb2.IsBlockhashValidResponse(slot=storage.newest(level).slot, valid=valid)


def _pong(request: Any) -> Message:
    return geyser_pb2.PongResponse(count=request.count)


def _height(meta: Any) -> int:
    if not meta.HasField("block_height"):
        raise Refused("INTERNAL", "failed to build response")
    return int(meta.block_height.block_height)


def _level(request: Any) -> Commitment:
    try:
        return Commitment(request.commitment)
    except ValueError as wrong:
        text = f"failed to create CommitmentLevel from {request.commitment}"
        raise Refused("UNKNOWN", text) from wrong
