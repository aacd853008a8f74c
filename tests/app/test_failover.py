"""The failover manager works as the configuration says."""

from pathlib import Path

import pytest

from monitor.app.failover import carried_names, failover_policy, indivisible
from monitor.core.connection import Connection
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.monitors import EntryFilter, Monitor, TransactionsFilter
from monitor.core.scope import EVERY_MONITOR, Scope
from tests.app.configurations import KEY, LEAST, THREE, loaded

SPREAD = THREE + "failover: {strategy: spread}\n"
MONITORS = (Monitor("m", transactions=TransactionsFilter()), Monitor("n", entry=EntryFilter()))


def test_the_policy_is_what_was_configured(tmp_path: Path) -> None:
    text = "failover: {strategy: race, hot: 5}\nmonitors:\n - {name: m, slots: {}}\n - {name: n, entry: {}}\n"
    policy = failover_policy(loaded(tmp_path, LEAST + text))
    assert policy == FailoverPolicy(Strategy.RACE, 5, units=(0b11,))


def test_three_feeds_race_by_default(tmp_path: Path) -> None:
    policy = failover_policy(loaded(tmp_path, LEAST))
    assert (policy.strategy, policy.hot) == (Strategy.RACE, 3)


def test_one_endpoint_is_hot_at_standby(tmp_path: Path) -> None:
    policy = failover_policy(loaded(tmp_path, LEAST + "failover: {strategy: standby}\n"))
    assert policy.places == 1


@pytest.mark.parametrize(
    ("monitors", "why"),
    [
        ("{name: m, entry: {}}", "there are not two that ask for updates of their own"),
        (
            "{name: m, accounts: {}}, {name: n, accounts: {}}, {name: o, slots: {}}",
            "one feed has to tell which write of an account is a slot's last",
        ),
        (
            f"{{name: m, transactions_status: {{account_include: [{KEY}]}}}}, "
            "{name: n, transactions_status: {}}",
            "a status names no accounts to tell monitors apart by",
        ),
        (
            f"{{name: m, accounts: {{}}, transactions_status: {{account_include: [{KEY}]}}}}, "
            "{name: n, accounts: {}, transactions_status: {}}",
            "one feed has to tell which write of an account is a slot's last, "
            "and a status names no accounts to tell monitors apart by",
        ),
    ],
)
def test_monitors_that_must_stay_together_are_said_to_be_carried_whole(
    tmp_path: Path, monitors: str, why: str
) -> None:
    told = indivisible(loaded(tmp_path, f"{SPREAD}monitors: [{monitors}]\n"))
    assert told == f"spread carries all monitors on two feeds, since they must stay together: {why}"


def test_nothing_is_said_where_monitors_can_be_divided_or_need_not_be(tmp_path: Path) -> None:
    two = "monitors: [{name: m, entry: {}}, {name: n, entry: {}}]\n"
    assert indivisible(loaded(tmp_path, SPREAD + two)) is None
    one = "failover: {strategy: spread, enabled: false}\nmonitors: [{name: m, entry: {}}]\n"
    assert indivisible(loaded(tmp_path, THREE + one)) is None
    assert indivisible(loaded(tmp_path, LEAST + "monitors: [{name: m, entry: {}}]\n")) is None


@pytest.mark.parametrize(
    ("scope", "carried", "names"),
    [
        (Scope.EVERYTHING, 0b10, ["n"]),
        (Scope.EVERYTHING, 0b11, ["m", "n"]),
        (Scope.EVERYTHING, EVERY_MONITOR, None),
        (Scope.CHAIN, 0b10, None),
        (None, 0b10, None),
    ],
)
def test_what_a_hot_endpoint_carries_is_told_by_name(
    scope: Scope | None, carried: int, names: list[str] | None
) -> None:
    assert carried_names(Connection(0, scope=scope, carried=carried), MONITORS) == names
