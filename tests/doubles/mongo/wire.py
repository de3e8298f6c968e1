"""Messages on the wire: OP_MSG, and OP_QUERY for the first handshake."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions

_HEADER = struct.Struct("<iiii")
_MSG, _QUERY, _REPLY = 2013, 2004, 1
_CHECKSUM, _MORE_TO_COME = 1, 2
_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(document_class=dict)


@dataclass
class Request:
    """A command with its sequences put into it. `silent`: no answer is wanted."""

    id: int
    command: dict[str, Any]
    silent: bool
    legacy: bool


async def read(stream: asyncio.StreamReader) -> Request:
    """Return the next request. Raises asyncio.IncompleteReadError at the end of the stream."""
    length, id, _, opcode = _HEADER.unpack(await stream.readexactly(16))
    body = await stream.readexactly(length - 16)
    if opcode == _MSG:
        return _message(id, body)
    if opcode == _QUERY:
        at = body.index(b"\0", 4) + 9
        return Request(id, bson.decode(body[at:], _OPTIONS), silent=False, legacy=True)
    raise ValueError(f"opcode {opcode}")


def _message(id: int, body: bytes) -> Request:
    flags = int.from_bytes(body[:4], "little")
    end = len(body) - (4 if flags & _CHECKSUM else 0)
    at, command, sequences = 4, {}, {}
    while at < end:
        kind = body[at]
        size = int.from_bytes(body[at + 1 : at + 5], "little")
        section = body[at + 1 : at + 1 + size]
        if kind == 0:
            command = bson.decode(section, _OPTIONS)
        else:
            name_end = section.index(b"\0", 4)
            sequences[section[4:name_end].decode()] = bson.decode_all(section[name_end + 1 :], _OPTIONS)
        at += 1 + size
    return Request(id, {**command, **sequences}, silent=bool(flags & _MORE_TO_COME), legacy=False)


def message(id: int, command: dict[str, Any]) -> bytes:
    """Return the bytes of a request."""
    body = bson.encode(command)
    return _HEADER.pack(16 + 5 + len(body), id, 0, _MSG) + b"\0\0\0\0\0" + body


def answer(request: Request, reply: dict[str, Any]) -> bytes:
    """Return the bytes of the answer."""
    body = bson.encode(reply)
    if request.legacy:
        head = struct.pack("<iqii", 8, 0, 0, 1)
        return _HEADER.pack(16 + len(head) + len(body), 1, request.id, _REPLY) + head + body
    return _HEADER.pack(16 + 5 + len(body), 1, request.id, _MSG) + b"\0\0\0\0\0" + body
