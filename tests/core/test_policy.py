"""What holds where the user decided nothing."""

from monitor.core.chain import Commitment
from monitor.core.commitment import LevelPolicy, LevelStrategy
from monitor.core.policy import Policy

PROCESSED, CONFIRMED, FINALIZED = Commitment


def test_the_commitment_is_fixed_where_nobody_is_to_choose_another() -> None:
    for level in Commitment:
        chosen = Policy(level).level_policy
        assert chosen.strategy is LevelStrategy.FIXED
        assert (chosen.base, chosen.lowest, chosen.highest) == (level, level, level)


def test_who_chooses_the_commitment_is_as_it_was_decided() -> None:
    levels = LevelPolicy(LevelStrategy.ADAPTIVE, CONFIRMED, PROCESSED, FINALIZED)
    assert Policy(PROCESSED, levels=levels).level_policy is levels


def test_nothing_is_taken_over_from_earlier_processes_by_itself() -> None:
    policy = Policy(CONFIRMED)
    assert (policy.resume_slot, policy.closed, policy.still_open) == (None, (), ())
    assert (policy.switches, policy.inherited) == ((), ())
