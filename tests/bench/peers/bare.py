"""What the daemon's own reader can do at most: the segregated call, lazy parse, key; no loop, no kernel."""

import time
from typing import Final

from typing_extensions import override

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.channels import open_channel
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.segregated import SegregatedCall
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint
from monitor.wire.pb.geyser_lazy_pb2 import SubscribeUpdate
from tests.bench.peers.reading import key_of, parser, report, request
from tests.bench.stamps import sent_ns
from tests.bench.window import Figures, Window, delays, pin

UNBOUNDED: Final = 2**62


class Keyed(Intake):
    """Takes the key of each frame where the daemon would queue it for the loop."""

    def __init__(self, window: Window, *, takes_delays: bool) -> None:
        super().__init__(1, UNBOUNDED, Alarm(time.monotonic_ns), time.monotonic_ns)
        self.messages = 0
        self.call: SegregatedCall | None = None
        self.figures: Figures | None = None
        self._delays = delays()
        self._window = window
        self._takes_delays = takes_delays
        self._last: object = None

    @override
    def put(self, frame: bytes) -> bool:
        """Parse, take the key, count; False once the window is full."""
        self._last = key_of(SubscribeUpdate.FromString(frame))
        self.messages += 1
        if self._takes_delays and self._window.is_open:
            self._delays.append(time.monotonic_ns() - sent_ns(frame))
        return self.messages % 64 != 0 or not self._window.is_over(self.messages)

    @override
    def has_room(self) -> bool:
        """Asked after `put` said no: the run is over."""
        return False

    @override
    def stall(self) -> None:
        """Close the window and end the stream."""
        super().stall()
        self.figures = self._window.figures(self.messages, handler=self._delays)
        if self.call is not None:
            self.call.cancel()


def read(port: int, window: Window, *, takes_delays: bool) -> Figures:
    """Read until the window is full."""
    settings = GrpcSettings()
    endpoint = Endpoint("bench", f"http://127.0.0.1:{port}")
    intake = Keyed(window, takes_delays=takes_delays)
    channel = open_channel(endpoint, settings)
    intake.call = SegregatedCall(channel, (), request().SerializeToString(), intake)
    ending = intake.call.run()
    if intake.figures is None:
        raise ConnectionError(f"the stream ended before the window did: {ending}")
    return intake.figures


def main() -> None:
    """One run, as its own process."""
    given = parser(__doc__).parse_args()
    pin(given.core)
    report(read(given.port[0], Window(given.seconds), takes_delays=given.delays))


if __name__ == "__main__":
    main()
