from pathlib import Path

import pytest

from monitor.app.configuration import JsonlSink, NullSink, Recovery, Rpc, StdoutSink, load
from monitor.app.configuration_shape import PROFILES
from monitor.app.profiles import PROFILES_DIRECTORY
from monitor.core.chain import Commitment
from monitor.core.errors import ConfigurationRefused
from monitor.core.monitors import DataSlice
from monitor.ports import Endpoint
from tests.app.configurations import CERTIFICATE, KEY, LEAST, loaded, mistakes, written

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "config" / "example.yaml"
TOKENS = {"AMS_TOKEN": "token-of-ams", "NYC_TOKEN": "token-of-nyc"}

ELEVEN_MISTAKES = f"""\
state_dirr: /var/lib/chain-monitor
endpoints:
  - {{name: ams, url: "ftp://grpc.ams.example"}}
  - {{name: ams, url: "https://grpc.nyc.example", token: "${{NYC_TOKEN}}"}}
failover: {{health_check_interval: soon}}
ingest: {{reader: fastest}}
commitment: {{strategy: often}}
monitors:
  - name: usdc
    transactions:
      account_include: [{KEY}, {KEY[1:10]}]
  - name: empty
sinks:
  - name: file
    kind: jsonl
    path: events.jsonl
    monitors: [usdc, vault]
limits: {{memory_mb: 159}}
"""


def test_eleven_mistakes_make_eleven_messages_with_line_path_and_remedy(tmp_path: Path) -> None:
    assert mistakes(tmp_path, ELEVEN_MISTAKES) == [
        "1: state_dirr: is no key of this place; did you mean state_dir?",
        "3: endpoints[0].url: has the scheme ftp; "
        "write https://host:port, http://host:port or host:port",
        "4: endpoints[1].name: is the name of endpoints[0] too; give each its own name",
        "4: endpoints[1].token: needs the variable NYC_TOKEN, which is not set; "
        "set NYC_TOKEN in the environment of the daemon",
        "5: failover.health_check_interval: is no duration; "
        "write a number of seconds, or one with a unit: 100ms, 5s, 2m, 1h, 1d",
        "6: ingest.reader: is none of the words known here; "
        "write auto, segregated, single_threaded or plain",
        "7: commitment.strategy: is none of the words known here; write fixed or adaptive",
        "11: monitors[0].transactions.account_include[1]: is no public key; "
        "copy the address again: 32 to 44 base58 characters",
        "12: monitors[1]: has no filter; "
        "add one of transactions, transactions_status, accounts, slots, blocks, blocks_meta, entry, "
        "deshred",
        "17: sinks[0].monitors[1]: names no monitor: vault; write one of usdc, empty",
        "18: limits.memory_mb: is too little to work in; write 160 or more",
    ]


def test_the_example_loads_with_every_key() -> None:
    configuration = load(EXAMPLE, TOKENS)

    assert configuration.profile == "balanced"
    assert configuration.state_dir == Path("/var/lib/chain-monitor")
    assert configuration.endpoints[0] == Endpoint(
        name="ams",
        url="https://grpc.ams.example",
        region="europe",
        provider="one",
        token="token-of-ams",
    )
    assert configuration.endpoints[1].priority == 2
    assert configuration.commitment.level is Commitment.CONFIRMED
    assert [monitor.name for monitor in configuration.monitors] == ["usdc", "vault", "chain"]
    assert configuration.monitors[1].commitment is Commitment.FINALIZED
    assert configuration.monitors[1].data_slices == (DataSlice(0, 64),)
    assert configuration.sinks == (
        JsonlSink(
            name="file",
            kind="jsonl",
            monitors=("usdc", "vault", "chain"),
            path="/var/lib/chain-monitor/events.jsonl",
        ),
    )
    assert configuration.rpc[0].requests_per_second == 50
    assert configuration.start_slot is None
    assert configuration.without_effect == ("signals",)


