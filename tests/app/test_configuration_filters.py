import base64
from pathlib import Path

import pytest

from monitor.core.chain import Commitment
from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    BlocksFilter,
    BlocksMetaFilter,
    DataSlice,
    DeshredFilter,
    EntryFilter,
    Lamports,
    Memcmp,
    Monitor,
    SlotsFilter,
    TokenAccounts,
    TransactionsFilter,
)
from tests.app.configurations import KEY, LEAST, SIGNATURE, SYSTEM_PROGRAM, loaded, mistakes


def monitor(directory: Path, filters: str) -> Monitor:
    (found,) = loaded(directory, f"{LEAST}monitors: [{{name: m, {filters}}}]\n").monitors
    return found


def wrong(directory: Path, filters: str) -> list[str]:
    told = mistakes(directory, f"{LEAST}monitors: [{{name: m, {filters}}}]\n")
    return [line.removeprefix("2: monitors[0]") for line in told]


FULL_TRANSACTIONS = TransactionsFilter(
    vote=False,
    failed=True,
    signature=SIGNATURE,
    account_include=(KEY, SYSTEM_PROGRAM),
    account_exclude=(KEY,),
    account_required=(SYSTEM_PROGRAM,),
    token_accounts=TokenAccounts.BALANCE_CHANGED,
)


@pytest.mark.parametrize("kind", ["transactions", "transactions_status"])
def test_transactions_take_yellowstones_words(tmp_path: Path, kind: str) -> None:
    found = monitor(
        tmp_path,
        f"{kind}: {{vote: false, failed: true, signature: '{SIGNATURE}', "
        f"account_include: [{KEY}, {SYSTEM_PROGRAM}], account_exclude: [{KEY}], "
        f"account_required: [{SYSTEM_PROGRAM}], token_accounts: balance_changed}}",
    )

    assert getattr(found, kind) == FULL_TRANSACTIONS
    assert monitor(tmp_path, f"{kind}: {{}}") in (
        Monitor("m", transactions=TransactionsFilter()),
        Monitor("m", transactions_status=TransactionsFilter()),
    )


def test_token_accounts_of_all_is_not_the_absent_option(tmp_path: Path) -> None:
    found = monitor(tmp_path, "transactions: {token_accounts: all}")

    assert found.transactions == TransactionsFilter(token_accounts=TokenAccounts.ALL)


def test_accounts_take_yellowstones_words(tmp_path: Path) -> None:
    found = monitor(
        tmp_path,
        f"accounts: {{account: [{KEY}], owner: [{SYSTEM_PROGRAM}], nonempty_txn_signature: true, "
        "filters: [{memcmp: {offset: 4, base58: 2g}}, {datasize: 165}, "
        "{token_account_state: true}, {lamports: {gt: 18446744073709551615}}]}, "
        "data_slices: [{offset: 0, length: 8}, {offset: 8, length: 1}], every_write: true, "
        "commitment: processed",
    )

    assert found == Monitor(
        "m",
        commitment=Commitment.PROCESSED,
        accounts=AccountsFilter(
            account=(KEY,),
            owner=(SYSTEM_PROGRAM,),
            state=AccountState(
                memcmp=(Memcmp(4, b"\x61"),),
                datasize=165,
                token_account_state=True,
                lamports=(Lamports("gt", 2**64 - 1),),
            ),
            nonempty_txn_signature=True,
        ),
        data_slices=(DataSlice(0, 8), DataSlice(8, 1)),
        every_write=True,
    )


@pytest.mark.parametrize("spelling", ["base58: 2g", "base64: YQ==", "bytes: [97]"])
def test_memcmp_has_three_spellings(tmp_path: Path, spelling: str) -> None:
    found = monitor(tmp_path, f"accounts: {{filters: [{{memcmp: {{offset: 0, {spelling}}}}}]}}")

    assert found.accounts is not None
    assert found.accounts.state.memcmp == (Memcmp(0, b"a"),)


@pytest.mark.parametrize("comparison", ["eq", "ne", "lt", "gt"])
def test_lamports_have_four_comparisons(tmp_path: Path, comparison: str) -> None:
    found = monitor(tmp_path, f"accounts: {{filters: [{{lamports: {{{comparison}: 0}}}}]}}")

    assert found.accounts is not None
    assert found.accounts.state.lamports == (Lamports(comparison, 0),)


def test_the_other_kinds_take_yellowstones_words(tmp_path: Path) -> None:
    assert monitor(
        tmp_path,
        "slots: {filter_by_commitment: true, interslot_updates: true}, blocks_meta: {}, entry: {}, "
        f"blocks: {{account_include: [{KEY}], include_transactions: false, "
        "include_accounts: true, include_entries: true}",
    ) == Monitor(
        "m",
        slots=SlotsFilter(filter_by_commitment=True, interslot_updates=True),
        blocks=BlocksFilter(
            account_include=(KEY,),
            include_transactions=False,
            include_accounts=True,
            include_entries=True,
        ),
        blocks_meta=BlocksMetaFilter(),
        entry=EntryFilter(),
    )
    assert monitor(tmp_path, "blocks: {}").blocks == BlocksFilter()
    assert monitor(tmp_path, "slots: {}").slots == SlotsFilter()


