"""Findings: what is found again and again is one, the newest come first, and memory is bounded."""

from monitor.core.findings import EPISODE, KEPT, Cause, Finding, Findings


def test_the_same_cause_within_a_minute_is_one_finding_that_tells_the_last() -> None:
    findings = Findings()
    assert findings.add(Cause.MISSED, 7, "seven", 10.0)
    assert not findings.add(Cause.MISSED, 9, "nine", 10.0 + EPISODE - 1)
    assert findings.newest() == (Finding(Cause.MISSED, 9, 7, 2, 10.0 + EPISODE - 1, "nine"),)


def test_after_a_quiet_minute_it_is_a_new_one() -> None:
    findings = Findings()
    findings.add(Cause.MISSED, 7, "seven", 10.0)
    assert findings.add(Cause.MISSED, 9, "nine", 10.0 + EPISODE)
    assert [each.sentence for each in findings.newest()] == ["nine", "seven"]
    assert findings.counts == {Cause.MISSED: 2}


def test_other_causes_are_other_findings_and_the_newest_comes_first() -> None:
    findings = Findings()
    findings.add(Cause.MISSED, 7, "seven", 1.0)
    findings.add(Cause.BLOCK, 8, "eight", 2.0)
    findings.add(Cause.MISSED, 9, "nine", 3.0)
    assert [each.sentence for each in findings.newest()] == ["nine", "eight"]


def test_no_more_than_so_many_are_kept() -> None:
    findings = Findings()
    for number in range(KEPT + 5):
        findings.add(Cause.AUDIT, number, str(number), number * EPISODE)
    kept = findings.newest()
    assert (len(kept), kept[0].slot, kept[-1].slot) == (KEPT, KEPT + 4, 5)
    assert findings.counts == {Cause.AUDIT: KEPT + 5}
