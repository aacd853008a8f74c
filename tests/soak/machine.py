"""The kernel under anything in any order, with recovery and without, as hypothesis draws it from a seed."""

from typing import Final

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test

from tests.core.test_kernel_machine import STEPS, KernelMachine
from tests.core.test_repair_machine import RepairMachine

EXAMPLES: Final = 500
ROUNDS: Final = 1
MACHINES: Final[tuple[type[RuleBasedStateMachine], ...]] = (KernelMachine, RepairMachine)


def run_round(
    number: int,
    examples: int = EXAMPLES,
    machines: tuple[type[RuleBasedStateMachine], ...] = MACHINES,
) -> tuple[str | None, str]:
    """So many examples of each machine: None when all held, else what did not, after the steps that show it."""
    drawn = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    for machine in machines:
        try:
            seed(number)(get_state_machine_test(machine, settings=drawn))()
        except AssertionError as broken:
            print("\n".join(getattr(broken, "__notes__", ())))
            return f"{machine.__name__}: {str(broken) or 'an invariant did not hold'}", ""
    return None, f"{examples} examples of {len(machines)} machines"