def test_the_example_shows_the_defaults(tmp_path: Path) -> None:
    example = load(EXAMPLE, TOKENS)
    least = loaded(tmp_path, LEAST)

    for section in ("failover", "ingest", "recovery", "commitment", "limits", "api", "log"):
        assert getattr(example, section) == getattr(least, section)


def test_an_empty_file_lacks_endpoints(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "") == ["1: endpoints: is missing; add it"]
    assert mistakes(tmp_path, "endpoints: []") == [
        "1: endpoints: is empty; write at least one item"
    ]


@pytest.mark.parametrize(
    ("name", "level", "requests", "batch"),
    [
        ("aggressive", Commitment.PROCESSED, 100, 200),
        ("balanced", Commitment.CONFIRMED, 50, 100),
        ("conservative", Commitment.FINALIZED, 20, 50),
    ],
)
def test_a_profile_stands_below_the_file(
    tmp_path: Path, name: str, level: Commitment, requests: float, batch: int
) -> None:
    rpc = 'rpc: [{name: a, url: "http://a"}, {name: b, url: "http://b", requests_per_second: 7}]\n'
    configuration = loaded(tmp_path, f"profile: {name}\n{LEAST}{rpc}")

    assert configuration.commitment.level is level
    assert [service.requests_per_second for service in configuration.rpc] == [requests, 7]
    assert (configuration.batch.size, configuration.batch.interval) == (batch, 0.1)


def test_an_rpc_keeps_all_that_was_written(tmp_path: Path) -> None:
    text = """\
rpc:
  - {name: main, url: "https://rpc.example/${KEY}", requests_per_second: 7.5}
  - {name: old, url: "http://10.0.0.1:8899", archive: true, headers: {Authorization: "Bearer ${KEY}"}}
"""
    configuration = loaded(tmp_path, LEAST + text, {"KEY": "tell-nobody"})

    assert configuration.rpc == (
        Rpc("main", "https://rpc.example/tell-nobody", 7.5),
        Rpc("old", "http://10.0.0.1:8899", 50, True, {"Authorization": "Bearer tell-nobody"}),
    )
    assert "tell-nobody" not in repr(configuration)
    assert {"https://rpc.example/tell-nobody", "Bearer tell-nobody"} <= configuration.secrets()


def test_no_rpc_is_asked_when_recovery_is_off(tmp_path: Path) -> None:
    text = LEAST + 'rpc: [{name: a, url: "http://a"}]\n'

    assert len(loaded(tmp_path, text).rpc) == 1
    assert loaded(tmp_path, text, {"SLOT_RECOVERY_ENABLED": "false"}).rpc == ()


def test_recovery_is_as_the_file_and_the_environment_say(tmp_path: Path) -> None:
    text = (
        "recovery: {batch_size: 20, on_catchup_exceeded: catch_up, on_lost: continue, workers: 3}\n"
    )
    environ = {"SLOT_RECOVERY_BATCH_SIZE": "30", "SLOT_RECOVERY_MAX_RETRIES": "5"}

    assert loaded(tmp_path, LEAST + text, environ).recovery == Recovery(
        enabled=True,
        batch_size=30,
        max_retries=5,
        max_catchup_slots=100_000,
        on_catchup_exceeded="catch_up",
        on_lost="continue",
        workers=3,
    )


def test_the_level_of_the_file_is_over_the_profile(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, LEAST + "commitment: {level: finalized}\n")

    assert configuration.commitment.level is Commitment.FINALIZED


