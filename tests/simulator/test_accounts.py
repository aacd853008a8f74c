from monitor.core.chain import Commitment, Kind
from monitor.simulator.accounts import Accounts
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.sysvars import CLOCK
from monitor.simulator.view import ChainView
from monitor.wire.pb import geyser_pb2


def cluster_view() -> tuple[GeneratedChain, ChainView]:
    chain = GeneratedChain(
        2, ChainSettings(votes=4, transactions=6, account_writes=30, skipped=0.0)
    )
    return chain, ChainView(chain, 1.0, 0.0)


def last_writes(chain: GeneratedChain, first: int, last: int) -> dict[bytes, tuple[int, bytes]]:
    """(lamports, data) by pubkey, from the canonical blocks of the slots first..last, the last write of each."""
    held: dict[bytes, tuple[int, bytes]] = {}
    for number in range(first, last + 1):
        for bank in chain.slot(number).banks:
            messages = [
                update.message.account
                for _, update in bank.updates
                if bank.canonical
                and update.kind is Kind.ACCOUNT
                and isinstance(update.message, geyser_pb2.SubscribeUpdateAccount)
            ]
            for account in sorted(messages, key=lambda each: each.write_version):
                held[account.pubkey] = (account.lamports, account.data)
    return held


def test_before_the_first_block_nothing_is_known() -> None:
    _, view = cluster_view()

    assert Accounts(view).at(Commitment.CONFIRMED, -1.0) == (0, {})


def test_the_state_is_the_last_write_on_the_chain() -> None:
    chain, view = cluster_view()

    slot, state = Accounts(view).at(Commitment.CONFIRMED, 60.0)

    expected = last_writes(chain, chain.first_slot, slot)
    assert {key: (each.lamports, each.data) for key, each in state.items()} == expected


def test_folding_finalized_blocks_changes_nothing_but_the_work() -> None:
    chain, view = cluster_view()
    accounts = Accounts(view)
    for number in range(chain.first_slot, chain.first_slot + 20):
        bank = view.block(number, Commitment.FINALIZED, 60.0)
        if bank is not None:
            accounts.settle(bank)

    assert accounts.at(Commitment.PROCESSED, 60.0) == Accounts(view).at(Commitment.PROCESSED, 60.0)


def test_a_block_that_is_folded_in_twice_changes_nothing() -> None:
    chain, view = cluster_view()
    accounts = Accounts(view)
    accounts.at(Commitment.FINALIZED, 60.0)
    old = view.block(chain.first_slot, Commitment.FINALIZED, 60.0)
    assert old is not None
    before = accounts.at(Commitment.CONFIRMED, 60.0)

    accounts.settle(old)

    assert accounts.at(Commitment.CONFIRMED, 60.0) == before


def test_every_block_writes_the_clock() -> None:
    _, view = cluster_view()
    accounts = Accounts(view)

    early, late = (accounts.at(Commitment.PROCESSED, now)[1][CLOCK].data for now in (10.0, 20.0))

    assert int.from_bytes(early[:8], "little") < int.from_bytes(late[:8], "little")


def test_a_node_behind_reads_what_was_so_although_later_blocks_are_folded_in() -> None:
    chain, view = cluster_view()
    behind = ChainView(chain, 1.0, 0.0)
    behind.fall_back(50)
    accounts = Accounts(view)
    for number in range(chain.first_slot, chain.first_slot + 60):
        bank = view.block(number, Commitment.FINALIZED, 100.0)
        if bank is not None:
            accounts.settle(bank)

    slot, state = accounts.at(Commitment.CONFIRMED, 100.0, behind)

    assert slot < chain.first_slot + 50
    assert {key: (each.lamports, each.data) for key, each in state.items()} == last_writes(
        chain, chain.first_slot, slot
    )
