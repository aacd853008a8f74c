import os
from pathlib import Path

import pytest

from tests.app.configurations import CERTIFICATE, LEAST, THREE, loaded, mistakes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "endpoints: [{name: a, url: 'a:1'}, {name: a, url: 'b:1'}]\n",
            ["1: endpoints[1].name: is the name of endpoints[0] too; give each its own name"],
        ),
        (
            LEAST + "rpc:\n - {name: a, url: 'http://a'}\n - {name: a, url: 'http://b'}\n",
            ["4: rpc[1].name: is the name of rpc[0] too; give each its own name"],
        ),
        (
            LEAST + "monitors:\n - {name: m, slots: {}}\n - {name: m, entry: {}}\n",
            ["4: monitors[1].name: is the name of monitors[0] too; give each its own name"],
        ),
        (
            LEAST
            + "monitors: [{name: m, slots: {}}]\nsinks:\n"
            + " - {name: s, kind: jsonl, path: e, monitors: [m]}\n"
            + " - {name: s, kind: jsonl, path: e, monitors: [m, m]}\n",
            [
                "5: sinks[1].monitors[1]: names m twice; remove one of the two",
                "5: sinks[1].name: is the name of sinks[0] too; give each its own name",
                "5: sinks[1].path: is the path of sinks[0] too; give each its own path",
            ],
        ),
        (
            LEAST + "sinks: [{name: s, kind: stdout, monitors: [m]}]\n",
            ["2: sinks[0].monitors[0]: names no monitor: m; add monitors"],
        ),
        (
            LEAST + "sinks: [{name: s, kind: stdout, monitors: m}]\n",
            ["2: sinks[0].monitors: is no list; write [item, item], or lines that begin with -"],
        ),
        (
            LEAST + "monitors: [{name: '~1', slots: {}}, {name: a/b, slots: {}}]\n",
            [
                "2: monitors[0].name: is no name; use 1 to 64 of the characters A-Z a-z 0-9 _ . -",
                "2: monitors[1].name: is no name; use 1 to 64 of the characters A-Z a-z 0-9 _ . -",
            ],
        ),
        (
            LEAST + "monitors:\n - name: m\n   slots:\n",
            ["4: monitors[0].slots: is empty; write slots: {} to take everything"],
        ),
        (
            LEAST + "monitors: [{name: m, slots: {}, every_write: true, data_slices: "
            "[{offset: 0, length: 1}]}]\n",
            [
                "2: monitors[0].data_slices: has no accounts to cut; "
                "add accounts, or remove data_slices",
                "2: monitors[0].every_write: has no accounts to write; "
                "add accounts, or remove every_write",
            ],
        ),
        (
            LEAST + "failover:\n  confirm_quorum: 2\n",
            [
                "3: failover.confirm_quorum: asks for 2 providers, and the endpoints to watch have 1; "
                "write 1 or less"
            ],
        ),
        (
            "endpoints:\n - {name: a, url: 'a:1', provider: p}\n - {name: b, url: 'b:1', provider: p}\n"
            "failover: {confirm_quorum: 2}\n",
            [
                "4: failover.confirm_quorum: asks for 2 providers, and the endpoints to watch have 1; "
                "write 1 or less"
            ],
        ),
        (
            "endpoints:\n - {name: a, url: 'a:1'}\n - {name: b, url: 'b:1'}\n"
            "failover: {enabled: false, confirm_quorum: 2}\n",
            [
                "4: failover.confirm_quorum: asks for 2 providers, and the endpoints to watch have 1; "
                "write 1 or less"
            ],
        ),
        (
            THREE + "failover:\n  strategy: spread\n  hot: 2\n",
            [
                "4: failover.hot: is 2, and spread puts each monitor on two feeds; "
                "write 3 or more, or choose race or standby"
            ],
        ),
        (
            LEAST + "failover:\n  strategy: spread\n  hot: 3\n",
            [
                "3: failover.strategy: puts each monitor on two endpoints, and there is 1; "
                "add endpoints, or write race"
            ],
        ),
        (
            LEAST.replace("]", ", {name: nyc, url: 'http://b'}]")
            + "failover: {strategy: spread}\n",
            [
                "2: failover.strategy: puts each monitor on two endpoints, and there are 2; "
                "add endpoints, or write race"
            ],
        ),
        (
            LEAST + "failover:\n  strategy: spread\n  hot: many\n",
            [
                "3: failover.strategy: puts each monitor on two endpoints, and there is 1; "
                "add endpoints, or write race",
                "4: failover.hot: is no whole number; write digits, without quotes",
            ],
        ),
        (
            LEAST
            + "failover:\n  quorum_wait: -1\n  confirm_quorum: 0\n  quorum_strict: 1\n  quorum: 2\n",
            [
                "3: failover.quorum_wait: is less than nothing; "
                "write a number of seconds, or one with a unit: 100ms, 5s, 2m, 1h, 1d",
                "4: failover.confirm_quorum: is less than 1; write a larger number",
                "5: failover.quorum_strict: is neither true nor false; write true or false",
                "6: failover.quorum: is no key of this place; did you mean quorum_wait?",
            ],
        ),
    ],
)
def test_what_must_hold_between_keys(tmp_path: Path, text: str, told: list[str]) -> None:
    assert mistakes(tmp_path, text) == told


