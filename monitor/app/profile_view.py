"""What an endpoint is, as the API tells it."""

from collections.abc import Callable

from monitor.core.endpoint_profile import EndpointProfile
from monitor.wire.records import utc_text


def profile_view(
    profile: EndpointProfile | None, utc_ns: Callable[[int], int]
) -> dict[str, object] | None:
    """The last probe as plain JSON values; None before the first. `utc_ns` tells moments of the daemon's clock to people."""
    if profile is None:
        return None
    latency = profile.latency
    return {
        "family": profile.family,
        "version": profile.version,
        "refusal": profile.refusal,
        "has_replay": profile.has_replay,
        "floor": profile.floor,
        "tip": profile.tip,
        "depth": profile.depth,
        "compression": profile.compression,
        "latency": None if latency is None else round(latency, 6),
        "at": utc_text(utc_ns(int(profile.probed_at * 1e9))),
        "checked_at": None
        if profile.checked_at is None
        else utc_text(utc_ns(int(profile.checked_at * 1e9))),
    }
