"""The real run of slots 55065000-55065099, served unmodified by three regions: every field of every transaction."""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.expected import stream
from tests.e2e.processes import Daemon, cluster, daemon, until
from tests.real_blocks import RUN_JSON, read_lines
from tests.real_mapping import expected_transaction, without_varying
from tests.shared_data import SHARED, needs_shared_data

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300), needs_shared_data]

LAST = 55_065_099

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


def test_all_88_blocks_and_34950_transactions_are_in_the_file(tmp_path: Path) -> None:
    options = ("--blocks", str(SHARED / RUN_JSON), "--start-when", "3", "--slot-time", "0.2")
    with cluster(tmp_path, *options) as regions:
        configuration = CONFIGURATION
        for name in ("ams", "nyc", "tyo"):
            configuration = configuration.replace(name.upper(), regions.addresses[name], 1)
        with daemon(tmp_path / "daemon", configuration) as running:
            until(lambda: _ended(running), patience=200)
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
