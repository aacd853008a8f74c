"""Votes have the vote program's layouts."""

from monitor.simulator.chain_actors import VOTE_PROGRAM, Validator
from monitor.simulator.signing import Signer
from monitor.simulator.votes import tower_sync, vote_account_content, vote_outline


def test_a_tower_sync_reads_back() -> None:
    raw = tower_sync(1000, b"h" * 32, 1_700_000_000, b"b" * 32)
    assert raw[:4] == b"\x0e\0\0\0"
    root = int.from_bytes(raw[4:12], "little")
    count = raw[12]
    lockouts = [(raw[at], raw[at + 1]) for at in range(13, 13 + 2 * count, 2)]
    assert root + sum(step for step, _ in lockouts) == 1000
    assert [confirmations for _, confirmations in lockouts] == list(range(31, 0, -1))
    rest = raw[13 + 2 * count :]
    assert rest[:32] == b"h" * 32
    assert (rest[32], int.from_bytes(rest[33:41], "little")) == (1, 1_700_000_000)
    assert rest[41:] == b"b" * 32


def test_a_vote_account_holds_node_and_tower() -> None:
    raw = vote_account_content(b"n" * 32, 1000)
    assert len(raw) == 3762
    assert raw[4:36] == b"n" * 32
    assert int.from_bytes(raw[69:77], "little") == 31
    assert int.from_bytes(raw[78 + 30 * 13 : 86 + 30 * 13], "little") == 1000


def test_votes_are_simple() -> None:
    outline = vote_outline(Validator(Signer(b"i" * 32), b"v" * 32))
    assert (outline.version, len(outline.signers), len(outline.instructions)) == ("legacy", 1, 1)
    assert outline.keys[outline.instructions[0].program] == VOTE_PROGRAM
    assert outline.is_vote
