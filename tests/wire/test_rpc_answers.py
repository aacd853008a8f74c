"""Answers of JSON-RPC servers: every row of the table, vendors' rewrites, statuses, pauses."""

import json
from typing import Any

import pytest

from monitor.core.rungs import Verdict
from monitor.wire.rpc_answers import Refusal, refusal, retry_after

UTC = 1_795_000_000.0


def answered(body: Any, status: int = 200, **headers: str) -> Refusal | None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal(status, headers, raw, UTC)


def failing(code: Any, message: str = "", **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message, **more}, "id": 1}


NODE = [
    (-32001, "Block 5 cleaned up, does not exist on node. First available block: 77", "cannot"),
    (-32004, "Block not available for slot 5", "not_yet"),
    (-32005, "Node is behind by 200 slots", "not_yet"),
    (
        -32007,
        "Slot 5 was skipped, or missing due to ledger jump to recent snapshot",
        "skipped_claim",
    ),
    (-32008, "No snapshot", "cannot"),
    (-32009, "Slot 5 was skipped, or missing in long-term storage", "skipped_claim"),
    (-32010, "key excluded from account secondary indexes", "cannot"),
    (-32011, "Transaction history is not available from this node", "cannot"),
    (-32012, "scan error: aborted", "failed"),
    (-32014, "Block status not yet available for slot 5", "not_yet"),
    (-32015, "Transaction version (1) is not supported by the requesting client", "ours"),
    (-32016, "Minimum context slot has not been reached", "not_yet"),
    (-32017, "Epoch rewards period still active", "failed"),
    (-32018, "Rewards cannot be found because slot 5 is not the epoch boundary", "failed"),
    (-32019, "Failed to query long-term storage; please try again", "failed"),
    (-32020, "Transaction not found", "failed"),
    (-32021, "Slot 5 history is not available from this node", "cannot"),
    (-32600, "Invalid request", "ours"),
    (-32601, "Method not found", "cannot"),
    (-32602, "Method does not support commitment below `confirmed`", "ours"),
    (-32603, "Internal error", "failed"),
    (-32700, "Parse error", "ours"),
    (429, "slow down", "throttled"),
    (-32429, "slow down", "throttled"),
    (-32029, "slow down", "throttled"),
]


@pytest.mark.parametrize(("code", "message", "verdict"), NODE, ids=[str(row[0]) for row in NODE])
def test_every_code_of_the_table(code: int, message: str, verdict: str) -> None:
    told = answered(failing(code, message))
    assert told is not None
    assert (told.verdict, told.word) == (Verdict(verdict), str(code))
    assert told.is_ours_to_cure is told.is_of_method is (code in {-32011, -32601})
    assert told.message == message


@pytest.mark.parametrize("code", [row[0] for row in NODE])
def test_a_code_is_understood_without_its_words_and_as_text(code: int) -> None:
    bare = answered({"jsonrpc": "2.0", "error": {"code": str(code)}, "id": 1})
    whole = answered(failing(code, "", data={"numSlotsBehind": None}))
    assert bare is not None
    assert bare == whole


REWRITTEN: list[tuple[Any, str, str]] = [
    (-32007, "50/second request limit reached - reduce calls per second", "throttled"),
    (-32005, "limit exceeded", "throttled"),
    (-32000, "Too many requests", "throttled"),
    (-32603, "Rate limit hit", "throttled"),
    (-32012, "You've exceeded the RPS limit available on the current plan.", "throttled"),
    (-32000, "out of credits", "throttled"),
    (
        -32000,
        "Slot 9 was skipped, or missing due to ledger jump to recent snapshot",
        "skipped_claim",
    ),
    (-32603, "missing in long-term storage", "skipped_claim"),
    (-32000, "Block 5 cleaned up. First available block: 80", "cannot"),
    (-32000, "Block not available for slot 9", "not_yet"),
    (-32099, "Block status not yet available", "not_yet"),
    (-32000, "Minimum context slot has not been reached", "not_yet"),
    (-32000, "transaction history is not available", "cannot"),
    (12, "the method is disabled", "cannot"),
    (-32000, "Transaction version (1) is not supported", "ours"),
    (-32602, "BigTable query timed out", "failed"),
    (-32603, "upstream timeout", "failed"),
    (-32000, "Invalid API key", "cannot"),
    (None, "Unauthorized", "cannot"),
    (-32000, "something else", "failed"),
    (4711, "generate limits", "failed"),
    ([], "no number", "failed"),
]


@pytest.mark.parametrize(("code", "message", "verdict"), REWRITTEN)
def test_words_tell_what_a_proxy_hides_under_another_code(
    code: Any, message: str, verdict: str
) -> None:
    told = answered(failing(code, message))
    assert told is not None
    assert told.verdict is Verdict(verdict)


def test_codes_that_nobody_knows_share_a_word() -> None:
    for code in (4711, -32098, None):
        told = answered(failing(code, "hm"))
        assert told is not None
        assert (told.word, told.verdict) == ("other", Verdict.FAILED)


