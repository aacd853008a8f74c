"""Performs the core's `Report` commands: one log line each."""

from monitor.adapters.logs.log import LEVELS, Log
from monitor.core.commands import Report


class LogReporter:
    """The log as the runtime knows it (`monitor.ports.Reporter`)."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def report(self, report: Report) -> None:
        """Write one line at the report's level."""
        self._log.log(LEVELS[report.level], report.sentence, **report.facts)
