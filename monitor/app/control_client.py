"""Asks a running daemon over its control socket, for the commands that change something."""

import json
import os
import socket
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from monitor.adapters.http.control_address import NAME, SIGN_OFF, WISH, reachable
from monitor.core.errors import DaemonNotAsked
from monitor.core.wishes import Want

PATIENCE: Final = 10.0
"""Seconds that a daemon may take to answer. Guessed: it answers in milliseconds unless it hangs."""
_REMEDY: Final = "start it, or say where its state is: --state-dir DIR or --config FILE"


class _NotThere(DaemonNotAsked):
    """The daemon knows nothing that this could be done to."""


class _ControlConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("daemon", timeout=PATIENCE)
        self._path = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with reachable(self._path) as address:
            self.sock.connect(address)


def sign_off(state_dir: Path, slot: int, reason: str, last: int | None = None) -> int:
    """Take responsibility for a lost slot of the daemon that owns this state directory; with `last`, for all lost ones up to it.

    Answers how many these were; what is recovered between two questions needs no signing off, and is none of them.

    Raises: DaemonNotAsked, when none runs there, its socket is not ours to use, or it refuses.
    """
    count, following = 0, slot
    while True:
        told: dict[str, object] = {"slot": following, "reason": reason}
        if last is not None:
            told["last"] = last
        try:
            answer: dict[str, Any] = json.loads(_ask(state_dir / NAME, SIGN_OFF, told))
        except _NotThere:
            if not count:
                raise
            return count
        count += int(answer["slots"])
        if answer["following"] is None:
            return count
        following = answer["following"]


def wish(state_dir: Path, want: Want, endpoint: str, lease: float | None = None) -> dict[str, Any]:
    """Ask this of an endpoint; the daemon's answer, as `app.wishing.wished` makes it.

    `lease`: seconds of a drain or a promotion that ends by itself, and with the daemon.

    Raises: DaemonNotAsked, as `sign_off` does; so too where there is no such endpoint.
    """
    asked: dict[str, object] = {"endpoint": endpoint}
    if lease is not None:
        asked["lease"] = lease
    answer: dict[str, Any] = json.loads(_ask(state_dir / NAME, WISH.format(want=want.value), asked))
    return answer


def _ask(path: Path, question: str, told: dict[str, object]) -> bytes:
    """The body of the answer. Raises: DaemonNotAsked."""
    connection = _ControlConnection(path)
    try:
        connection.request("POST", question, json.dumps(told), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
    except (OSError, HTTPException) as error:
        raise DaemonNotAsked(_unasked(path, error)) from error
    finally:
        connection.close()
    if status == 404:
        raise _NotThere(_refusal(status, body))
    if status != 200:
        raise DaemonNotAsked(_refusal(status, body))
    return body


def _unasked(path: Path, error: Exception) -> str:
    match error:
        case PermissionError():
            return (
                f"{path}: Permission denied; only the daemon's own user{_owner(path)} and root may use it: "
                "run the command as one of them"
            )
        case FileNotFoundError() | NotADirectoryError():
            return (
                f"no daemon runs with its state in {path.parent}: {path}: No such file; {_REMEDY}"
            )
        case ConnectionRefusedError():
            return f"the daemon with its state in {path.parent} runs no more, and left {path}; {_REMEDY}"
        case TimeoutError():
            return f"{path}: the daemon did not answer within {PATIENCE:g} s; look at its log"
        case _:
            told = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return f"{path}: {told}; {_REMEDY}"


def _owner(path: Path) -> str:
    try:
        return f" (uid {os.lstat(path).st_uid})"
    except OSError:  # a directory above it is closed too
        return ""


def _refusal(status: int, body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the daemon answered: HTTP {status}; look at its log"
