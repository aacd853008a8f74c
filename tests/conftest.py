"""Virtual time by default: async tests run on trio with a clock that jumps, their tasks in the same order each time.

Under it nothing may wait on a thread or a socket. Tests of adapters and end to end override the backend.
"""

import os
from collections.abc import Mapping
from typing import Any

import hypothesis
import pytest

from tests.virtual_time import virtual_time

# Named as the parent, since under CI=true hypothesis would have every run draw the same examples.
_DRAWN = hypothesis.settings.get_profile("default")
hypothesis.settings.register_profile("dev", _DRAWN, max_examples=50, deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", _DRAWN, max_examples=500, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return virtual_time()
