"""A connection that speaks HTTP/1.1 and nothing else, and that ends once its client has said its last and is answered.

The library would change to HTTP/2 for whoever asks, which has limits of its own that nobody here has set. It would also
take a client that closes its half for one that has left, and keep such a connection as long as an idle one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import h11
import trio
from anycorn.events import Closed, Event, RawData, Updated
from anycorn.protocol.h11 import H11Protocol
from anycorn.tcp_server import MAX_RECV, TCPServer

if TYPE_CHECKING:
    import h11
    from anycorn import Config
    from anycorn.typing import AppWrapper
    from anycorn.worker_context import WorkerContext

    from daonode.httpd.connection import HttpStream


class HttpConnection(TCPServer):
    """Serves one connection. A client may be silent for `silence_s`."""

    def __init__(
        self, app: AppWrapper, config: Config, context: WorkerContext, stream: HttpStream, *, silence_s: float
    ) -> None:
        super().__init__(app, config, context, {}, stream)
        self._silence_s = silence_s
        self._answered = trio.Event()
        self._answered.set()

    async def protocol_send(self, event: Event) -> None:
        """Note whether a request is under way, and pass the event on."""
        if isinstance(event, Updated) and not event.idle:
            self._answered = trio.Event()
        elif isinstance(event, Updated | Closed):
            self._answered.set()
        await super().protocol_send(event)

    async def _read_data(self) -> None:
        http = self._speak_http_one_alone()
        while True:
            try:
                with trio.fail_after(self._silence_s):
                    data = await self.stream.receive(MAX_RECV)
            except anyio.EndOfStream:
                # No more questions; the last one may still be under way, if it has come as a whole.
                if not http.lacks_body:
                    with trio.move_on_after(self._silence_s):
                        await self._answered.wait()
                break
            except (anyio.ClosedResourceError, anyio.BrokenResourceError, trio.TooSlowError):
                break
            await self.protocol.handle(RawData(data))
        await self.protocol.handle(Closed())
        await self.idle_task.stop()

    def _speak_http_one_alone(self) -> _HttpOne:
        chosen = self.protocol
        chosen.protocol = http = _HttpOne(
            chosen.app,
            chosen.config,
            chosen.context,
            chosen.task_group,
            chosen.state,
            chosen.client,
            chosen.server,
            chosen.send,
            chosen.tls,
            zero_copy_send=chosen.zero_copy_send,
        )
        return http


class _HttpOne(H11Protocol):
    @property
    def lacks_body(self) -> bool:
        """Whether a request has begun whose body has not all come."""
        return self.connection.their_state is h11.SEND_BODY

    async def _check_protocol(self, event: h11.Request) -> None:
        """Change to no other protocol: who asks for one is answered in this one, as HTTP allows."""
