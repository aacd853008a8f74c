"""The Node clients: installed once, then a process that pins itself and becomes `node read.mjs`."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.bench.peers.reading import parser
from tests.bench.window import pin

SOURCE: Final = Path(__file__).with_name("npm")
ROOT: Final = Path(__file__).resolve().parents[3]
FILES: Final = ("package.json", "package-lock.json", "read.mjs")
CLIENTS: Final = ("helius", "triton", "grpc-js")
NPM: Final = (
    *("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"),
    *("--omit-lockfile-registry-resolved", "--loglevel=error"),
)
"""Not `npm ci`: it wants the optional packages of other platforms in a lock file without URLs, where npm puts none."""


def missing_programs() -> list[str]:
    """Programs that the clients need and that are not on the path."""
    return [name for name in ("node", "npm") if shutil.which(name) is None]


def version() -> str:
    """Node's own."""
    done = subprocess.run(("node", "--version"), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip().removeprefix("v")


def folder() -> Path:
    """Where these versions of the clients are, or will be: a folder that git does not see."""
    locked = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()
    return ROOT / "build" / f"bench-peers-{locked[:12]}"


def install() -> Path:
    """Install the clients where they are not yet; the reader is copied each time.

    Raises: CalledProcessError when npm fails.
    """
    target = folder()
    is_whole = target / "whole"
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(SOURCE / name, target / name)
    if not is_whole.exists():
        subprocess.run(NPM, cwd=target, check=True, stdout=subprocess.DEVNULL)
        is_whole.touch()
    return target


def main() -> None:
    """Become node, with the same options but for the core."""
    arguments = parser(__doc__)
    arguments.add_argument("--client", choices=CLIENTS, required=True)
    given = arguments.parse_args()
    pin(given.core)
    command = ["node", str(folder() / "read.mjs"), "--client", given.client]
    command += ["--port", str(given.port[0]), "--seconds", str(given.seconds)]
    command += ["--delays"] if given.delays else []
    command += ["--blocks"] if given.blocks else []
    command += [] if given.messages is None else ["--messages", str(given.messages)]
    os.execvp("node", command)


if __name__ == "__main__":
    main()
