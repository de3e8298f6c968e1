"""The double as a server on a port of this machine, in any event loop."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from kurrentdbclient.protos.v1 import gossip_pb2, gossip_pb2_grpc, streams_pb2_grpc

from tests.doubles.kurrent.faults import Faults
from tests.doubles.kurrent.log import Log
from tests.doubles.kurrent.streams import Streams
from tests.doubles.kurrent.writer import Writer

MAX_APPEND = 16 << 20
_MESSAGE = 64 << 20


@dataclass(frozen=True)
class Tls:
    """Key and certificate in PEM, and the user who is let in."""

    key: bytes
    certificate: bytes
    user: str
    password: str


class Double:
    """A log in a folder, served at `uri` from `start` to `stop`; it can be started again."""

    def __init__(self, folder: Path, port: int = 0, *, max_append: int = MAX_APPEND, tls: Tls | None = None) -> None:
        self.port = port
        self.faults = Faults()
        self._folder = folder
        self._max_append = max_append
        self._tls = tls
        self._server: grpc.aio.Server | None = None

    @property
    def uri(self) -> str:
        """What a client connects to. With TLS it needs its own user and options."""
        return f"kurrentdb://127.0.0.1:{self.port}?tls=false"

    async def start(self) -> None:
        self.log = Log(self._folder)
        self.writer = Writer(self.log)
        checks = [_Password(self._tls)] if self._tls else []
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", _MESSAGE)]
        server = grpc.aio.server(interceptors=checks, options=options)
        streams = Streams(self.log, self.writer, self.faults, self._max_append)
        streams_pb2_grpc.add_StreamsServicer_to_server(streams, server)
        gossip_pb2_grpc.add_GossipServicer_to_server(_Gossip(self), server)
        address = f"127.0.0.1:{self.port}"
        if self._tls:
            pairs = [(self._tls.key, self._tls.certificate)]
            self.port = server.add_secure_port(address, grpc.ssl_server_credentials(pairs))
        else:
            self.port = server.add_insecure_port(address)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """Close every connection at once and refuse new ones."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop(None)
            await self.writer.close()
            self.log.close()

    async def restart(self) -> None:
        """Stop and start on the same port."""
        await self.stop()
        await self.start()


class _Gossip(gossip_pb2_grpc.GossipServicer):
    """A cluster of one."""

    def __init__(self, double: Double) -> None:
        self._double = double

    async def Read(self, request: Any, context: Any) -> gossip_pb2.ClusterInfo:  # noqa: N802
        await self._double.faults.gate()
        member = gossip_pb2.MemberInfo(
            state=gossip_pb2.MemberInfo.Leader,
            is_alive=True,
            http_end_point=gossip_pb2.EndPoint(address="127.0.0.1", port=self._double.port),
        )
        return gossip_pb2.ClusterInfo(members=[member])


class _Password(grpc.aio.ServerInterceptor):
    """Lets one user in."""

    def __init__(self, tls: Tls) -> None:
        self._wanted = "Basic " + base64.b64encode(f"{tls.user}:{tls.password}".encode()).decode()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        given = dict(handler_call_details.invocation_metadata or ()).get("authorization")
        handler = await continuation(handler_call_details)
        if given == self._wanted:
            return handler

        async def refuse(_request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Not Authenticated")

        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(refuse)
        return grpc.unary_unary_rpc_method_handler(refuse)
