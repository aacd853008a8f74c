"""While finality stalls a conservative daemon keeps everything, over kills, and gives it when the chain goes on."""

from pathlib import Path

from tests.scenarios.stalling import ROOM, prove_stall


async def test_nothing_is_lost_while_finality_stalls_and_the_daemon_is_killed(
    tmp_path: Path,
) -> None:
    await prove_stall(tmp_path, seed=1, slots=150, held_bytes=ROOM)
