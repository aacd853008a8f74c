"""The notification protocol of systemd (sd_notify(3)): datagrams of `KEY=value` lines to $NOTIFY_SOCKET."""

import os
import socket
from collections.abc import Mapping
from typing import Final

import anyio

_LONGEST_WAIT: Final = 1.0
"""Seconds that a full socket of systemd's may hold us up. Guessed."""

_START_EXTENSION_US: Final = 30_000_000
"""How much longer systemd is to wait with each `starting`, which comes far more often. Guessed."""


class Notifier:
    """Tells systemd how the daemon is; without $NOTIFY_SOCKET every call does nothing.

    A datagram that systemd does not take is no reason to stop: it notices a missing one by itself.
    """

    def __init__(self, address: str | None, watchdog: float | None = None) -> None:
        self._address = address
        self._watchdog = watchdog

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], pid: int | None = None) -> "Notifier":
        """The notifier that systemd asks for in the environment of process `pid` (ours)."""
        own = str(os.getpid() if pid is None else pid)
        period = environ.get("WATCHDOG_USEC", "")
        meant_for_us = environ.get("WATCHDOG_PID", own) == own
        watched = meant_for_us and period.isdecimal() and int(period) > 0
        return cls(environ.get("NOTIFY_SOCKET") or None, int(period) / 1e6 if watched else None)

    def ready(self, status: str) -> None:
        """The daemon does its work now."""
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def starting(self, status: str) -> None:
        """The daemon lives and is not ready yet, which is no reason to kill it.

        With every provider down it waits as long as that takes: the timeout of the start then only catches a
        daemon that hangs.
        """
        self._send(f"EXTEND_TIMEOUT_USEC={_START_EXTENSION_US}\nSTATUS={_line(status)}")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={_line(text)}")

    def stopping(self) -> None:
        """The daemon has begun to stop."""
        self._send("STOPPING=1")

    async def keep_watchdog(self) -> None:
        """Say that the loop turns, twice in each watchdog period, until cancelled; returns at once without a watchdog."""
        if self._watchdog is None or self._address is None:
            return
        while True:
            self._send("WATCHDOG=1")
            await anyio.sleep(self._watchdog / 2)

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        address = self._address
        if address.startswith("@"):
            address = "\0" + address[1:]  # in the abstract namespace of Linux
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams:
            datagrams.settimeout(_LONGEST_WAIT)
            try:
                datagrams.sendto(message.encode(), address)
            except OSError:
                return


def _line(text: str) -> str:
    return " ".join(text.split())
