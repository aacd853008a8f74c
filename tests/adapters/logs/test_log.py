import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from monitor.adapters.logs.log import LogSettings, open_log
from monitor.core.chain import Commitment

UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


class BrokenPipe(io.StringIO):
    @override
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def lines(stream: io.StringIO) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_and_sentence_first() -> None:
    stream = io.StringIO()
    open_log(LogSettings(), stream).warning("A feed ended.", endpoint="ams", slot=5)

    (line,) = lines(stream)
    assert list(line) == ["timestamp", "level", "event", "endpoint", "slot"]
    assert (line["level"], line["event"], line["slot"]) == ("warning", "A feed ended.", 5)
    assert re.match(UTC, line["timestamp"])


@pytest.mark.parametrize(
    ("level", "kept"),
    [
        ("debug", ["debug", "info", "warning", "error", "critical"]),
        ("info", ["info", "warning", "error", "critical"]),
        ("error", ["error", "critical"]),
    ],
)
def test_lower_levels_are_left_out(level: str, kept: list[str]) -> None:
    stream = io.StringIO()
    log = open_log(LogSettings(level=level), stream)
    for each in ("debug", "info", "warning", "error", "critical"):
        getattr(log, each)("Something happened.")

    assert [line["level"] for line in lines(stream)] == kept


def test_a_terminal_gets_text_and_a_file_json() -> None:
    terminal = Terminal()
    open_log(LogSettings(), terminal).info("A feed opened.", endpoint="ams")
    assert "A feed opened." in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")

    terminal = Terminal()
    open_log(LogSettings(form="json"), terminal).info("A feed opened.", endpoint="ams")
    assert lines(terminal)[0]["endpoint"] == "ams"

    file = io.StringIO()
    open_log(LogSettings(form="text"), file).info("A feed opened.", endpoint="ams")
    assert file.getvalue().endswith("A feed opened. endpoint=ams\n")


def test_secrets_are_in_no_line_of_any_form() -> None:
    for form in ("json", "text"):
        stream = io.StringIO()
        log = open_log(LogSettings(form=form, secrets=["tell-nobody"]), stream)
        log.info(
            "A feed opened.",
            url="https://x/tell-nobody",
            token="another",
            deep=[{"a": ("tell-nobody",)}],
        )
        try:
            raise ValueError("refused tell-nobody")
        except ValueError:
            log.exception("A call failed.")

        assert "tell-nobody" not in stream.getvalue()
        assert "another" not in stream.getvalue()
        assert "https://x/***" in stream.getvalue()


def test_an_exception_is_a_key_of_one_line() -> None:
    stream = io.StringIO()
    try:
        raise ValueError("no such slot")
    except ValueError:
        open_log(LogSettings(form="json"), stream).exception("A call failed.")

    (line,) = lines(stream)
    assert "ValueError: no such slot" in line["exception"]


def test_facts_of_any_type_are_written() -> None:
    stream = io.StringIO()
    log = open_log(LogSettings(), stream)
    log.info("It began.", path=Path("/x"), level_of=Commitment.CONFIRMED, by={1: 2}, raw=b"\xff")

    (line,) = lines(stream)
    assert (line["path"], line["level_of"], line["by"]) == ("/x", 1, {"1": 2})


def test_a_broken_stream_does_not_stop_the_daemon() -> None:
    open_log(LogSettings(), BrokenPipe()).info("Nobody reads this.")
    closed = io.StringIO()
    log = open_log(LogSettings(form="json"), closed)
    closed.close()
    log.info("Nobody reads this.")
