"""The real run of slots 55065000-55065099, served unmodified by three regions: every field of every transaction."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.e2e.expected import stream
from tests.e2e.processes import Daemon, cluster, daemon, until
from tests.real_blocks import RUN_JSON, read_lines
from tests.real_mapping import expected_transaction, without_varying
from tests.shared_data import SHARED, needs_shared_data

pytestmark = [pytest.mark.real_time, needs_shared_data]

FIRST, LAST = 55_065_000, 55_065_099

CONFIGURATION = """\
profile: balanced
state_dir: {dir}/state
endpoints:
  - {name: ams, url: "AMS"}
  - {name: nyc, url: "NYC"}
  - {name: tyo, url: "TYO"}
monitors:
  - {name: all, transactions: {}}
  - {name: chain, slots: {}, blocks_meta: {}}
sinks:
  - {name: file, kind: jsonl, monitors: [all, chain], path: "{dir}/events.jsonl", rotate_mb: 64}
api: {listen: "127.0.0.1:0"}
"""


def _ended(running: Daemon) -> bool:
    last = f'"id":"{LAST}:slot:finalized"'.encode()
    return running.events.exists() and last in running.events.read_bytes()[-200_000:]


def _certificates(running: Daemon) -> list[dict[str, Any]]:
    status, body = running.get(f"/api/v1/slots?from={FIRST}&to={LAST + 1}")
    assert status == 200
    return [orjson.loads(line) for line in body.splitlines()]


def _are_proven(certificates: list[dict[str, Any]]) -> None:
    """Every slot by what the real blocks are: 88 held whole, and 12 that a block's parent link jumps over."""
    blocks = dict(read_lines(RUN_JSON))
    assert [told["slot"] for told in certificates] == list(range(FIRST, LAST + 1))
    assert Counter(told["state"] for told in certificates) == {"complete": 88, "skipped": 12}
    for told in certificates:
        block = blocks.get(told["slot"])
        if block is None:
            child = min(slot for slot in blocks if slot > told["slot"])
            assert (told["state"], told["proof"]) == ("skipped", f"parent link of {child}")
            continue
        assert (told["blockhash"], told["parent_slot"]) == (block["blockhash"], block["parentSlot"])
        assert told["block_height"] is None
        assert told["proof"].startswith(f"{len(block['transactions'])} transactions counted")
        assert {source["transactions"] for source in told["sources"]} == {
            len(block["transactions"])
        }
        assert told["missed_by"] == []


def test_all_88_blocks_are_proven_and_their_34950_transactions_are_in_the_file(
    tmp_path: Path,
) -> None:
    options = ("--blocks", str(SHARED / RUN_JSON), "--start-when", "3", "--slot-time", "0.2")
    with cluster(tmp_path, *options) as regions:
        configuration = CONFIGURATION
        for name in ("ams", "nyc", "tyo"):
            configuration = configuration.replace(name.upper(), regions.addresses[name], 1)
        with daemon(tmp_path / "daemon", configuration) as running:
            until(lambda: _ended(running), patience=200)
            until(lambda: len(_certificates(running)) == LAST + 1 - FIRST)
            _are_proven(_certificates(running))
            coverage = orjson.loads(running.get("/api/v1/status")[1])["coverage"]
            assert coverage == {"complete": 88, "produced": 88, "counted_by": "parent_slot"}
            assert running.stop() == 0
    events = stream(running.directory)
    found = {event["id"]: event for event in events}
    kinds = Counter(event["kind"] for event in events)
    assert len(found) == len(events)
    assert kinds == {"transaction": 34_950, "block_meta": 88, "slot": 3 * 88}
    for slot, block in read_lines(RUN_JSON):
        meta = found[f"{slot}:block_meta:{block['blockhash']}"]
        assert meta["parent_slot"] == block["parentSlot"]
        assert meta["parent_blockhash"] == block["previousBlockhash"]
        assert meta["block_time"] == block["blockTime"]
        assert meta["executed_transaction_count"] == len(block["transactions"])
        for index, transaction in enumerate(block["transactions"]):
            signature = transaction["transaction"]["signatures"][0]
            record = found[f"{slot}:transaction:{signature}"]
            wanted = expected_transaction(slot, block["blockhash"], index, transaction)
            assert without_varying(record) == wanted
