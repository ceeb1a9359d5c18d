"""A mail server that takes everything at once and notes when: the provider of the benchmark."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress


class Sink:
    """Counts the mails that arrive at 127.0.0.1:`port`, and when; every answer says yes."""

    def __init__(self) -> None:
        self.arrivals: list[float] = []
        self.port = 0
        self.loop: asyncio.AbstractEventLoop

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak SMTP with one client until it leaves."""
        with suppress(ConnectionError, asyncio.CancelledError), closing(writer):
            writer.write(b"220 sink\r\n")
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    self.arrivals.append(time.monotonic())
                writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 yes\r\n")
                if verb == b"QUIT":
                    break
            await writer.drain()

    def rate(self) -> float:
        """Return how many mails arrived per second, from the first to the last."""
        return (len(self.arrivals) - 1) / (self.arrivals[-1] - self.arrivals[0])


@contextmanager
def listening() -> Iterator[Sink]:
    """Run a sink in a thread of its own."""
    sink, ready, end = Sink(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        sink.loop = asyncio.get_running_loop()
        ready.set()
        await end.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()], daemon=True)
    thread.start()
    ready.wait()
    try:
        yield sink
    finally:
        sink.loop.call_soon_threadsafe(end.set)
        thread.join()
