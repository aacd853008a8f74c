"""Where the control socket is, as bind and connect can take it, however deep the state directory lies."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from monitor.core.errors import ListenRefused

NAME: Final = "control.sock"
"""Of the socket in the state directory (DESIGN 10)."""
SIGN_OFF: Final = "/recovery/sign-off"
"""The path that signs a lost slot off."""
WISH: Final = "/endpoints/{want}"
"""The path that drains, promotes, releases or probes an endpoint: `want` is a word of `core.wishes.Want`."""
_BACKLOG: Final = 16
_LONGEST: Final = 107
"""Bytes of a path in sockaddr_un, without the final zero (unix(7))."""


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """The path, or a short way to it that lasts as long as the block. Raises: OSError, where its folder is not there."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def bind(path: Path) -> socket.socket:
    """A listening socket at this path that only its owner can connect to.

    What a killed daemon left there is replaced: the caller holds the lock of the state directory. Raises: ListenRefused.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        with reachable(path) as address:
            listener.bind(address)
            # Nobody can connect before `listen`, so there is no moment at which others could.
            path.chmod(0o600)
            listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenRefused(
            f"{path}: cannot be listened on: {error.strerror}; "
            "make its directory writable, move what is in the way, or change state_dir"
        ) from error
    return listener


def _clear(path: Path) -> None:
    """Remove a socket; a file that is none stays, and `bind` says that it is in the way."""
    try:
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    except FileNotFoundError:
        return
