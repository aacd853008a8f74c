"""A relaying server tells statuses once, as they come, and blocks when they are whole."""

from monitor.core.chain import Commitment
from monitor.simulator.families import MANNERS, Family
from monitor.simulator.received import FrozenBlock, Received, StatusNews
from monitor.simulator.relay import Relay, machine_of
from tests.simulator.test_reconstruction import NoRepeats
from tests.simulator.tiny_chain import tiny_bank

PROCESSED, CONFIRMED, FINALIZED = Commitment


class Server:
    """A relay and what it has broadcast."""

    def __init__(self, family: Family) -> None:
        self.rings, self.machine = machine_of(MANNERS[family], NoRepeats(), 150)
        assert isinstance(self.machine, Relay)

    def block(self, slot: int, parent: int) -> None:
        bank = tiny_bank(slot, parent, transactions=1)
        self.machine.created_bank(slot)
        for _, update in bank.updates:
            self.machine.data(Received(update, 1), 1)
        self.machine.meta(Received(bank.meta, 1), 1)
        self.machine.reached(slot, PROCESSED, 1)

    def heard(self, level: Commitment) -> list[str]:
        return [
            f"{message.slot} {message.status.name}"
            if isinstance(message, StatusNews)
            else f"{message.slot} {'block' if isinstance(message, FrozenBlock) else message.kind.name}"
            for message in self.rings.take(level)
        ]


def test_the_usual_server_does_not_relay() -> None:
    _, machine = machine_of(MANNERS[Family.USUAL], NoRepeats(), 150)
    assert not isinstance(machine, Relay)


def test_a_status_of_an_untracked_slot_is_told_by_richat_and_not_by_an_older_server() -> None:
    for family, told in ((Family.RICHAT, ["100 CONFIRMED"]), (Family.OLDER, [])):
        server = Server(family)
        server.machine.reached(100, CONFIRMED, 1)
        assert server.heard(CONFIRMED) == told


def test_each_status_is_told_once() -> None:
    for family in (Family.RICHAT, Family.OLDER):
        server = Server(family)
        server.block(100, 99)
        for level in (CONFIRMED, CONFIRMED, FINALIZED, FINALIZED):
            server.machine.reached(100, level, 1)
        told = [line for line in server.heard(PROCESSED) if line.endswith(("ED",))]
        assert told == ["100 PROCESSED", "100 CONFIRMED", "100 FINALIZED"]


def test_a_bank_that_is_made_again_is_told_of_again() -> None:
    server = Server(Family.RICHAT)
    server.block(100, 99)
    server.block(100, 99)
    assert server.heard(PROCESSED).count("100 PROCESSED") == 2


def test_ancestors_are_finalized_with_their_contents() -> None:
    server = Server(Family.OLDER)
    server.block(100, 99)
    server.block(101, 100)
    server.machine.reached(101, FINALIZED, 1)
    heard = server.heard(FINALIZED)
    assert "100 FINALIZED" in heard
    assert heard.index("100 TRANSACTION") < heard.index("100 FINALIZED")


def test_statuses_of_old_slots_are_forgotten() -> None:
    server = Server(Family.RICHAT)
    for slot in range(600):
        server.machine.reached(slot, PROCESSED, 1)
    server.rings.take(PROCESSED)
    server.machine.reached(0, PROCESSED, 1)
    server.machine.reached(599, PROCESSED, 1)
    assert server.heard(PROCESSED) == ["0 PROCESSED"]
