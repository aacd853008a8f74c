"""Details of the protobuf form: amounts as texts, absent and present fields."""

import pytest

from monitor.core.chain import Kind
from monitor.simulator.encoding import Entry, Write, decimal_text, encode_entry, encode_write
from monitor.wire.pb import geyser_pb2
from tests.simulator.chains import canonical_banks, messages_of


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [(0, 6, "0"), (1, 6, "0.000001"), (1_500_000, 6, "1.5"), (20, 0, "20"), (1000, 2, "10")],
)
def test_amounts_are_written_without_zeros_at_the_end(
    amount: int, decimals: int, text: str
) -> None:
    assert decimal_text(amount, decimals) == text


def test_a_write_of_the_bank_has_no_signature() -> None:
    write = Write(b"p" * 32, b"o" * 32, 5, b"xyz", 7, 9, None)
    parsed = geyser_pb2.SubscribeUpdate.FromString(encode_write(11, write).body)
    account = parsed.account.account
    assert parsed.account.slot == 11
    assert not account.HasField("txn_signature")
    assert (account.pubkey, account.owner, account.data) == (b"p" * 32, b"o" * 32, b"xyz")
    assert (account.lamports, account.rent_epoch, account.write_version) == (5, 7, 9)


def test_an_entry_is_written_whole() -> None:
    parsed = geyser_pb2.SubscribeUpdate.FromString(
        encode_entry(11, Entry(2, 100, b"h" * 32, 4, 6)).body
    )
    expected = geyser_pb2.SubscribeUpdateEntry(
        slot=11,
        index=2,
        num_hashes=100,
        hash=b"h" * 32,
        executed_transaction_count=4,
        starting_transaction_index=6,
    )
    assert parsed.entry == expected


def test_bodies_are_the_bytes_of_the_messages() -> None:
    for _, update in canonical_banks()[5].updates:
        parsed = geyser_pb2.SubscribeUpdate.FromString(update.body)
        member = parsed.WhichOneof("update_oneof")
        assert member is not None
        assert getattr(parsed, member) == update.message
        assert update.slot == canonical_banks()[5].slot


def test_ui_amounts_agree_with_the_exact_ones() -> None:
    seen = set()
    for bank in canonical_banks()[:30]:
        for message in messages_of(bank, Kind.TRANSACTION):
            for balance in message.transaction.meta.post_token_balances:
                shown = balance.ui_token_amount
                assert shown.ui_amount == int(shown.amount) / 10**shown.decimals
                assert float(shown.ui_amount_string) == pytest.approx(shown.ui_amount)
                seen.add(shown.decimals)
    assert seen == {0, 5, 6, 9}
