"""What the daemon's own readers can do at most: segregated calls, lazy parse, key; no loop, no kernel."""

import argparse
import threading
import time
from collections import Counter
from typing import Final

from typing_extensions import override

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.channels import open_channel
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.segregated import SegregatedCall
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint
from monitor.wire.pb.geyser_lazy_pb2 import SubscribeUpdate
from tests.bench.peers.reading import Key, counted, key_of, parser, report, request, window
from tests.bench.stamps import sent_ns
from tests.bench.window import Figures, Window, delays, pin

UNBOUNDED: Final = 2**62
LOOK: Final = 0.01
"""Seconds between two looks whether the messages that were asked for are there."""


class Keyed(Intake):
    """Takes the key of each frame where the daemon would queue it for the loop."""

    def __init__(self, window: Window, *, takes_delays: bool) -> None:
        super().__init__(1, UNBOUNDED, Alarm(time.monotonic_ns), time.monotonic_ns)
        self.messages = 0
        self.delays = delays()
        self._window = window
        self._takes_delays = takes_delays
        self.last: Key | None = None
        self.kinds: Counter[int] | None = None
        """Counted only where messages are, not seconds."""
        if window.limit is not None:
            self.kinds = Counter()

    @override
    def put(self, frame: bytes) -> bool:
        """Parse, take the key, count; there is always room."""
        self.last = key_of(SubscribeUpdate.FromString(frame))
        self.messages += 1
        if self.kinds is not None:
            self.kinds[self.last[0]] += 1
        if self._takes_delays and self._window.is_open:
            self.delays.append(time.monotonic_ns() - sent_ns(frame))
        return True


def read(given: argparse.Namespace) -> Figures:
    """Read all feeds, each in a thread, until the window is full."""
    asked = request(blocks=given.blocks).SerializeToString()
    measured = window(given)
    calls, threads, intakes = [], [], []
    for port in given.port:
        channel = open_channel(Endpoint("bench", f"http://127.0.0.1:{port}"), GrpcSettings())
        intakes.append(Keyed(measured, takes_delays=given.delays))
        calls.append(SegregatedCall(channel, (), asked, intakes[-1]))
        threads.append(threading.Thread(target=calls[-1].run))
        threads[-1].start()
    _wait(intakes, measured)
    taken, kinds = delays(), Counter[int]()
    for intake in intakes:
        taken.extend(intake.delays)
        kinds.update(intake.kinds or {})
    figures = measured.figures(sum(each.messages for each in intakes), handler=taken)
    for call in calls:
        call.cancel()
    for thread in threads:
        thread.join()
    return counted(figures, kinds)


def _wait(intakes: list[Keyed], measured: Window) -> None:
    if measured.limit is not None:
        while any(each.messages < measured.limit for each in intakes):
            time.sleep(LOOK)
        return
    time.sleep(measured.warm_up)
    measured.begin(sum(each.messages for each in intakes))
    time.sleep(measured.seconds)


def main() -> None:
    """One run, as its own process."""
    given = parser(__doc__).parse_args()
    pin(given.core)
    report(read(given))


if __name__ == "__main__":
    main()
