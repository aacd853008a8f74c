"""Adapters are tested on real sockets, threads and clocks: asyncio on uvloop, as the daemon runs."""

from collections.abc import Mapping
from typing import Any

import pytest


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return ("asyncio", {"use_uvloop": True})
