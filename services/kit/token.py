"""Consistency tokens: where a command's events are, so that a read can wait for just them (DESIGN 7)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from contracts.problem import Gone, Invalid


@dataclass(frozen=True, slots=True)
class Token:
    """A log and places in it: (topic, lane, position); lane -1 is every lane (reference events)."""

    log_id: str
    places: list[tuple[str, int, int]]

    def __str__(self) -> str:
        raw = json.dumps([self.log_id, self.places], separators=(",", ":")).encode()
        return urlsafe_b64encode(raw).decode().rstrip("=")

    @staticmethod
    def parse(text: str) -> Token:
        """Read a token. Raises Invalid naming the field `after`."""
        try:
            log_id, places = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return Token(str(log_id), [(str(topic), int(lane), int(at)) for topic, lane, at in places])
        except (ValueError, TypeError) as error:
            raise Invalid(
                "this is no consistency token; send one as a command's answer gave it", field="after"
            ) from error

    def check(self, log_id: str) -> None:
        """Raise Gone if the token belongs to another log."""
        if self.log_id != log_id:
            raise Gone("the token is of another log (a restored or new workspace); read without `after`", field="after")
