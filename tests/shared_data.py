"""Where the real chain data lies: beside the checkout, read in place, never copied into it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

needs_shared_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"real chain data not found at {SHARED}"
)
