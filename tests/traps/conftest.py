from collections.abc import Mapping
from typing import Any

import pytest

from tests.virtual_time import virtual_time


@pytest.fixture
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, Mapping[str, Any]]:
    """Virtual time; the daemon's own loop for what runs on real sockets."""
    if request.node.get_closest_marker("real_time") is not None:
        return "asyncio", {"use_uvloop": True}
    return virtual_time()
