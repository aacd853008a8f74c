"""What the daemon's own readers can do at most: segregated calls, lazy parse, key; no loop, no kernel."""

import threading
import time
from collections.abc import Sequence
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
from tests.bench.window import WARM_UP, Figures, Window, delays, pin

UNBOUNDED: Final = 2**62


class Keyed(Intake):
    """Takes the key of each frame where the daemon would queue it for the loop."""

    def __init__(self, window: Window, *, takes_delays: bool) -> None:
        super().__init__(1, UNBOUNDED, Alarm(time.monotonic_ns), time.monotonic_ns)
        self.messages = 0
        self.delays = delays()
        self._window = window
        self._takes_delays = takes_delays
        self._last: object = None

    @override
    def put(self, frame: bytes) -> bool:
        """Parse, take the key, count; there is always room."""
        self._last = key_of(SubscribeUpdate.FromString(frame))
        self.messages += 1
        if self._takes_delays and self._window.is_open:
            self.delays.append(time.monotonic_ns() - sent_ns(frame))
        return True


def read(ports: Sequence[int], window: Window, *, takes_delays: bool) -> Figures:
    """Read all feeds, each in a thread, until the window is full."""
    asked = request().SerializeToString()
    calls, threads, intakes = [], [], []
    for port in ports:
        channel = open_channel(Endpoint("bench", f"http://127.0.0.1:{port}"), GrpcSettings())
        intakes.append(Keyed(window, takes_delays=takes_delays))
        calls.append(SegregatedCall(channel, (), asked, intakes[-1]))
        threads.append(threading.Thread(target=calls[-1].run))
        threads[-1].start()
    time.sleep(WARM_UP)
    window.begin(sum(each.messages for each in intakes))
    time.sleep(window.seconds)
    taken = delays()
    for intake in intakes:
        taken.extend(intake.delays)
    figures = window.figures(sum(each.messages for each in intakes), handler=taken)
    for call in calls:
        call.cancel()
    for thread in threads:
        thread.join()
    return figures


def main() -> None:
    """One run, as its own process."""
    given = parser(__doc__).parse_args()
    pin(given.core)
    report(read(given.port, Window(given.seconds), takes_delays=given.delays))


if __name__ == "__main__":
    main()