def test_monitors_may_be_spread_over_three_endpoints_and_are_not_where_one_is_watched(
    tmp_path: Path,
) -> None:
    spread = "failover: {strategy: spread}\n"
    off = "failover: {strategy: spread, enabled: false, hot: 1}\n"

    assert loaded(tmp_path, THREE + spread).failover.strategy == "spread"
    assert loaded(tmp_path, LEAST + off).failover.strategy == "spread"


def test_slices_may_cut_the_accounts_of_blocks(tmp_path: Path) -> None:
    text = "monitors: [{name: m, blocks: {include_accounts: true}, data_slices: [{offset: 0, length: 1}]}]"

    assert loaded(tmp_path, LEAST + text).monitors[0].data_slices


def test_a_bad_item_hides_no_mistake_of_its_neighbours(tmp_path: Path) -> None:
    text = LEAST + "monitors: [5, {name: m}]\nsinks: [{name: s, kind: stdout, monitors: [5, n]}]\n"

    assert mistakes(tmp_path, text) == [
        "2: monitors[0]: is no mapping; write {key: value}, or indented `key: value` lines",
        "2: monitors[1]: has no filter; "
        "add one of transactions, transactions_status, accounts, slots, blocks, blocks_meta, entry, "
        "deshred",
        "3: sinks[0].monitors[0]: is no text; write text, in quotes if it looks like a number",
        "3: sinks[0].monitors[1]: names no monitor: n; write one of m",
    ]


def test_names_that_are_lists_are_no_names(tmp_path: Path) -> None:
    text = LEAST + "monitors: [{name: [m], slots: {}}, {name: [m], slots: {}}]\n"

    assert mistakes(tmp_path, text) == [
        "2: monitors[0].name: is no text; write text, in quotes if it looks like a number",
        "2: monitors[1].name: is no text; write text, in quotes if it looks like a number",
    ]


def endpoint(ca_file: str) -> str:
    return f"endpoints:\n - {{name: a, url: 'https://a', ca_file: {ca_file}}}\n"


def test_a_file_with_a_certificate_is_taken_wherever_it_stands(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.pem"
    elsewhere.write_text("Issued to everybody.\n" + CERTIFICATE)
    (tmp_path / "ca.pem").write_text(CERTIFICATE)

    for name in ("ca.pem", str(elsewhere)):
        assert loaded(tmp_path, endpoint(name)).endpoints[0].ca_file is not None


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("missing.pem", "cannot be read: No such file or directory"),
        ("no-folder/ca.pem", "cannot be read: No such file or directory"),
        ("folder", "is no file"),
        ("n" * 300, "cannot be read: File name too long"),
        ("text.pem", "holds no certificate"),
        ("empty.pem", "holds no certificate"),
    ],
)
def test_a_ca_file_that_vouches_for_nobody_is_a_mistake(
    tmp_path: Path, name: str, wrong: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.pem").write_text(CERTIFICATE.replace("CERTIFICATE", "PRIVATE KEY"))
    (tmp_path / "empty.pem").touch()

    assert mistakes(tmp_path, endpoint(name)) == [
        f"2: endpoints[0].ca_file: {wrong}; give the path of a PEM file that this user may read"
    ]


def test_a_pipe_is_no_ca_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    (told,) = mistakes(tmp_path, endpoint("pipe"))
    assert "ca_file: is no file" in told


def test_a_ca_file_that_may_not_be_read_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(CERTIFICATE)
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")

    (told,) = mistakes(tmp_path, endpoint("ca.pem"))
    assert "ca_file: cannot be read: Permission denied" in told


def test_a_ca_file_that_is_no_path_is_told_once(tmp_path: Path) -> None:
    for ca_file in ("5", "''", "'${NOT_SET}'", '"a\\0b"'):
        assert len(mistakes(tmp_path, endpoint(ca_file))) == 1