def test_deshred_takes_what_can_be_known_before_the_execution(tmp_path: Path) -> None:
    found = monitor(
        tmp_path,
        f"deshred: {{vote: false, account_include: [{KEY}], account_exclude: [{SYSTEM_PROGRAM}], "
        f"account_required: [{KEY}]}}",
    )

    assert found.deshred == DeshredFilter(False, (KEY,), (SYSTEM_PROGRAM,), (KEY,))
    assert monitor(tmp_path, "deshred: {}") == Monitor("m", deshred=DeshredFilter())


def test_deshred_alone_has_no_commitment(tmp_path: Path) -> None:
    assert wrong(tmp_path, "deshred: {}, commitment: processed") == [
        ".commitment: says nothing of deshred, which has none; "
        "remove commitment, or add another filter"
    ]
    assert monitor(tmp_path, "deshred: {}, slots: {}, commitment: processed").slots is not None


LONG = base64.b64encode(bytes(129)).decode()
FIVE = ", ".join(["{token_account_state: true}"] * 5)


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        (
            "transactions: {signature: abc}",
            ".transactions.signature: is no signature; "
            "copy the signature again: 64 bytes, up to 88 base58 characters",
        ),
        (
            "transactions: {token_accounts: ALL}",
            ".transactions.token_accounts: is none of the words known here; "
            "write all or balance_changed",
        ),
        (
            "transactions: {vote: yes}",
            ".transactions.vote: is neither true nor false; write true or false",
        ),
        (
            f"transactions: {{account_include: {KEY}}}",
            ".transactions.account_include: is no list; "
            "write [item, item], or lines that begin with -",
        ),
        (
            "transactions: {account_inclde: []}",
            ".transactions.account_inclde: is no key of this place; did you mean account_include?",
        ),
        (
            "transactions: {cuckoo_account_include: {}}",
            ".transactions.cuckoo_account_include: is made by the daemon, of long lists, "
            "where the server reads it; remove the key and list the public keys",
        ),
        (
            "accounts: {cuckoo_accounts_filter: {}}",
            ".accounts.cuckoo_accounts_filter: is made by the daemon, of long lists, "
            "where the server reads it; remove the key and list the public keys",
        ),
        (
            "deshred: {failed: false}",
            ".deshred.failed: is no key of this place; "
            "known are account_exclude, account_include, account_required, vote",
        ),
        (
            f"accounts: {{filters: [{FIVE}]}}",
            ".accounts.filters: has 5 filters; servers take 4; keep 4, or use a second monitor",
        ),
        (
            "accounts: {filters: [{datasize: 1}, {datasize: 2}]}",
            ".accounts.filters: has datasize more than once; keep one",
        ),
        (
            "accounts: {filters: [{datasize: 1, token_account_state: true}]}",
            ".accounts.filters[0]: is no filter; "
            "write exactly one of memcmp, datasize, token_account_state and lamports",
        ),
        (
            "accounts: {filters: [{token_account_state: false}]}",
            ".accounts.filters[0].token_account_state: is none of the words known here; write true",
        ),
        (
            "accounts: {filters: [{lamports: {gt: 1, lt: 2}}]}",
            ".accounts.filters[0].lamports: is no comparison; "
            "write exactly one of eq, ne, lt and gt",
        ),
        (
            "accounts: {filters: [{lamports: {gt: 18446744073709551616}}]}",
            ".accounts.filters[0].lamports.gt: is more than 18446744073709551615; "
            "write a smaller number",
        ),
        (
            "accounts: {filters: [{memcmp: {offset: 0}}]}",
            ".accounts.filters[0].memcmp: does not say what to compare with; "
            "write exactly one of base58, base64 and bytes",
        ),
        (
            "accounts: {filters: [{memcmp: {offset: -1, bytes: [256]}}]}",
            ".accounts.filters[0].memcmp.bytes[0]: is more than 255; write a smaller number",
        ),
        (
            "accounts: {filters: [{memcmp: {offset: 0, base58: '0'}}]}",
            ".accounts.filters[0].memcmp: is no base58; copy the text again",
        ),
        (
            "accounts: {filters: [{memcmp: {offset: 0, base64: 'Y'}}]}",
            ".accounts.filters[0].memcmp: is no base64; copy the text again",
        ),
        (
            f"accounts: {{filters: [{{memcmp: {{offset: 0, base64: '{LONG}'}}}}]}}",
            ".accounts.filters[0].memcmp: compares more than 128 bytes; compare a shorter part",
        ),
        (
            "accounts: {}, data_slices: [{offset: 8, length: 8}, {offset: 0, length: 8}]",
            ".data_slices: overlaps or is out of order at offset 0; "
            "write the slices by rising offset, none into the next",
        ),
        (
            "accounts: {}, data_slices: [{offset: 0, length: 9}, {offset: 8, length: 8}]",
            ".data_slices: overlaps or is out of order at offset 8; "
            "write the slices by rising offset, none into the next",
        ),
        (
            "slots: {}, commitment: rooted",
            ".commitment: is none of the words known here; write processed, confirmed or finalized",
        ),
    ],
)
def test_what_a_server_would_refuse_is_refused_here(
    tmp_path: Path, filters: str, told: str
) -> None:
    assert told in wrong(tmp_path, filters)