def test_a_level_outside_the_profiles_bounds_is_refused(tmp_path: Path) -> None:
    text = LEAST + "commitment: {level: confirmed}\nprofile: conservative\n"
    assert mistakes(tmp_path, text) == [
        "2: commitment.level: is confirmed, and the profile conservative allows finalized; "
        "write finalized, or choose another profile"
    ]
    narrow = (
        "commitment: {strategy: fixed, level: confirmed, lowest: confirmed, highest: finalized}"
    )
    rest = (PROFILES_DIRECTORY / "balanced.yaml").read_text().partition("\n")[2]
    (tmp_path / "balanced.yaml").write_text(f"{narrow}\n{rest}")
    low = written(tmp_path, LEAST + "commitment: {level: processed}\n")
    with pytest.raises(ConfigurationRefused) as refused:
        load(low, {}, profiles=tmp_path)
    assert str(refused.value).endswith(
        "2: commitment.level: is processed, and the profile balanced allows confirmed to finalized; "
        "write confirmed or finalized, or choose another profile"
    )


def test_a_level_outside_the_bounds_hides_no_other_mistake(tmp_path: Path) -> None:
    text = LEAST + "commitment: {level: confirmed}\nprofile: conservative\nmonitors: [{name: a}]\n"
    assert [each.partition(": ")[2][:12] for each in mistakes(tmp_path, text)] == [
        "commitment.l",
        "monitors[0]:",
    ]


def test_the_profile_of_the_command_line_is_over_environment_and_file(tmp_path: Path) -> None:
    text = f"profile: balanced\n{LEAST}"
    environ = {"PERFORMANCE_MODE": "aggressive"}

    assert loaded(tmp_path, text, environ).profile == "aggressive"
    assert loaded(tmp_path, text, environ, "conservative").profile == "conservative"
    assert mistakes(tmp_path, text, environ, "reckless") == [
        "0: --profile: is none of the words known here; write aggressive, balanced or conservative"
    ]


def test_without_failover_only_the_first_endpoint_is_watched(tmp_path: Path) -> None:
    text = """\
endpoints: [{name: ams, url: "a:1"}, {name: nyc, url: "b:1"}]
failover: {enabled: false}
"""
    assert [endpoint.name for endpoint in loaded(tmp_path, text).endpoints] == ["ams"]


def test_relative_paths_start_at_the_directory_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    configuration = loaded(
        tmp_path,
        """\
state_dir: state
endpoints: [{name: ams, url: "a:1", ca_file: ca.pem}]
monitors: [{name: m, slots: {}}]
sinks: [{name: s, kind: jsonl, path: events.jsonl, monitors: [m]}]
""",
    )

    (sink,) = configuration.sinks
    assert isinstance(sink, JsonlSink)
    assert configuration.state_dir == tmp_path / "state"
    assert configuration.endpoints[0].ca_file == str(tmp_path / "ca.pem")
    assert sink.path == str(tmp_path / "events.jsonl")


def test_each_kind_of_sink_loads_and_null_needs_no_quotes(tmp_path: Path) -> None:
    configuration = loaded(
        tmp_path,
        LEAST
        + """\
monitors: [{name: m, slots: {}}]
sinks:
  - {name: a, kind: stdout, monitors: [m], order: arrival}
  - {name: b, kind: null, monitors: [m]}
  - {name: c, kind: "null", monitors: [m], hold: 0}
  - {name: d, kind: jsonl, path: /d, monitors: [m], rotate_mb: null, rotate_every: null, keep: 3, sync: 100ms}
""",
    )

    assert configuration.sinks == (
        StdoutSink("a", "stdout", ("m",), order="arrival"),
        NullSink("b", "null", ("m",)),
        NullSink("c", "null", ("m",), hold=0.0),
        JsonlSink("d", "jsonl", ("m",), "/d", rotate_mb=None, rotate_every=None, keep=3, sync=0.1),
    )


def test_limits_of_an_endpoint_reach_it(tmp_path: Path) -> None:
    text = 'endpoints: [{name: a, url: "a:1", limits: {streams: 1, filters: 2, pubkeys: 3}}]\n'
    (endpoint,) = loaded(tmp_path, text).endpoints

    assert (endpoint.max_streams, endpoint.max_filters, endpoint.max_pubkeys) == (1, 2, 3)


