"""Run as a module: whether the readers work under the GRPC_EXPERIMENTS of this environment. Says why not, and fails."""

import sys

from monitor.adapters.grpc.choice import Choice, choose
from monitor.adapters.grpc.settings import Reader


def verdict(choice: Choice) -> int:
    """The exit status: 0 when the fastest reader passed its test."""
    if choice.reader is Reader.SEGREGATED:
        return 0
    sys.stdout.write(f"{choice.reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(verdict(choose(Reader.AUTO)))
