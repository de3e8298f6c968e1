"""Errors of the double, as MongoDB words them on the wire: codes, names and labels."""

from __future__ import annotations

from typing import Any

_NAMES = {
    2: "BadValue",
    9: "FailedToParse",
    13: "Unauthorized",
    14: "TypeMismatch",
    18: "AuthenticationFailed",
    26: "NamespaceNotFound",
    43: "CursorNotFound",
    48: "NamespaceExists",
    50: "MaxTimeMSExpired",
    59: "CommandNotFound",
    66: "ImmutableField",
    72: "InvalidOptions",
    112: "WriteConflict",
    225: "TransactionTooOld",
    239: "SnapshotTooOld",
    251: "NoSuchTransaction",
    263: "OperationNotSupportedInTransaction",
    11000: "DuplicateKey",
    14031: "OutOfDiskSpace",
    40415: "IDLUnknownField",
}
TRANSIENT = "TransientTransactionError"


class MongoError(Exception):
    """A command failed with this code."""

    def __init__(self, code: int, message: str, *labels: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.labels = labels

    def reply(self) -> dict[str, Any]:
        """Return the answer to the client."""
        reply = {"ok": 0.0, "errmsg": self.message, "code": self.code, "codeName": _NAMES.get(self.code, "Error")}
        return reply | {"errorLabels": list(self.labels)} if self.labels else reply


class Locked(Exception):
    """A document is changed by a transaction that is still open."""
