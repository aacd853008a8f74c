"""A daemon that runs elsewhere on this machine, found by its state directory: asked over its API, changed over its socket."""

from collections.abc import Sequence
from pathlib import Path

from monitor.app import api_client, control_client
from monitor.app.tables import Object
from monitor.core.wishes import Want


class RunningDaemon:
    """Every question finds the daemon anew, since one that was started again may have another address.

    All raise DaemonNotAsked.
    """

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def endpoints(self) -> Sequence[Object]:
        """What each is like."""
        return api_client.ask_endpoints(self._address())

    def status(self) -> Object:
        """How the daemon is."""
        return api_client.ask_status(self._address())

    def slots(self, first: int, end: int) -> Sequence[Object]:
        """Certificates of the slots from `first` to `end`, `end` excluded."""
        return list(api_client.ask_slots(self._address(), first, end))

    def wish(self, want: Want, endpoint: str, lease: float | None = None) -> Object:
        """Ask this of an endpoint, a drain or a promotion perhaps for so many seconds; what was decided."""
        return control_client.wish(self._state_dir, want, endpoint, lease)

    def _address(self) -> str:
        return api_client.address_of(None, self._state_dir)
