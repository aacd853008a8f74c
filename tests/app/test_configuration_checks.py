from pathlib import Path

import pytest

from tests.app.configurations import LEAST, loaded, mistakes


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
    ],
)
def test_what_must_hold_between_keys(tmp_path: Path, text: str, told: list[str]) -> None:
    assert mistakes(tmp_path, text) == told


def test_slices_may_cut_the_accounts_of_blocks(tmp_path: Path) -> None:
    text = "monitors: [{name: m, blocks: {include_accounts: true}, data_slices: [{offset: 0, length: 1}]}]"

    assert loaded(tmp_path, LEAST + text).monitors[0].data_slices


def test_a_bad_item_hides_no_mistake_of_its_neighbours(tmp_path: Path) -> None:
    text = LEAST + "monitors: [5, {name: m}]\nsinks: [{name: s, kind: stdout, monitors: [5, n]}]\n"

    assert mistakes(tmp_path, text) == [
        "2: monitors[0]: is no mapping; write {key: value}, or indented `key: value` lines",
        "2: monitors[1]: has no filter; "
        "add one of transactions, transactions_status, accounts, slots, blocks, blocks_meta, entry",
        "3: sinks[0].monitors[0]: is no text; write text, in quotes if it looks like a number",
        "3: sinks[0].monitors[1]: names no monitor: n; write one of m",
    ]


def test_names_that_are_lists_are_no_names(tmp_path: Path) -> None:
    text = LEAST + "monitors: [{name: [m], slots: {}}, {name: [m], slots: {}}]\n"

    assert mistakes(tmp_path, text) == [
        "2: monitors[0].name: is no text; write text, in quotes if it looks like a number",
        "2: monitors[1].name: is no text; write text, in quotes if it looks like a number",
    ]
