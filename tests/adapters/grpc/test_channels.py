import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import grpc.experimental
import pytest

from monitor.adapters.grpc.channels import (
    EndpointUnusable,
    metadata_of,
    open_channel,
    options_of,
    target_of,
)
from monitor.adapters.grpc.making import AnyFeeds
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.ports import Endpoint, StreamEnded
from tests.adapters.grpc.servers import REQUEST, serving
from tests.adapters.grpc.taking import frames_of, until_ended


@pytest.mark.parametrize(
    ("url", "target", "tls"),
    [
        ("https://grpc.ams.example", "grpc.ams.example:443", True),
        ("https://grpc.ams.example:8443/", "grpc.ams.example:8443", True),
        ("http://grpc.ams.example", "grpc.ams.example:80", False),
        ("http://127.0.0.1:10000", "127.0.0.1:10000", False),
        ("127.0.0.1:10000", "127.0.0.1:10000", False),
        ("grpc.ams.example:10000", "grpc.ams.example:10000", False),
        ("https://[2001:db8::1]:443", "[2001:db8::1]:443", True),
    ],
)
def test_urls_name_target_and_tls(url: str, target: str, tls: bool) -> None:
    assert target_of(url) == (target, tls)


def test_message_limit_is_off_unless_set() -> None:
    limit = "grpc.max_receive_message_length"
    assert dict(options_of(GrpcSettings()))[limit] == -1
    assert dict(options_of(GrpcSettings(max_message_mb=64)))[limit] == 64_000_000


@pytest.mark.parametrize(("gzip", "bits"), [(False, 1), (True, 5)])
def test_only_identity_is_offered_unless_gzip_is_asked_for(gzip: bool, bits: int) -> None:
    options = dict(options_of(GrpcSettings(gzip=gzip)))
    assert options["grpc.compression_enabled_algorithms_bitset"] == bits


def test_single_threaded_form_is_an_option_of_the_channel() -> None:
    option = grpc.experimental.ChannelOptions.SingleThreadedUnaryStream
    assert option not in dict(options_of(GrpcSettings()))
    assert dict(options_of(GrpcSettings(), single_threaded=True))[option] == 1


def test_token_is_sent_as_x_token() -> None:
    assert metadata_of(Endpoint("ams", "h:1")) == ()
    assert metadata_of(Endpoint("ams", "h:1", token="open sesame")) == (("x-token", "open sesame"),)


@pytest.mark.parametrize("token", ["secret\n", "sécret", "se\x00cret"])
def test_token_that_no_header_carries_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(EndpointUnusable) as refused:
        metadata_of(Endpoint("ams", "h:1", token=token))
    assert refused.value.code == "UNAUTHENTICATED"
    assert token not in str(refused.value)


def test_ca_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(EndpointUnusable, match=r"cannot read ca_file nowhere\.pem: No such file"):
        open_channel(Endpoint("ams", "https://h:1", ca_file="nowhere.pem"), GrpcSettings())


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A key and a self-signed certificate for 127.0.0.1."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl not found")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    names = [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run([openssl, *command.split(), *names], check=True, capture_output=True)
    return key, certificate


def one(_requests: Iterator[bytes], _context: grpc.ServicerContext) -> Iterator[bytes]:
    yield b"one"


@pytest.mark.real_time
async def test_tls_is_spoken_with_whom_the_ca_file_vouches_for(
    feeds: AnyFeeds, certificate: tuple[Path, Path]
) -> None:
    key, chain = certificate
    credentials = grpc.ssl_server_credentials([(key.read_bytes(), chain.read_bytes())])
    with serving(one, credentials) as (_, port):
        url = f"https://127.0.0.1:{port}"
        feeds.open(1, Endpoint("ams", url, ca_file=str(chain)), REQUEST)
        feeds.open(2, Endpoint("nyc", url), REQUEST)
        feeds.open(3, Endpoint("tyo", f"127.0.0.1:{port}"), REQUEST)
        taken = await until_ended(feeds, 1, 2, 3)
    assert frames_of(taken[1]) == [b"one"]
    for stranger in (2, 3):
        [ended] = taken[stranger]
        assert isinstance(ended, StreamEnded)
        assert ended.code == "UNAVAILABLE"
