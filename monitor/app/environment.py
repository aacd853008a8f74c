"""Environment variables that stand over keys of the configuration file (DESIGN 10)."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from monitor.app.configuration_document import Document
from monitor.app.configuration_mistakes import Location, Mistake, refused
from monitor.app.configuration_values import NAME, http_url

Reading = Callable[[str], Any]


def _word(text: str) -> str:
    return text.strip()


def _truth(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("true", "false", "1", "0"):
        raise refused("is neither true nor false", "set true or false")
    return word in ("true", "1")


def _whole(text: str) -> int:
    if not text.strip().isdecimal():
        raise refused("is no whole number", "set digits")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise refused("is no number above 0", "set digits")
    return number


def _from_ms(text: str) -> float:
    return _number(text) / 1000


def _endpoints(text: str) -> list[dict[str, str]]:
    """`url` or `name=url`, comma-separated; one without a name is called by its host."""
    found: list[dict[str, str]] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, url = item.partition("=")
        if not equals or not NAME.fullmatch(name.strip()):
            name, url = "", item
        found.append({"name": name.strip(), "url": url.strip()})
    if not found:
        raise refused("names no endpoint", "set url or name=url, comma-separated")
    taken = {endpoint["name"] for endpoint in found}
    for endpoint in found:
        if not endpoint["name"]:
            endpoint["name"] = _host_name(endpoint["url"], taken)
            taken.add(endpoint["name"])
    return found


def _host_name(url: str, taken: set[str]) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"grpc://{url}")
        host, port = parts.hostname or "endpoint", parts.port or 443
    except ValueError:
        host, port = "endpoint", 0
    host = host.replace(":", ".")[:58]
    return host if host not in taken else f"{host}-{port}"


VARIABLES: Final[Mapping[str, tuple[Location, Reading]]] = {
    "PERFORMANCE_MODE": (("profile",), _word),
    "COMMITMENT_STRATEGY": (("commitment", "strategy"), _word),
    "MAX_LATENCY": (("commitment", "max_latency"), _from_ms),
    "MAX_THROUGHPUT": (("commitment", "max_throughput"), _number),
    "GRPC_ENDPOINTS": (("endpoints",), _endpoints),
    "GRPC_FAILOVER_ENABLED": (("failover", "enabled"), _truth),
    "GRPC_HEALTH_CHECK_INTERVAL": (("failover", "health_check_interval"), _from_ms),
    "SLOT_RECOVERY_ENABLED": (("recovery", "enabled"), _truth),
    "SLOT_RECOVERY_BATCH_SIZE": (("recovery", "batch_size"), _whole),
    "SLOT_RECOVERY_MAX_RETRIES": (("recovery", "max_retries"), _whole),
    "MAX_MEMORY_MB": (("limits", "memory_mb"), _whole),
    "MAX_CPU_PERCENT": (("limits", "cpu_percent"), _number),
    "ALERT_WEBHOOK_URL": (("alerting", "webhook_url"), http_url),
}
"""By variable: the key that it replaces, and how its text is read. Times are milliseconds."""


def apply_environment(document: Document, environ: Mapping[str, str]) -> None:
    """Put the variables that are set, and not empty, over the document; bad ones are noted in it."""
    for name, (location, reading) in VARIABLES.items():
        text = environ.get(name, "")
        if not text:
            continue
        try:
            document.put(location, reading(text), f"${name}")
        except PydanticCustomError as error:
            context = error.context or {}
            wrong = Mistake(0, f"${name}", str(context["wrong"]), str(context["remedy"]))
            document.mistakes.append(wrong)
