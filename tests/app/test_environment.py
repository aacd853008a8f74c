from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.app.configuration import Configuration
from monitor.app.environment import VARIABLES
from monitor.core.chain import Commitment
from tests.app.configurations import LEAST, loaded, mistakes

OPPOSITE = """\
profile: balanced
failover: {enabled: true, health_check_interval: 1s}
recovery: {enabled: true, batch_size: 1, max_retries: 1}
commitment: {strategy: fixed, max_latency: 1s, max_throughput: 1}
limits: {memory_mb: 200, cpu_percent: 1}
"""


@pytest.mark.parametrize(
    ("name", "text", "holds"),
    [
        ("PERFORMANCE_MODE", "conservative", lambda c: c.commitment.level is Commitment.FINALIZED),
        ("COMMITMENT_STRATEGY", "adaptive", lambda c: c.commitment.strategy == "adaptive"),
        ("MAX_LATENCY", "250", lambda c: c.commitment.max_latency == 0.25),
        ("MAX_THROUGHPUT", "5000", lambda c: c.commitment.max_throughput == 5000),
        ("GRPC_ENDPOINTS", "x=y:1", lambda c: [e.name for e in c.endpoints] == ["x"]),
        ("GRPC_FAILOVER_ENABLED", "false", lambda c: not c.failover.enabled),
        ("GRPC_HEALTH_CHECK_INTERVAL", "500", lambda c: c.failover.health_check_interval == 0.5),
        ("SLOT_RECOVERY_ENABLED", "FALSE", lambda c: not c.recovery.enabled),
        ("SLOT_RECOVERY_BATCH_SIZE", "7", lambda c: c.recovery.batch_size == 7),
        ("SLOT_RECOVERY_MAX_RETRIES", "8", lambda c: c.recovery.max_retries == 8),
        ("MAX_MEMORY_MB", "300", lambda c: c.limits.memory_mb == 300),
        ("MAX_CPU_PERCENT", "12.5", lambda c: c.limits.cpu_percent == 12.5),
        (
            "ALERT_WEBHOOK_URL",
            "https://hooks.example/x",
            lambda c: c.alerting["webhook_url"] == "https://hooks.example/x",
        ),
    ],
)
def test_each_variable_stands_over_its_key(
    tmp_path: Path, name: str, text: str, holds: Callable[[Configuration], bool]
) -> None:
    without = loaded(tmp_path, LEAST + OPPOSITE + "alerting: {webhook_url: none}\n")
    within = loaded(tmp_path, LEAST + OPPOSITE + "alerting: {webhook_url: none}\n", {name: text})

    assert holds(within)
    assert not holds(without)


def test_every_variable_of_the_design_is_known() -> None:
    assert set(VARIABLES) == {
        "PERFORMANCE_MODE",
        "COMMITMENT_STRATEGY",
        "MAX_LATENCY",
        "MAX_THROUGHPUT",
        "GRPC_ENDPOINTS",
        "GRPC_FAILOVER_ENABLED",
        "GRPC_HEALTH_CHECK_INTERVAL",
        "SLOT_RECOVERY_ENABLED",
        "SLOT_RECOVERY_BATCH_SIZE",
        "SLOT_RECOVERY_MAX_RETRIES",
        "MAX_MEMORY_MB",
        "MAX_CPU_PERCENT",
        "ALERT_WEBHOOK_URL",
    }


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("PERFORMANCE_MODE", "turbo", "is none of the words known here; write aggressive, balanced or conservative"),
        ("COMMITMENT_STRATEGY", "often", "is none of the words known here; write fixed or adaptive"),
        ("MAX_LATENCY", "5s", "is no number above 0; set digits"),
        ("MAX_LATENCY", "0", "is no number above 0; set digits"),
        ("MAX_LATENCY", "inf", "is no number above 0; set digits"),
        ("MAX_THROUGHPUT", "-1", "is no number above 0; set digits"),
        ("GRPC_ENDPOINTS", " , ", "names no endpoint; set url or name=url, comma-separated"),
        ("GRPC_ENDPOINTS", "x=ftp://y", "has the scheme ftp; write https://host:port, http://host:port or host:port"),
        ("GRPC_ENDPOINTS", "https://[::1", "is no url; write https://host:port, http://host:port or host:port"),
        ("GRPC_ENDPOINTS", "x=y:1,x=z:1", "is the name of endpoints[0] too; give each its own name"),
        ("GRPC_FAILOVER_ENABLED", "maybe", "is neither true nor false; set true or false"),
        ("SLOT_RECOVERY_BATCH_SIZE", "1.5", "is no whole number; set digits"),
        ("SLOT_RECOVERY_BATCH_SIZE", "0", "is less than 1; write a larger number"),
        ("ALERT_WEBHOOK_URL", "hooks.example", "is no http or https url; write https://host/path or http://host:port"),
    ],
)  # fmt: skip
def test_a_bad_variable_is_told_by_its_name(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    assert mistakes(tmp_path, LEAST, {name: text}) == [f"0: ${name}: {told}"]


def test_endpoints_replace_those_of_the_file_and_its_mistakes(tmp_path: Path) -> None:
    text = "endpoints: [{name: old, url: 'ftp://x', token: '${NO_TOKEN}'}]\n"
    environ = {
        "GRPC_ENDPOINTS": "ams=https://a.example, b.example:1, b.example:2,https://c.example?q=1,"
    }
    assert mistakes(tmp_path, text, environ) == [
        "0: $GRPC_ENDPOINTS: has more than a host and a port; "
        "put a token under `token`, not in the url"
    ]

    environ = {"GRPC_ENDPOINTS": "ams=https://a.example, b.example:1, b.example:2,https://[::1],"}
    assert [(e.name, e.url, e.token) for e in loaded(tmp_path, text, environ).endpoints] == [
        ("ams", "https://a.example", None),
        ("b.example", "b.example:1", None),
        ("b.example-2", "b.example:2", None),
        ("..1", "https://[::1]", None),
    ]


def test_an_empty_variable_is_as_one_that_is_not_set(tmp_path: Path) -> None:
    assert loaded(tmp_path, LEAST, dict.fromkeys(VARIABLES, "")) == loaded(tmp_path, LEAST)
