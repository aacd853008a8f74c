import io
import json
import logging
from collections.abc import Iterator

import pytest

from monitor.adapters.logs.log import LogSettings, open_log
from monitor.adapters.logs.standard import StandardHandler, lead_standard_logging


@pytest.fixture
def root_as_it_was() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers = root.handlers[:]
    yield root
    root.handlers[:] = handlers


def test_a_warning_of_a_library_is_a_line_of_ours() -> None:
    stream = io.StringIO()
    handler = StandardHandler(open_log(LogSettings(), stream))
    handler.handle(
        logging.LogRecord("uvicorn.error", logging.WARNING, "", 1, "lost %d", (5,), None)
    )

    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("warning", "A library reported.")
    assert (line["library"], line["text"]) == ("uvicorn.error", "lost 5")


def test_an_exception_of_a_library_keeps_its_traceback() -> None:
    stream = io.StringIO()
    handler = StandardHandler(open_log(LogSettings(), stream))
    failure = ValueError("no such slot")
    handler.handle(logging.LogRecord("x", 45, "", 1, "failed", (), (ValueError, failure, None)))

    line = json.loads(stream.getvalue())
    assert line["level"] == "error"
    assert "no such slot" in line["exception"]


def test_our_log_becomes_the_only_handler(root_as_it_was: logging.Logger) -> None:
    handler = lead_standard_logging(open_log(LogSettings(), io.StringIO()))

    assert root_as_it_was.handlers == [handler]
    assert handler.level == logging.WARNING
