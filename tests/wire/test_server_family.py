"""Families of servers, by what they say of their version."""

import orjson
import pytest

from monitor.core.endpoint_profile import ServerFamily
from monitor.wire.server_family import family_of, version_words

YELLOWSTONE = "yellowstone-grpc-geyser"


def answer(package: str, version: str) -> str:
    """GetVersion's text, as PROTOCOL 1 tells it."""
    about = {
        "package": package,
        "version": version,
        "proto": "12.6.0",
        "solana": "4.2.0",
        "git": "0c3f357a",
        "rustc": "1.86.0",
        "buildts": "2026-08-20T10:00:00Z",
    }
    return orjson.dumps({"version": about, "extra": {"hostname": "node-1"}}).decode()


@pytest.mark.parametrize(
    ("version", "family"),
    [
        ("1.0.0+solana.1.16.1", ServerFamily.YELLOWSTONE_RAW),
        ("9.1.0+solana.2.3.7", ServerFamily.YELLOWSTONE_RAW),
        ("13.1.0", ServerFamily.YELLOWSTONE_RAW),
        ("13.1.99", ServerFamily.YELLOWSTONE_RAW),
        ("13.2.0", ServerFamily.YELLOWSTONE_BLOCKS),
        ("13.10.0", ServerFamily.YELLOWSTONE_BLOCKS),
        ("14.0.1", ServerFamily.YELLOWSTONE_BLOCKS),
        ("15.1.2", ServerFamily.YELLOWSTONE_BLOCKS),
        ("v15.1.2", ServerFamily.YELLOWSTONE_BLOCKS),
        ("15.2.0", ServerFamily.YELLOWSTONE_LATER),
        ("15.10.0-rc.1", ServerFamily.YELLOWSTONE_LATER),
        ("16.0.0", ServerFamily.YELLOWSTONE_LATER),
        ("", ServerFamily.UNKNOWN),
        ("next", ServerFamily.UNKNOWN),
    ],
)
def test_generations_of_yellowstone_are_told_by_number(version: str, family: ServerFamily) -> None:
    assert family_of(answer(YELLOWSTONE, version)) is family


@pytest.mark.parametrize(
    ("package", "family"),
    [
        ("richat", ServerFamily.RICHAT),
        ("richat-plugin-agave", ServerFamily.RICHAT),
        ("Richat", ServerFamily.RICHAT),
        ("laserstream", ServerFamily.LASERSTREAM),
        ("helius-laserstream", ServerFamily.LASERSTREAM),
        ("yellowstone-grpc-laserstream", ServerFamily.LASERSTREAM),
        ("jetstream", ServerFamily.UNKNOWN),
        ("", ServerFamily.UNKNOWN),
    ],
)
def test_other_servers_are_told_by_the_package(package: str, family: ServerFamily) -> None:
    assert family_of(answer(package, "15.1.2")) is family


def test_the_first_releases_told_no_package() -> None:
    text = '{"version":"0.6.1+solana.1.15.2","proto":"1.1.0+solana.1.15.2","git":"dc8634b"}'
    assert family_of(text) is ServerFamily.YELLOWSTONE_RAW
    assert version_words(text) == "yellowstone-grpc 0.6.1+solana.1.15.2"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15.1.2",
        "[]",
        "{}",
        "null",
        '{"version":7}',
        '{"version":"7"}',
        '{"version":{"package":"richat"}}',
        '{"version":{"package":7,"version":"15.1.2"}}',
    ],
)
def test_what_is_no_such_answer_is_of_no_family_and_stands_as_it_is(text: str) -> None:
    assert family_of(text) is ServerFamily.UNKNOWN
    assert version_words(text) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (answer(YELLOWSTONE, "15.1.2"), "yellowstone-grpc-geyser 15.1.2"),
        ("richat 7", "richat 7"),
        ("v" * 101, "v" * 100),
        (answer("p", "1" * 200), "p " + "1" * 98),
    ],
)
def test_the_version_is_package_and_number_or_the_beginning_of_the_text(
    text: str, words: str
) -> None:
    assert version_words(text) == words
