"""How to reach Kafka: addresses, who we are, what our topics are called. Plain values, no driver."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from contracts.registry import TOPICS
from services.kit.lanes import LANES

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where Kafka is and how to talk to it. Times are seconds."""

    servers: str = "127.0.0.1:9092"
    """`host:port`, several with commas."""
    security: Security = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    """Whom to trust; None: whom the system trusts."""
    cert_file: Path | None = None
    """Our own certificate and key (mutual TLS), if asked for."""
    key_file: Path | None = None
    prefix: str = ""
    """Put before the names of topics and groups: several workspaces on one cluster."""
    lanes: int = LANES
    replicas: int = 1
    """Copies of each partition, for topics that are created here; 3 on a real cluster."""
    session: float = 10.0
    """A worker that is not heard of for so long has lost its lanes."""
    stalled: float = 30.0
    """A reader that gets nothing for so long, while there is something, is started anew (DESIGN 10)."""
    send: float = 30.0
    """A message that is not acknowledged after so long was not sent: the relay begins again from what is."""

    def topic(self, name: str) -> str:
        """Return what the topic `pipeline.events` is called in this cluster."""
        return self.prefix + name

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of events, as they are called in this cluster."""
        return tuple(self.topic(name) for name in TOPICS)

    @property
    def notes(self) -> str:
        """The topic in which the relay notes how far it is, and readers ask it to send something again."""
        return self.topic("voronka.relay")

    def group(self, name: str) -> str:
        """Return what the group `analytics.1` is called in this cluster."""
        return self.prefix + name

    def options(self) -> dict[str, Any]:
        """Return what every aiokafka client is made with. Raises OSError if a certificate cannot be read."""
        options: dict[str, Any] = {"bootstrap_servers": self.servers.split(","), "security_protocol": self.security}
        if self.security.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.security.endswith("SSL"):
            context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
            if self.cert_file is not None:
                context.load_cert_chain(self.cert_file, self.key_file)
            options["ssl_context"] = context
        return options
