"""Fields of block metas in records: what a server did not tell, and what it told as zero."""

import json
from typing import Any

from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import geyser_record_pb2 as read
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.record_fields import block_meta_json


def _meta_fields(meta: pb.SubscribeUpdateBlockMeta) -> dict[str, Any]:
    raw = meta.SerializeToString()
    end = block_meta_json(read.SubscribeUpdateBlockMeta.FromString(raw))
    fields: dict[str, Any] = json.loads(b"{" + end)
    return fields


def test_a_reward_of_a_type_to_come_is_shown_by_number() -> None:
    meta = pb.SubscribeUpdateBlockMeta()
    # Written as bytes: the type checker knows the named values alone, the wire takes any.
    meta.rewards.rewards.append(storage.Reward.FromString(b"\x20\x06"))
    assert _meta_fields(meta)["rewards"][0]["reward_type"] == "unknown(6)"


def test_block_time_and_height_zero_are_values() -> None:
    meta = pb.SubscribeUpdateBlockMeta(
        block_time=storage.UnixTimestamp(), block_height=storage.BlockHeight()
    )
    fields = _meta_fields(meta)
    assert fields["block_time"] == 0
    assert fields["block_height"] == 0