def test_the_first_slot_that_is_kept_is_read_out_of_the_words() -> None:
    told = answered(failing(-32001, "Block 5 cleaned up. First available block: 361774429"))
    assert told is not None
    assert told.first_available == 361_774_429
    silent = answered(failing(-32001, "gone"))
    assert silent is not None
    assert silent.first_available is None
    elsewhere = answered(failing(-32004, "First available block: 5"))
    assert elsewhere is not None
    assert elsewhere.first_available is None


def test_an_error_may_be_a_bare_text() -> None:
    told = answered({"error": "Too Many Requests"})
    assert told is not None
    assert told.verdict is Verdict.THROTTLED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b'{"jsonrpc": "2.0", "id": 1}',
        b'{"error": [1]}',
        b'{"result": {"blockhash": "x", ',
        b"\xff\xfe",
        b"12",
    ],
)
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    told = answered(body)
    assert told is not None
    assert (told.verdict, told.word) == (Verdict.FAILED, "malformed")


def test_null_is_neither_a_block_nor_a_skip() -> None:
    told = answered({"jsonrpc": "2.0", "result": None, "id": 1})
    assert told is not None
    assert (told.verdict, told.word) == (Verdict.NOT_YET, "null")


def test_a_block_whose_statuses_are_not_written_yet_is_no_block() -> None:
    whole = [{"meta": {"err": None}}, {"meta": {"err": None}}]
    assert answered({"result": {"transactions": whole}, "id": 1}) is None
    told = answered({"result": {"transactions": [*whole, {"meta": None}]}, "id": 1})
    assert told is not None
    assert (told.verdict, told.word) == (Verdict.NOT_YET, "meta null")


@pytest.mark.parametrize(
    "result", [5, [], {}, {"value": [None]}, {"transactions": None}, {"transactions": [5]}]
)
def test_a_result_is_for_its_reader_to_judge(result: Any) -> None:
    assert answered({"result": result, "error": None, "id": 1}) is None


STATUSES = [
    (400, "ours"),
    (401, "cannot"),
    (402, "cannot"),
    (403, "cannot"),
    (404, "cannot"),
    (405, "cannot"),
    (410, "cannot"),
    (413, "ours"),
    (415, "ours"),
    (422, "ours"),
    (429, "throttled"),
    (301, "cannot"),
    (308, "cannot"),
    (408, "failed"),
    (500, "failed"),
    (502, "failed"),
    (503, "failed"),
    (504, "failed"),
    (530, "failed"),
    (204, "failed"),
]


@pytest.mark.parametrize(("status", "verdict"), STATUSES)
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"result": {"blockhash": "x"}, "id": 1}'])
def test_a_failing_status_outranks_a_body_that_is_no_error(
    status: int, verdict: str, body: bytes
) -> None:
    told = answered(body, status)
    assert told is not None
    assert (told.verdict, told.word) == (Verdict(verdict), f"http {status}")
    assert told.is_ours_to_cure is (verdict == "cannot")


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_of_the_node_is_heard_under_any_other_failing_status(status: int) -> None:
    told = answered(failing(-32004, "Block not available for slot 5"), status)
    assert told is not None
    assert (told.verdict, told.word) == (Verdict.NOT_YET, "-32004")


@pytest.mark.parametrize(
    ("status", "verdict"), [(401, "cannot"), (403, "cannot"), (429, "throttled")]
)
def test_credentials_and_complaints_are_told_by_the_status_alone(status: int, verdict: str) -> None:
    told = answered(failing(-32004, "Block not available for slot 5"), status)
    assert told is not None
    assert (told.verdict, told.word) == (Verdict(verdict), f"http {status}")


def test_a_pause_comes_in_seconds() -> None:
    assert retry_after({"retry-after": "7"}, UTC) == 7.0
    assert retry_after({"retry-after": " 1.5 "}, UTC) == 1.5


def test_a_pause_comes_as_a_date_by_the_servers_own_clock() -> None:
    until = "Sat, 21 Nov 2026 16:00:30 GMT"
    date = "Sat, 21 Nov 2026 16:00:10 GMT"
    assert retry_after({"retry-after": until, "date": date}, UTC) == 20.0
    assert retry_after({"retry-after": until}, 1_795_276_800.0 + 25) == 5.0
    assert retry_after({"retry-after": until, "date": "never"}, 1_795_276_800.0) == 30.0


@pytest.mark.parametrize(
    "value",
    ["", "soon", "-5", "nan", "Fri, 13 Nov 1970 99:99:99 GMT", "Sat, 21 Nov 1999 16:00:30 GMT"],
)
def test_a_pause_of_no_sense_is_none(value: str) -> None:
    assert retry_after({"retry-after": value}, UTC) == 0.0


def test_no_pause_is_longer_than_an_hour() -> None:
    assert retry_after({"retry-after": "1e99"}, UTC) == 3600.0
    assert retry_after({"retry-after": "Sat, 21 Nov 2099 16:00:30 GMT"}, UTC) == 3600.0


def test_any_refusal_carries_its_pause() -> None:
    for body, status in ((b"", 429), (b"", 503), (json.dumps(failing(-32004)).encode(), 200)):
        told = answered(body, status, **{"retry-after": "3"})
        assert told is not None
        assert told.retry_after == 3.0


def test_a_long_message_is_cut() -> None:
    told = answered(failing(-32603, "x" * 10_000))
    assert told is not None
    assert len(told.message) == 200
