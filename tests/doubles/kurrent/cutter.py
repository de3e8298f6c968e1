"""A network that cuts: a TCP proxy before the double whose connections can be broken at any byte."""

from __future__ import annotations

import asyncio
import contextlib


class Cutter:
    """Passes bytes on between its own port and another one of this machine."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.cuts = 0
        """Connections broken."""

    @property
    def uri(self) -> str:
        return f"kurrentdb://127.0.0.1:{self._server.sockets[0].getsockname()[1]}?tls=false"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    def cut(self) -> None:
        """Break every connection now, without a word to either side."""
        self.cuts += len(self._writers) // 2
        for writer in self._writers:
            writer.transport.abort()

    async def stop(self) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind, there = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there}
        await asyncio.gather(self._pass(reader, there), self._pass(behind, writer))
        self._writers -= {writer, there}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 14):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
