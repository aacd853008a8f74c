"""Sets are sent to servers of which it is certain that they read them."""

import pytest

from monitor.wire.set_readers import reads_sets

ABOUT = '{{"version": {{"package": "{}", "version": "{}"}}, "extra": {{"hostname": "a"}}}}'


@pytest.mark.parametrize("version", ["15.1.2", "15.2.0", "16.0.0+solana.4.2.0", "15.1.12"])
def test_yellowstone_of_the_known_version_and_later_reads_them(version: str) -> None:
    assert reads_sets(ABOUT.format("yellowstone-grpc-geyser", version))


@pytest.mark.parametrize(
    "about",
    [
        ABOUT.format("yellowstone-grpc-geyser", "15.1.1"),
        ABOUT.format("yellowstone-grpc-geyser", "13.1.0"),
        ABOUT.format("yellowstone-grpc-geyser", "master"),
        ABOUT.format("richat", "20.0.0"),
        "",
        "15.1.2",
        "[]",
        '{"version": "15.1.2"}',
        '{"version": {"package": "yellowstone-grpc-geyser"}}',
        '{"version": {"package": "yellowstone-grpc-geyser", "version": 16}}',
    ],
)
def test_of_others_nobody_knows(about: str) -> None:
    assert not reads_sets(about)
