"""What an installation is told by its environment: VORONKA_<NAME>, or the file `.env` (DESIGN 5, 10)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit.errors import Unusable

LANES = 12
"""Lanes of the distributed profile, fixed for ever: another number means new topics and a rebuild."""
_NEEDED = ("event_store", "kafka", "documents", "redis", "secret")
_SECRET = 32


class Settings(BaseSettings):
    """Defaults are those of the embedded profile, which needs none of them."""

    model_config = SettingsConfigDict(env_prefix="VORONKA_", env_file=".env", env_file_encoding="utf-8", extra="ignore")

    profile: Literal["embedded", "distributed"] = "embedded"
    event_store: SecretStr = Field(
        default=SecretStr(""), description="EventStoreDB or KurrentDB: kurrentdb://HOST:2113?tls=..."
    )
    kafka: str = Field(default="", description="Kafka brokers: HOST:9092,HOST:9092")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_prefix: str = Field(
        default="", description="Put before names of topics and groups: several workspaces on one cluster"
    )
    kafka_replicas: int = Field(
        default=1, ge=1, description="Copies of each partition of topics that are created; 3 on a real cluster"
    )
    kafka_ca_file: str = Field(default="", description="Certificates to trust (PEM); empty: those of the system")
    documents: SecretStr = Field(
        default=SecretStr(""), description="MongoDB replica set: mongodb://HOST:27017/?replicaSet=rs0"
    )
    database: str = Field(default="voronka", description="Name of the MongoDB database")
    redis: SecretStr = Field(default=SecretStr(""), description="Redis: redis://HOST:6379/0")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Signs calls between processes; the same in all, at least 32 characters"
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8080, ge=1, le=65535)
    allowed_hosts: str = Field(
        default="",
        description="Names under which browsers reach the gateway besides localhost: crm.example.org,10.0.0.7",
    )
    development: bool = Field(
        default=False, description="`true`: also serve /ui, which shows every component of the interface"
    )
    gateway_url: str = Field(default="", description="Where the gateway answers, if not in this process")
    clients_url: str = Field(default="", description="Where the clients service answers, if not in this process")
    pipeline_url: str = Field(default="", description="Where the pipeline service answers, if not in this process")
    analytics_url: str = Field(default="", description="Where the analytics service answers, if not in this process")

    @staticmethod
    def read() -> Settings:
        """Read them from the environment. Raises Unusable naming what is wrong."""
        try:
            return Settings()
        except ValidationError as error:
            wrong = [f"VORONKA_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()]
            raise Unusable("; ".join(wrong)) from error

    def hosts(self) -> list[str]:
        """Return the names of `allowed_hosts`."""
        return [name.strip() for name in self.allowed_hosts.split(",") if name.strip()]

    def urls(self) -> dict[str, str]:
        """Return service name → where it answers, of those that are set."""
        suffix = "_url"
        found = {
            name.removesuffix(suffix): getattr(self, name) for name in type(self).model_fields if name.endswith(suffix)
        }
        return {name: url for name, url in found.items() if url}

    def check_distributed(self) -> None:
        """Raise Unusable naming each setting that the distributed profile lacks."""
        missing = [f"VORONKA_{name.upper()}" for name in _NEEDED if not _text(getattr(self, name))]
        if missing:
            raise Unusable(f"the distributed profile needs {', '.join(missing)}; see docs/distributed.md")
        if len(_text(self.secret)) < _SECRET:
            raise Unusable(
                f"VORONKA_SECRET must have at least {_SECRET} characters; make one with `openssl rand -hex 32`"
            )
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and _text(self.kafka_password)):
            raise Unusable(f"VORONKA_KAFKA_SECURITY={self.kafka_security} needs VORONKA_KAFKA_USER and _PASSWORD")


def _text(value: SecretStr | str) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
