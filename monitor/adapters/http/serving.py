"""Serves an application in the daemon's own loop, by uvicorn without its habits: no signals, no logs, no exit."""

import socket
from collections.abc import Callable
from typing import Final

import anyio
import uvicorn
from starlette.applications import Starlette

BACKLOG: Final = 128
_PATIENCE: Final = 1
"""Seconds that running answers get when the daemon stops."""


async def serve(
    application: Starlette, listener: socket.socket, started: Callable[[], None]
) -> None:
    """Answer on a bound socket until cancelled, then close it. Asyncio only.

    `started` is called when connections are taken.
    """
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE,
        )
    )
    # Run by its parts: `serve` as a whole takes the signals, and skips its end when it is cancelled.
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    try:
        await server.startup(sockets=[listener])
        started()
        await server.main_loop()
    finally:
        with anyio.CancelScope(shield=True):
            if server.started:
                await server.shutdown(sockets=[listener])
        listener.close()
