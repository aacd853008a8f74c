"""Leads what libraries log through the standard library into our log."""

import logging

from typing_extensions import override

from monitor.adapters.logs.log import LEVELS, Log


class StandardHandler(logging.Handler):
    """Hands records of the standard library on; the library's own text is a key, its sentence is ours."""

    def __init__(self, log: Log, level: int = logging.WARNING) -> None:
        super().__init__(level)
        self._log = log

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        level = max(known for known in LEVELS.values() if known <= max(record.levelno, 10))
        facts = {"library": record.name, "text": record.getMessage()}
        exception = record.exc_info if record.exc_info and record.exc_info[0] else None
        if exception is not None:
            self._log.log(level, "A library reported.", **facts, exc_info=exception)
        else:
            self._log.log(level, "A library reported.", **facts)


def lead_standard_logging(log: Log) -> StandardHandler:
    """Make our log the only handler of the root logger; for the composition root, once."""
    handler = StandardHandler(log)
    root = logging.getLogger()
    for other in root.handlers[:]:
        root.removeHandler(other)
    root.addHandler(handler)
    return handler
