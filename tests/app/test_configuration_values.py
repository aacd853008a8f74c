import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from monitor.app.configuration_values import grpc_url, http_url, listen_address, seconds
from tests.app.configurations import LEAST, mistakes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5s", 5.0),
        ("100ms", 0.1),
        ("1h", 3600.0),
        ("2m", 120.0),
        ("1d", 86400.0),
        ("1.5s", 1.5),
        (30, 30.0),
        (0.25, 0.25),
        (0, 0.0),
    ],
)
def test_durations(value: Any, expected: float) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize("value", ["5", "5 s", "s", "-1s", "1h30m", "", -1, True, None, [1]])
def test_what_is_no_duration_is_refused(value: Any) -> None:
    with pytest.raises(PydanticCustomError):
        seconds(value)


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (grpc_url, "https://grpc.example"),
        (grpc_url, "https://grpc.example:443/"),
        (grpc_url, "http://127.0.0.1:10000"),
        (grpc_url, "grpc.example:10000"),
        (grpc_url, "[::1]:10000"),
        (http_url, "https://rpc.example/key?x=1"),
        (http_url, "http://127.0.0.1:8899"),
        (listen_address, "127.0.0.1:3002"),
        (listen_address, "localhost:0"),
        (listen_address, "[::1]:3002"),
    ],
)
def test_addresses(check: Callable[[str], str], text: str) -> None:
    assert check(text) == text


@pytest.mark.parametrize(
    ("check", "text", "wrong"),
    [
        (grpc_url, "ftp://grpc.example", "has the scheme ftp"),
        (grpc_url, "grpc.example", "names no host and port"),
        (grpc_url, ":10000", "names no host and port"),
        (grpc_url, "https://", "names no host and port"),
        (grpc_url, "https://grpc.example/token", "has more than a host and a port"),
        (grpc_url, "https://grpc.example?token=1", "has more than a host and a port"),
        (grpc_url, "https://me:secret@grpc.example", "has more than a host and a port"),
        (grpc_url, "grpc.example:port", "is no url"),
        (grpc_url, "grpc.example:70000", "is no url"),
        (grpc_url, "[::1:10000", "is no url"),
        (http_url, "rpc.example", "is no http or https url"),
        (http_url, "ws://rpc.example", "is no http or https url"),
        (http_url, "https:///path", "names no host"),
        (listen_address, "3002", "is no address to listen on"),
        (listen_address, "127.0.0.1", "is no address to listen on"),
        (listen_address, "127.0.0.1:3002/path", "is no address to listen on"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(
    check: Callable[[str], str], text: str, wrong: str
) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        check(text)

    assert (refused.value.context or {})["wrong"] == wrong


@pytest.mark.parametrize("number", [-1, os.cpu_count() or 1])
def test_a_core_that_the_machine_lacks_is_refused_at_its_place(tmp_path: Path, number: int) -> None:
    highest = (os.cpu_count() or 1) - 1
    assert mistakes(tmp_path, f"{LEAST}ingest: {{cores: [0, {number}]}}\n") == [
        f"2: ingest.cores[1]: this machine has no CPU {number}; "
        f"write numbers from 0 to {highest}, or leave the key out"
    ]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            '{"two words": x}',
            "headers.two words: is no name of a header; write one as Authorization",
        ),
        ('{"": x}', "headers.: is no name of a header; write one as Authorization"),
        (
            "{Content-Length: x}",
            "headers.Content-Length: is a header that the daemon sets itself; remove it",
        ),
        ('{X-Key: ""}', "headers.X-Key: is empty; write a value, or leave the key out"),
        (
            '{X-Key: "a\\r\\nb"}',
            "headers.X-Key: has control characters; write it in one line",
        ),
        (
            "{X-Key: schlüssel}",
            "headers.X-Key: is no value of a header; "
            "write printable ASCII, without spaces around it",
        ),
        (
            "{X-Key: 5}",
            "headers.X-Key: is no text; write text, in quotes if it looks like a number",
        ),
    ],
)
def test_headers_that_no_server_would_take_are_refused(
    tmp_path: Path, headers: str, told: str
) -> None:
    text = LEAST + f"rpc: [{{name: a, url: 'http://a', headers: {headers}}}]\n"
    assert mistakes(tmp_path, text) == [f"2: rpc[0].{told}"]


@pytest.mark.parametrize("memory_mb", ["0", "-5", "159"])
def test_too_little_memory_is_refused(tmp_path: Path, memory_mb: str) -> None:
    text = LEAST + f"limits: {{memory_mb: {memory_mb}}}\n"
    assert mistakes(tmp_path, text) == [
        "2: limits.memory_mb: is too little to work in; write 160 or more"
    ]


def test_too_little_memory_of_the_environment_is_refused_by_its_name(tmp_path: Path) -> None:
    assert mistakes(tmp_path, LEAST, {"MAX_MEMORY_MB": "100"}) == [
        "0: $MAX_MEMORY_MB: is too little to work in; write 160 or more"
    ]
