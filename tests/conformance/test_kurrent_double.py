"""The double answers as KurrentDB does, and refuses what it does not know: seen through the client alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from kurrentdbclient import AsyncKurrentDBClient, NewEvent, StreamState
from kurrentdbclient import exceptions as errors

from contracts.problem import Unavailable
from services.kit.adapters.kurrent_store import KurrentEventStore
from services.kit.errors import Unusable
from tests.conformance.events import ids, new
from tests.conformance.kurrent import double_of
from tests.doubles.kurrent.server import Double, Tls


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncKurrentDBClient]:
    async with AsyncKurrentDBClient((await double_of(tmp_path)).uri) as client:
        yield client


def event(n: int) -> NewEvent:
    return NewEvent(type="T", data=b"{}", id=UUID(int=n))


async def append(client: AsyncKurrentDBClient, expected: int | StreamState, *numbers: int) -> int:
    return await client.append_to_stream("s", events=[event(n) for n in numbers], current_version=expected)


async def test_expected_versions(client: AsyncKurrentDBClient) -> None:
    none, exists, anything = StreamState.NO_STREAM, StreamState.EXISTS, StreamState.ANY
    for expected in (0, exists):
        with pytest.raises(errors.WrongCurrentVersionError) as wrong:
            await append(client, expected, 1)
        assert wrong.value.actual_version is none
    position = await append(client, none, 1, 2)
    assert await append(client, none, 1, 2) == position, "the same again is answered as the first time"
    assert await append(client, none, 1) < position
    for expected, numbers in ((none, (1, 3)), (none, (2,)), (none, (1, 2, 3)), (0, (1,)), (2, (3,))):
        with pytest.raises(errors.WrongCurrentVersionError) as wrong:
            await append(client, expected, *numbers)
        assert wrong.value.actual_version == 1
    await append(client, 1, 3)
    await append(client, exists, 4)
    await append(client, anything, 5)
    stored = await client.get_stream("s")
    assert [(each.id.int, each.stream_position) for each in stored] == [(n, n - 1) for n in range(1, 6)]
    assert [each.id.int for each in await client.get_stream("s", backwards=True, limit=2)] == [5, 4]
    assert [each.id.int for each in await client.get_stream("s", stream_position=3)] == [4, 5]
    assert all(abs(each.recorded_at - datetime.now(UTC)) < timedelta(minutes=1) for each in stored if each.recorded_at)


async def test_reading_the_whole_log(client: AsyncKurrentDBClient) -> None:
    for n in range(6):
        await client.append_to_stream(f"s{n}", events=[event(n + 1)], current_version=StreamState.NO_STREAM)
    log = [each async for each in await client.read_all()]
    assert [each.id.int for each in log] == [1, 2, 3, 4, 5, 6], "the server's own events are filtered out"
    everything = [each async for each in await client.read_all(filter_exclude=())]
    assert everything[0].is_system_event
    middle = log[3].commit_position
    assert [each.id.int async for each in await client.read_all(commit_position=middle)] == [4, 5, 6]
    back = await client.read_all(commit_position=middle, backwards=True, limit=2)
    assert [each.id.int async for each in back] == [3, 2]
    some = await client.read_all(filter_include=["s[24]"], filter_by_stream_name=True)
    assert [each.stream_name async for each in some] == ["s2", "s4"]
    with pytest.raises(errors.InvalidCommitPositionError):
        [each async for each in await client.read_all(commit_position=middle + 1)]
    subscription = await client.subscribe_to_all(
        commit_position=middle,
        include_caught_up=True,
        include_checkpoints=True,
        window_size=1,
        checkpoint_interval_multiplier=1,
    )
    seen = [await anext(subscription) for _ in range(5)]
    assert [seen[0].id.int, seen[2].id.int] == [5, 6]
    assert [each.is_checkpoint for each in seen] == [False, True, False, True, False]
    assert seen[4].is_caught_up
    await subscription.stop()


async def test_what_it_does_not_know_is_refused(client: AsyncKurrentDBClient) -> None:
    await append(client, StreamState.NO_STREAM, 1)
    with pytest.raises(errors.KurrentDBClientError, match="UNIMPLEMENTED"):
        await client.delete_stream("s", current_version=StreamState.ANY)
    with pytest.raises(errors.KurrentDBClientError, match="UNIMPLEMENTED"):
        [each async for each in await client.read_all(resolve_links=True)]
    with pytest.raises(errors.KurrentDBClientError, match="UNIMPLEMENTED"):
        await client.create_subscription_to_all("group")
    with pytest.raises(errors.KurrentDBClientError, match="UNIMPLEMENTED"):
        await client.subscribe_to_stream("s")


# ---------------------------------------------------------------- TLS, user and password


def self_signed() -> tuple[bytes, bytes]:
    """Return a key and a certificate for 127.0.0.1 in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)


async def test_tls_with_user_and_password(tmp_path: Path) -> None:
    key, certificate = self_signed()
    double = Double(tmp_path / "data", tls=Tls(key, certificate, "voronka", "s3cret"))
    await double.start()
    (tmp_path / "ca.pem").write_bytes(certificate)

    def uri(password: str, authority: str = "ca.pem") -> str:
        return f"kurrentdb://voronka:{password}@127.0.0.1:{double.port}?tls=true&tlsCaFile={tmp_path / authority}"

    store = await KurrentEventStore.open(uri("s3cret"))
    await store.append("deal-1", [new("a")], 0)
    assert ids(await store.read("deal-1")) == ids(await store.read_all(0, 1_000)) == ["a"]
    await store.close()
    with pytest.raises(Unusable, match="refuses this user"):
        await KurrentEventStore.open(uri("wrong"))
    (tmp_path / "other.pem").write_bytes(self_signed()[1])
    with pytest.raises(Unavailable, match=r"(?i)ssl|handshake|certificate"):
        await KurrentEventStore.open(uri("s3cret", "other.pem"))
    with pytest.raises(Unusable, match="looks like kurrentdb://"):
        await KurrentEventStore.open(uri("s3cret", "missing.pem"))
    await double.stop()
