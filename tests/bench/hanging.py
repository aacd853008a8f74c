"""A reader that hangs at its first run and reads nothing at its second: for the bench's own tests."""

import time
from pathlib import Path

from tests.bench.peers.reading import parser, report
from tests.bench.window import Figures


def main() -> None:
    """The command line of every reader, and the file that says that it ran before."""
    command = parser(__doc__)
    command.add_argument("--mark", type=Path, required=True)
    given = command.parse_args()
    if not given.mark.exists():
        given.mark.touch()
        time.sleep(given.seconds + 3_600)
    report(Figures(0, given.seconds, 0.0, 1.0, {}))


if __name__ == "__main__":
    main()
