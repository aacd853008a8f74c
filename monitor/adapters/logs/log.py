"""Where log lines go and how they look; each log is a value that is passed on, nothing is set globally."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

import orjson
import structlog

from monitor.adapters.logs.redaction import Redaction

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

Log = structlog.typing.FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How much is logged, in which form, and what never is."""

    level: str = "info"
    form: str = "auto"
    """json, text, or auto: text on a terminal."""
    secrets: Iterable[str] = field(default=(), repr=False)


class _Lines:
    """What structlog writes to: a stream whose failing is no reason to stop watching the chain."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # nobody reads the log any more, and there is nowhere left to say so

    debug = info = warning = error = critical = msg


def open_log(settings: LogSettings, stream: TextIO) -> Log:
    """A log that writes to the stream: events are sentences, facts are keys."""
    redaction = Redaction(settings.secrets)

    def redact(_log: Any, _method: str, event: structlog.typing.EventDict) -> dict[str, Any]:
        cleaned: dict[str, Any] = redaction.clean(event)
        return cleaned

    text = settings.form == "text" or (settings.form == "auto" and stream.isatty())
    log: Log = structlog.wrap_logger(
        _Lines(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            *(_text_form(stream) if text else (_in_order, _as_json)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.level]),
        cache_logger_on_first_use=True,
    )
    return log


def _text_form(stream: TextIO) -> tuple[structlog.typing.Processor, ...]:
    return (structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0),)


def _in_order(_log: Any, _method: str, event: structlog.typing.EventDict) -> dict[str, Any]:
    """Time, level and sentence first, for whoever reads the JSON by eye."""
    first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
    return {**first, **event}


def _as_json(_log: Any, _method: str, event: structlog.typing.EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
