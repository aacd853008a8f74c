"""A client of a simulated region: asks, takes frames, and tells them in few words."""

from collections.abc import Mapping
from typing import Any

from monitor.core.chain import SlotStatus
from monitor.simulator.model import Chain
from monitor.simulator.region import Region, RegionSettings
from monitor.simulator.session import Session
from monitor.wire.pb import geyser_pb2

EPOCH = 1_795_000_000.0
"""The utc_offset of the regions of tests: `now` 0 is this second."""


def make_region(chain: Chain, *, seed: int = 1, **settings: Any) -> Region:
    """Slot time 1 unless told; the first slot begins at 0."""
    chosen = RegionSettings(**{"slot_time": 1.0, **settings})
    return Region("ams", chain, chosen, seed=seed, started_at=0.0, utc_offset=EPOCH)


def request_all(level: int = 0, from_slot: int | None = None) -> geyser_pb2.SubscribeRequest:
    """Everything of every kind, under the name of its kind."""
    request = geyser_pb2.SubscribeRequest(commitment=geyser_pb2.CommitmentLevel.ValueType(level))
    request.accounts["account"].SetInParent()
    request.slots["slot"].interslot_updates = True
    request.transactions["transaction"].SetInParent()
    request.transactions_status["status"].SetInParent()
    request.entry["entry"].SetInParent()
    request.blocks["block"].include_accounts = True
    request.blocks_meta["meta"].SetInParent()
    if from_slot is not None:
        request.from_slot = from_slot
    return request


def subscribe(
    region: Region,
    request: geyser_pb2.SubscribeRequest,
    now: float = 0.0,
    metadata: Mapping[str, str] | None = None,
) -> Session:
    session = region.open(metadata or {}, now)
    session.receive(request.SerializeToString(), now)
    return session


def updates(session: Session) -> list[geyser_pb2.SubscribeUpdate]:
    """All that is queued, pings left out."""
    taken: list[geyser_pb2.SubscribeUpdate] = []
    while frames := session.frames(7):
        taken += map(geyser_pb2.SubscribeUpdate.FromString, frames)
    return [update for update in taken if not update.HasField("ping")]


def told(update: geyser_pb2.SubscribeUpdate) -> str:
    """As `100 tx 0`, `100 CONFIRMED`, `100 meta`."""
    match update.WhichOneof("update_oneof"):
        case "transaction":
            return f"{update.transaction.slot} tx {update.transaction.transaction.index}"
        case "transaction_status":
            return f"{update.transaction_status.slot} status {update.transaction_status.index}"
        case "account":
            info = update.account.account
            return f"{update.account.slot} write {info.pubkey[0]} v{info.write_version}"
        case "entry":
            return f"{update.entry.slot} entry {update.entry.index}"
        case "block":
            return f"{update.block.slot} block"
        case "block_meta":
            return f"{update.block_meta.slot} meta"
        case "slot":
            return f"{update.slot.slot} {SlotStatus(update.slot.status).name}"
        case "pong":
            return f"pong {update.pong.id}"
        case other:
            return str(other)


def story(session: Session) -> list[str]:
    """What the session has queued, told."""
    return [told(update) for update in updates(session)]