def test_no_secret_is_in_the_repr_and_all_are_named(tmp_path: Path) -> None:
    configuration = loaded(
        tmp_path,
        """\
endpoints: [{name: ams, url: "a:1", token: tell-nobody}]
rpc: [{name: main, url: "https://rpc.example/key-of-mine"}]
alerting: {webhook_url: "https://hooks.example/hook-of-mine"}
""",
    )

    for secret in ("tell-nobody", "key-of-mine", "hook-of-mine"):
        assert secret not in repr(configuration)
    assert configuration.secrets() == {
        "tell-nobody",
        "https://rpc.example/key-of-mine",
        "https://hooks.example/hook-of-mine",
    }


def test_a_secret_url_with_a_mistake_is_not_repeated(tmp_path: Path) -> None:
    text = 'endpoints: [{name: ams, url: "https://key-of-mine@grpc.example"}]'

    assert mistakes(tmp_path, text) == [
        "1: endpoints[0].url: has more than a host and a port; "
        "put a token under `token`, not in the url"
    ]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationRefused, match="cannot be read: No such file or directory"):
        load(tmp_path / "nowhere.yaml", {})


def test_a_mistake_in_a_profile_names_the_profile(tmp_path: Path) -> None:
    (tmp_path / "balanced.yaml").write_text("commitment: {strategy: fixed}\n", encoding="utf-8")
    with pytest.raises(ConfigurationRefused) as refused:
        load(written(tmp_path, LEAST), {}, profiles=tmp_path)

    assert str(refused.value).splitlines() == [
        f"{tmp_path / 'balanced.yaml'}:1: batch: is missing; add it",
        f"{tmp_path / 'balanced.yaml'}:1: commitment.highest: is missing; add it",
        f"{tmp_path / 'balanced.yaml'}:1: commitment.level: is missing; add it",
        f"{tmp_path / 'balanced.yaml'}:1: commitment.lowest: is missing; add it",
        f"{tmp_path / 'balanced.yaml'}:1: confirm_quorum: is missing; add it",
        f"{tmp_path / 'balanced.yaml'}:1: covers: is missing; add it",
        f"{tmp_path / 'balanced.yaml'}:1: requests_per_second: is missing; add it",
    ]


@pytest.mark.parametrize(
    ("providers", "profile", "quorum"),
    [
        (("one", "two"), "balanced", 1),
        (("one", "two"), "conservative", 2),
        (("one", "one"), "conservative", 1),
        (("", ""), "conservative", 2),
    ],
)
def test_the_profile_asks_for_no_more_providers_than_there_are(
    tmp_path: Path, providers: tuple[str, str], profile: str, quorum: int
) -> None:
    lines = [
        f" - {{name: e{n}, url: 'http://e{n}', provider: '{provider}'}}\n"
        for n, provider in enumerate(providers)
    ]
    text = f"profile: {profile}\nendpoints:\n{''.join(lines)}"
    configuration = loaded(tmp_path, text)
    assert configuration.confirm_quorum == quorum
    assert configuration.without_effect == ()
    alone = loaded(tmp_path, f"{text}failover: {{enabled: false}}\n")
    assert alone.confirm_quorum == 1


def test_a_quorum_that_was_written_stands_over_the_profile(tmp_path: Path) -> None:
    text = (
        "endpoints: [{name: a, url: 'http://a'}, {name: b, url: 'http://b'}]\n"
        "failover: {confirm_quorum: 2, quorum_wait: 5s, quorum_strict: true}\n"
    )
    configuration = loaded(tmp_path, text)
    assert configuration.confirm_quorum == 2
    assert configuration.failover.quorum_wait == 5.0
    assert configuration.failover.quorum_strict
    assert configuration.without_effect == ()


def test_every_profile_has_a_file() -> None:
    found = {file.stem for file in (ROOT / "config" / "profiles").glob("*.yaml")}

    assert found == set(PROFILES)
