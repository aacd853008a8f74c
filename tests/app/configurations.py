"""Configuration files for tests, written line by line so that line numbers can be said."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.app.configuration import Configuration, load
from monitor.core.errors import ConfigurationRefused

KEY = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
SYSTEM_PROGRAM = "1" * 32
SIGNATURE = "1" * 64

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUQkqtGBcB7yktumy4Rcbd9lLBorIwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZXhhbXBsZTAgFw0yNjExMjExMjMzNTlaGA8yMTI2MTAyODEy
MzM1OVowEjEQMA4GA1UEAwwHZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABBjrqNuC93FeD3k869hxKToG2U9yC5QpS1FR8cWhzEhaMrnsRxkxg24aZzj0
7xtl59tKwMPj7tDKzKFvrbzqdK+jUzBRMB0GA1UdDgQWBBTLRZS6Dg5biuI3ck4f
Cfg9qJo7qzAfBgNVHSMEGDAWgBTLRZS6Dg5biuI3ck4fCfg9qJo7qzAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCICuf7HMi5qhmHsnsKUMh35VeUcOa
bB0Z4FJLM1kbw+smAiEA0QdoFuaCETDJHlqSpBFbGRvNZRRVGFx2s6JQh8sXsP4=
-----END CERTIFICATE-----
"""
"""Of a made-up authority; good for a hundred years."""

LEAST = """\
endpoints: [{name: ams, url: "http://127.0.0.1:10000"}]
"""

THREE = """\
endpoints: [{name: ams, url: "http://a"}, {name: nyc, url: "http://b"}, {name: tyo, url: "http://c"}]
"""


def written(directory: Path, text: str) -> Path:
    """A file of this text."""
    file = directory / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def loaded(
    directory: Path, text: str, environ: Mapping[str, str] | None = None, profile: str | None = None
) -> Configuration:
    """The configuration of this text."""
    return load(written(directory, text), environ or {}, profile)


def mistakes(
    directory: Path, text: str, environ: Mapping[str, str] | None = None, profile: str | None = None
) -> list[str]:
    """What is said of this text, without the name of the file."""
    with pytest.raises(ConfigurationRefused) as refused:
        loaded(directory, text, environ, profile)
    prefix = f"{directory / 'config.yaml'}:"
    lines = str(refused.value).splitlines()
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]
