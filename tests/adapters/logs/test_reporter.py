import io
import json

import pytest

from monitor.adapters.logs.log import LogSettings, open_log
from monitor.adapters.logs.reporter import LogReporter
from monitor.core.commands import Report


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_a_report_is_a_line_of_its_level(level: str) -> None:
    stream = io.StringIO()
    reporter = LogReporter(open_log(LogSettings(level="debug"), stream))
    reporter.report(Report(level, "A feed ended.", {"endpoint": "ams", "reason": "lagged"}))

    line = json.loads(stream.getvalue())
    assert line.pop("timestamp")
    assert line == {
        "level": level,
        "event": "A feed ended.",
        "endpoint": "ams",
        "reason": "lagged",
    }
