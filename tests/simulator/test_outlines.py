"""Every kind of transaction is among the outlines, and each outline is well formed."""

from collections import Counter
from random import Random

from monitor.simulator.chain_actors import make_actors
from monitor.simulator.outlines import make_outlines
from monitor.simulator.transactions import Outline

ACTORS = make_actors(1, 4)
OUTLINES = make_outlines(ACTORS, Random(1))


def writable(outline: Outline) -> set[int]:
    """Indexes of writable keys by the header's rule: readonly ones end the signed and the unsigned part."""
    required, readonly_signed, readonly_unsigned = outline.header
    static = len(outline.keys)
    signed = range(required - readonly_signed)
    unsigned = range(required, static - readonly_unsigned)
    return {*signed, *unsigned, *range(static, static + len(outline.loaded_writable))}


def test_outlines_follow_from_the_dice() -> None:
    again = make_outlines(make_actors(1, 4), Random(1))
    assert [each.addresses for each in again] == [each.addresses for each in OUTLINES]


def test_versions_and_failures_are_mixed() -> None:
    versions = Counter(each.version for each in OUTLINES)
    failed = sum(each.failure is not None for each in OUTLINES) / len(OUTLINES)
    assert versions.keys() == {"legacy", 0, 1}
    assert 0.2 < versions[0] / len(OUTLINES) < 0.36
    assert 0.12 < failed < 0.23


def test_signers_are_the_first_keys() -> None:
    for outline in OUTLINES:
        count = outline.header[0]
        assert tuple(signer.key for signer in outline.signers) == outline.keys[:count]


def test_no_key_occurs_twice_in_a_transaction() -> None:
    for outline in OUTLINES:
        assert len(set(outline.all_keys)) == len(outline.all_keys)


def test_only_writable_keys_are_written_or_moved() -> None:
    for outline in OUTLINES:
        moved = [*outline.lamport_movements, *outline.token_movements]
        touched = {number for move in moved for number in (move.source, move.target)}
        assert touched | set(outline.writes) <= writable(outline)
        assert touched <= set(outline.writes) | {0}


def test_instructions_name_keys_that_exist() -> None:
    for outline in OUTLINES:
        inner = [call for _, calls in outline.inner or () for call in calls]
        for call in [*outline.instructions, *inner]:
            assert max((call.program, *call.accounts)) < len(outline.all_keys)
        assert all(number < len(outline.instructions) for number, _ in outline.inner or ())
        assert all((call.stack_height or 0) >= 2 for call in inner)


def test_every_message_of_an_outline_can_differ() -> None:
    for outline in OUTLINES:
        assert any(call.blob == 0 for call in outline.instructions)


def test_all_keys_have_a_first_balance() -> None:
    lamports, tokens = ACTORS.balances()
    opened = {address for address, _ in [*lamports, *tokens]}
    for outline in OUTLINES:
        assert set(outline.all_keys) <= opened


def test_token_accounts_are_in_order_and_at_their_key() -> None:
    for outline in OUTLINES:
        numbers = [number for number, _ in outline.token_accounts]
        assert numbers == sorted(numbers)
        for number, account in outline.token_accounts:
            assert outline.all_keys[number] == account.address
