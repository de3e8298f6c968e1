"""The rights that docs/subscribe.md gives a subscriber and Voronka itself are enough, and no more than that."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateAclsRequest

from contracts.registry import TOPICS
from examples.accounting_sync import follow
from examples.accounting_sync.ledger import Ledger
from services.kit.adapters.kafka_settings import KafkaSettings
from tests.servers.followed import eventually_relayed, relayed
from tests.servers.native import kafka as native
from tests.servers.relayed import own
from tests.support.app import running
from tests.support.company import Company
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.servers
TOPIC, GROUP = 2, 3
LITERAL, PREFIXED = 3, 4
READ, WRITE, CREATE, DESCRIBE, DESCRIBE_CONFIGS = 3, 4, 5, 8, 10
ALLOW = 3
ACCOUNTING, VORONKA = "accounting", "process"
_GUARDED = """authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:voronka;User:ANONYMOUS
"""


class Guarded(native.Kafka):
    """A broker where nobody may do anything without a right, but for the administrator USER."""

    def _format(self) -> None:
        cluster = "Vm9yb25rYVJpZ2h0c1Rlcw"
        command = [*self._java(128), "kafka.tools.StorageTool", "format", "-t", cluster]
        command += ["-c", str(self.folder / "server.properties")]
        for user in (native.USER, ACCOUNTING, VORONKA):
            command += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={native.PASSWORD}]"]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


@pytest.fixture
async def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KafkaSettings]:
    """Return the settings of the administrator of a guarded broker."""
    monkeypatch.setattr(native, "_SASL", native._SASL + _GUARDED)
    try:
        broker = Guarded(tmp_path / "broker", sasl=True)
    except native.NotThere as error:
        pytest.skip(str(error))
    try:
        await asyncio.to_thread(broker.start)
        yield own(broker.address, security="SASL_PLAINTEXT", username=native.USER, password=native.PASSWORD)
    finally:
        await asyncio.to_thread(broker.stop)


async def allow(settings: KafkaSettings, user: str, *rights: tuple[int, str, int, int]) -> None:
    """Give the user rights: (kind, name, pattern, operation)."""
    admin = AIOKafkaAdminClient(**settings.options())
    await admin.start()
    try:
        for kind, name, pattern, operation in rights:
            request = CreateAclsRequest(kind, name, pattern, f"User:{user}", "*", operation, ALLOW)
            answer = await admin._send_to_controller(request)
            assert [code for code, *_ in answer.creation_responses] == [0]
    finally:
        await admin.close()


async def test_a_subscriber_reads_and_does_nothing_else(settings: KafkaSettings, tmp_path: Path):
    rights = (READ, WRITE, CREATE, DESCRIBE, DESCRIBE_CONFIGS)
    await allow(
        settings,
        VORONKA,
        *((TOPIC, settings.prefix, PREFIXED, operation) for operation in rights),
        (GROUP, settings.prefix, PREFIXED, READ),
    )
    read = [(TOPIC, settings.topic(name), LITERAL, right) for name in follow.TOPICS for right in (READ, DESCRIBE)]
    await allow(settings, ACCOUNTING, *read, (GROUP, settings.group("accounting"), LITERAL, READ))
    process = replace(settings, username=VORONKA)

    async with running(tmp_path / "data") as app, relayed(app, process):  # makes the topics, too
        await Company(app.engine).all()
        await app.engine.settle()
        await eventually_relayed(app, process)

    def accounting(group: str) -> follow.Kafka:
        return follow.Kafka(
            settings.servers, group, settings.prefix, "SASL_PLAINTEXT", user=ACCOUNTING, password=native.PASSWORD
        )

    ledger = Ledger(tmp_path / "ledger.sqlite")
    try:
        follower = follow.Follower(accounting("accounting"), ledger)
        async with asyncio.timeout(PATIENCE):
            await follower.run(asyncio.Event(), until_end=True)
        assert follower.gaps == {}
        assert {account for account, _, _ in ledger.totals()} == {"billed", "paid"}
        with pytest.raises(GroupAuthorizationFailedError):
            async with asyncio.timeout(PATIENCE):
                await follow.Follower(accounting("analytics.1"), ledger).run(asyncio.Event(), until_end=True)
    finally:
        ledger.close()

    producer = AIOKafkaProducer(
        bootstrap_servers=settings.servers,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=ACCOUNTING,
        sasl_plain_password=native.PASSWORD,
    )
    await producer.start()
    try:
        for topic in TOPICS:
            with pytest.raises(TopicAuthorizationFailedError):
                async with asyncio.timeout(PATIENCE):
                    await producer.send_and_wait(settings.topic(topic), b"{}", partition=0)
    finally:
        await producer.stop()
