"""The address of the daemon's API: listening on it, and its URL."""

import os
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from monitor.adapters.http.routes import Answers, application
from monitor.adapters.http.serving import BACKLOG, serve
from monitor.core.errors import ListenRefused


class HttpApi:
    """The HTTP server of one daemon."""

    def __init__(self, listen: str, answers: Answers) -> None:
        self._listen = listen
        self._application = application(answers)

    async def serve(self, started: Callable[[str], None]) -> None:
        """Answer until cancelled; `started` gets the URL when connections are taken. Asyncio only.

        Raises: ListenRefused when the address cannot be had.
        """
        listener = bind(self._listen)
        await serve(self._application, listener, lambda: started(url_of(listener)))


def bind(listen: str) -> socket.socket:
    """A listening socket for `HOST:PORT`; port 0 is any free one. Raises ListenRefused."""
    parts = urlsplit(f"tcp://{listen}")
    try:
        found = socket.getaddrinfo(
            parts.hostname, parts.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        # Python adds the address to strerror; a failed name look-up has a number below 0 and only that text.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror or str(error)
        raise ListenRefused(
            f"api.listen: {listen} cannot be listened on: {reason}; "
            "stop what uses it or change api.listen (port 0 picks a free one)"
        ) from error


def url_of(listener: socket.socket) -> str:
    """Where the socket listens, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
