"""What endpoints are like, under its public names."""

from monitor.adapters.metrics.snapshot import EndpointState, Snapshot
from monitor.core.endpoint_health import Circuit, Delay, EndpointHealth, Role
from monitor.core.findings import Cause
from tests.adapters.metrics.test_exposition import samples

ILL = EndpointState(
    EndpointHealth(
        0,
        is_open=True,
        circuit=Circuit.HALF_OPEN,
        lag=5.5,
        silent_for=6.0,
        miss_rate=0.001,
        duplicate_rate=0.75,
        first_share=0.25,
        delay=Delay(0.01, 0.04, 0.09),
        trust=0.4,
    ),
    region="europe",
    role=Role.WARM,
    findings={Cause.BLOCK: 3},
)
CLOSED = EndpointState(EndpointHealth(1))


def test_every_number_is_shown_under_its_name() -> None:
    shown = samples(Snapshot(states={"ams": ILL}))
    numbers = {name: n for (name, labels), n in shown.items() if labels == "endpoint=ams"}
    assert numbers == {
        "chain_monitor_slot_lag_seconds": 5.5,
        "chain_monitor_endpoint_silence_seconds": 6.0,
        "chain_monitor_endpoint_first_ratio": 0.25,
        "chain_monitor_endpoint_miss_ratio": 0.001,
        "chain_monitor_endpoint_duplicate_ratio": 0.75,
        "chain_monitor_endpoint_trust": 0.4,
    }
    name, of = "chain_monitor_endpoint_delay_seconds", "region=europe,stage=block_meta"
    assert [shown[name, f"endpoint=ams,quantile={each},{of}"] for each in (0.5, 0.95, 0.99)] == [
        0.01,
        0.04,
        0.09,
    ]


def test_states_are_1_where_they_hold_and_0_elsewhere() -> None:
    shown = samples(Snapshot(states={"ams": ILL, "nyc": CLOSED}))
    ones = {
        labels for (name, labels), n in shown.items() if name.endswith(("circuit", "role")) and n
    }
    assert ones == {
        "endpoint=ams,state=half_open",
        "endpoint=nyc,state=closed",
        "endpoint=ams,role=warm",
        "endpoint=nyc,role=hot",
    }
    zeros = [n for (name, _), n in shown.items() if name.endswith("role") and not n]
    assert len(zeros) == 4


def test_findings_are_counted_by_cause_and_none_is_0() -> None:
    shown = samples(Snapshot(states={"ams": ILL}))
    found = {
        labels: n
        for (name, labels), n in shown.items()
        if name == "chain_monitor_endpoint_findings_total"
    }
    assert found == {
        f"cause={cause},endpoint=ams": 3 if cause is Cause.BLOCK else 0 for cause in Cause
    }


def test_what_is_unknown_and_the_silence_of_a_closed_stream_are_left_out() -> None:
    names = {name for name, _ in samples(Snapshot(states={"nyc": CLOSED}))}
    assert not names & {
        "chain_monitor_slot_lag_seconds",
        "chain_monitor_endpoint_silence_seconds",
        "chain_monitor_endpoint_delay_seconds",
    }
