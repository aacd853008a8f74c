"""What the kernel comes to know of its endpoints."""

from monitor.core.audits import AUDITED
from monitor.core.findings import Cause
from monitor.core.trust import AUDIT_FACTOR, CLEAN_AUDIT
from tests.core.play import SOME, confirmed, tx
from tests.core.test_repair import Recovery


def audited(slot: int, *found: int) -> Recovery:
    """A single endpoint brought one transaction of the slot, and an RPC these."""
    play = Recovery(SOME)
    play.block(1, slot, tx(slot, 0)).says(1, confirmed(slot))
    return play.fetched(slot, *[tx(slot, index) for index in found], transactions=1)


def test_an_audit_that_finds_more_is_held_against_the_endpoint() -> None:
    play = audited(AUDITED, 0, 1)
    health = play.kernel.health
    assert health.trust[0].value == AUDIT_FACTOR
    (found,) = health.findings[0].newest()
    assert (found.cause, found.slot) == (Cause.AUDIT, AUDITED)
    assert found.sentence == f"an RPC had 1 more updates of slot {AUDITED} than it sent"
    assert "something was found against an endpoint" in play.sentences()


def test_a_clean_audit_gives_trust_back() -> None:
    play = audited(AUDITED, 0, 1)
    slot = 2 * AUDITED
    play.block(1, slot, tx(slot, 0), parent=AUDITED).says(1, confirmed(slot))
    play.fetched(slot, tx(slot, 0), transactions=1, parent=AUDITED)
    assert play.kernel.health.trust[0].value == AUDIT_FACTOR + CLEAN_AUDIT
    assert len(play.kernel.health.findings[0].newest()) == 1
