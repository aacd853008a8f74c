"""The app is tested as it runs, where it has a loop at all: asyncio on uvloop, real sockets."""

from collections.abc import Mapping
from typing import Any

import pytest


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return ("asyncio", {"use_uvloop": True})
