"""Keeps secrets out of the log, by the name of a key and by value."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_SECRET_KEYS: Final = frozenset(
    {"token", "x_token", "x-token", "authorization", "password", "secret", "api_key"}
)
REDACTED: Final = "***"
_SHORTEST: Final = 4
"""A shorter text is no secret worth the name, and replacing it everywhere would garble the log."""


class Redaction:
    """Replaces secrets by `***` in all that is given to it, however deep."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one secret may be part of another.
        self._secrets = sorted((s for s in secrets if len(s) >= _SHORTEST), key=len, reverse=True)

    def clean(self, value: Any) -> Any:
        """The value without secrets; of other types than text and collections, as it is."""
        match value:
            case str():
                return self._clean_text(value)
            case Mapping():
                return {
                    self.clean(key): REDACTED
                    if str(key).lower() in _SECRET_KEYS and inner is not None
                    else self.clean(inner)
                    for key, inner in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self.clean(inner) for inner in value]
            case BaseException():
                return self._clean_text(f"{type(value).__name__}: {value}")
            case _:
                return value

    def _clean_text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text
