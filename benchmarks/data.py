"""Seeded data in stored form: clients by a skewed (Zipf) law, 50 % stage changes, 30 % sealed notes, 20 % orders.

Every client is registered and every deal opened first; the shares are those of all that follows."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from contracts.envelope import RecordedEvent
from services.cli.demo.naming import Naming
from services.kit.adapters import sqlite_keys, sqlite_log
from services.kit.adapters.sqlite_files import own

BEGIN = 1_717_200_000_000
SPAN = 730 * 86_400_000
"""The history's length in ms: 24 months from June 2024 on."""
FUNNEL, ORDERS, BASE = "funnel-sales", "funnel-orders", "EUR"
STAGES = (
    ("new", "in_work"), ("contact", "in_work"), ("need", "in_work"), ("offer", "in_work"), ("contract", "in_work"),
    ("won", "bought"), ("lost", "refused"),
)  # fmt: skip
WON, LOST = 5, 6
STATUSES = (("placed", "in_work"), ("shipped", "bought"), ("completed", "bought"), ("cancelled", "refused"))
RARE_OWNER, RARE_TAG = "owner-rare", "vip"
FEW = 50
"""Clients of the rare owner."""
_TEMPERATURES = (None, None, None, "hot", "warm", "warm", "cold", "cold", None, "not_interested", None)
_COUNTRIES = ("UA", "DE", "PL", "FR", "US", "GB", "IT")
_NAMED = (("uk", "UA", "Retail"), ("en", "PL", "Hotel"), ("uk", "UA", "Restaurant"), ("en", "GB", "Office"))
"""Language, country and segment of the demo's names that clients have behind their number."""
_TEXTS = (
    "Called back: the offer is being discussed, they will answer next week.",
    "Передзвонити у вівторок, просять знижку на другу партію.",
    "Asked for delivery before the holidays; the price is fine.",
)

Stored = tuple[Any, ...]
"""An event as the log's table holds it, in the order of its columns."""


@dataclass(frozen=True)
class Spec:
    """What is made: the same for the same numbers."""

    events: int
    clients: int
    seed: int = 7

    @property
    def deals(self) -> int:
        """Deals opened."""
        return max(self.events // 10, 1)

    @property
    def reference(self) -> int:
        """Events that come before the first client."""
        return 3 + len(STAGES) + len(STATUSES)


class Ids:
    """Random looking ids, the same for the same seed."""

    def __init__(self, chance: Random) -> None:
        self._bits = chance.getrandbits

    def new(self) -> str:
        """Return one more."""
        h = f"{self._bits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-a{h[17:20]}-{h[20:]}"


class Maker:
    """Makes the events one after the other."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.chance = Random(spec.seed)
        self.ids = Ids(self.chance)
        self._naming = Naming(Random(spec.seed))
        self.clients = [self.ids.new() for _ in range(spec.clients)]
        ranks = list(range(spec.clients))
        self.chance.shuffle(ranks)
        self._weights = list(accumulate(1 / (rank + 10) ** 0.9 for rank in ranks))
        self.owners = [f"owner-{n:02}" for n in range(40)]
        self.owner_of = {client: self.chance.choice(self.owners) for client in self.clients}
        self.owner_of |= dict.fromkeys(self.clients[:: spec.clients // FEW or 1], RARE_OWNER)
        self._locks: dict[str, AESGCM] = {}
        self._at = 0
        self._versions: dict[str, int] = {}

    def _pick(self, count: int) -> Iterator[str]:
        while True:
            yield from self.chance.choices(self.clients, cum_weights=self._weights, k=count)

    def stored(self, secrets: dict[str, bytes]) -> Iterator[Stored]:
        """Yield exactly `spec.events` events; `secrets`: the key of each client."""
        self._locks = {client: AESGCM(key) for client, key in secrets.items()}
        return islice(self._all(), self.spec.events)

    def _all(self) -> Iterator[Stored]:
        yield from self._reference()
        for number, client in enumerate(self.clients, 1):
            yield self._client(number, client)
        picks = self._pick(4096)
        deals = [[self.ids.new(), next(picks), 0, 0, self.chance.randrange(10_000, 900_000)]
                 for _ in range(self.spec.deals)]  # fmt: skip
        for number, deal in enumerate(deals, 1):
            yield self._opened(number, deal)
        orders: list[list[Any]] = []
        chance = self.chance
        while True:
            roll = chance.random()
            if roll < 0.5:
                deal = deals[int(chance.random() * len(deals))]
                while deal[2] >= WON and chance.random() < 0.9:  # few are opened again
                    deal = deals[int(chance.random() * len(deals))]
                yield self._move(deal)
            elif roll < 0.8:
                yield self._note(next(picks))
            elif roll < 0.9 or not orders:
                yield self._placed(orders, next(picks))
            elif roll < 0.95:
                order = orders[int(chance.random() * len(orders))]
                yield self._status(order)
            elif roll < 0.98:
                yield self._shipped(orders[int(chance.random() * len(orders))])
            else:
                yield self._paid(next(picks))

    # ------------------------------------------------------------ the envelope

    def _event(self, stream: str, type_: str, key: str, data: str) -> Stored:
        self._at += 1
        position = self._at
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        at = BEGIN + SPAN * position // self.spec.events
        return (
            position, stream, version, self.ids.new(), type_, key, at, at + 40, "user:" + self.owners[position % 40],
            self.ids.new(), "5d41402abc4b2a76b9719d911017c592", "", "live", 0, data.encode(),
        )  # fmt: skip

    def now(self) -> int:
        """Return the business time of the next event."""
        return BEGIN + SPAN * (self._at + 1) // self.spec.events

    def _sealed(self, client: str, type_: str, hidden: str) -> str:
        nonce = self._at.to_bytes(12, "big")
        box = b64encode(nonce + self._locks[client].encrypt(nonce, hidden.encode(), type_.encode())).decode()
        return f'{{"by":"{client}","box":"{box}"}}'

    # ------------------------------------------------------------ the events

    def _reference(self) -> Iterator[Stored]:
        yield self._event(
            "settings-workspace", "gateway.WorkspaceSettingsChanged.v1", "workspace",
            '{"workspace_id":"workspace","name":"Bench","base_currency":"EUR","zone":"UTC","churn_days":90,"branches":[]}',
        )  # fmt: skip
        for funnel, subject, stages in ((FUNNEL, "deal", STAGES), (ORDERS, "order", STATUSES)):
            stream = f"funnel-{funnel}"
            head = f'{{"funnel_id":"{funnel}"'
            yield self._event(
                stream, "pipeline.FunnelDefined.v1", funnel,
                f'{head},"name":"{funnel}","subject":"{subject}","external_id":null}}',
            )  # fmt: skip
            for place, (stage, kind) in enumerate(stages):
                data = f'{head},"stage_id":"{stage}","name":"{stage}","position":{place},"kind":"{kind}"}}'
                yield self._event(stream, "pipeline.StageAdded.v1", funnel, data)

    def _client(self, number: int, client: str) -> Stored:
        type_ = "clients.ClientRegistered.v1"
        language, known, segment = _NAMED[number % len(_NAMED)]
        name = f"Client {number} {self._naming.name(language, known, segment)}"
        hidden = f'{{"name":{json.dumps(name)},"email":"office@c{number}.example","phones":["+4930{number:07}"]}}'
        country, tags = _COUNTRIES[number % 7], [RARE_TAG] * (number % 2_000 == 0) + ["news"] * (number % 4 == 0)
        status, temperature = ("potential", "current")[number % 3 == 0], _TEMPERATURES[number % len(_TEMPERATURES)]
        data = (
            f'{{"client_id":"{client}","kind":"company","country":"{country}","city":null,"category":null,'
            f'"segment":"s{number % 5}","business_type":null,"source":null,"tags":{json.dumps(tags)},"number":{number},'
            f'"status":"{status}","temperature":{json.dumps(temperature)},"discount":"0","currency":"EUR","language":null,'
            f'"owner_id":"{self.owner_of[client]}","sealed":{self._sealed(client, type_, hidden)}}}'
        )
        return self._event(f"client-{client}", type_, client, data)

    def _deal_facts(self, deal: list[Any], stage: str) -> str:
        client = deal[1]
        return (
            f'"deal_id":"{deal[0]}","client_id":"{client}","contact_ids":[],"owner_id":"{self.owner_of[client]}",'
            f'"funnel_id":"{FUNNEL}","stage_id":"{stage}","value":{deal[4]},"currency":"EUR","rate":"1",'
            f'"base_value":{deal[4]}'
        )

    def _opened(self, number: int, deal: list[Any]) -> Stored:
        type_ = "pipeline.DealOpened.v1"
        deal[3] = self.now()
        sealed = self._sealed(deal[1], type_, f'{{"title":"Deal {number}","external_id":null}}')
        facts = self._deal_facts(deal, STAGES[0][0])
        data = f'{{{facts},"number":{number},"lines":[],"country":null,"sealed":{sealed}}}'
        return self._event(f"deal-{deal[0]}", type_, deal[1], data)

    def _move(self, deal: list[Any]) -> Stored:
        old = deal[2]
        roll = self.chance.random()
        if old >= WON:
            new = 3  # opened again
        elif roll < 0.1:
            new = LOST
        elif roll < 0.2 and old:
            new = old - 1
        else:
            new = min(old + (2 if roll > 0.9 else 1), WON)
        data = (
            f'{{{self._deal_facts(deal, STAGES[new][0])},"from_stage":"{STAGES[old][0]}","from_entered_at":{deal[3]}}}'
        )
        deal[2], deal[3] = new, self.now()
        return self._event(f"deal-{deal[0]}", "pipeline.DealStageChanged.v1", deal[1], data)

    def _note(self, client: str) -> Stored:
        type_, note = "clients.NoteAdded.v1", self.ids.new()
        hidden = f'{{"text":"{_TEXTS[self._at % 3]}","external_id":null}}'
        data = (
            f'{{"note_id":"{note}","client_id":"{client}","priority":"none","about":null,'
            f'"sealed":{self._sealed(client, type_, hidden)}}}'
        )
        return self._event(f"note-{note}", type_, client, data)

    def _order_facts(self, order: list[Any], status: str) -> str:
        client = order[1]
        return (
            f'"order_id":"{order[0]}","client_id":"{client}","contact_ids":[],"owner_id":"{self.owner_of[client]}",'
            f'"deal_id":null,"funnel_id":"{ORDERS}","status":"{status}","currency":"EUR","rate":"1","total":{order[4]},'
            f'"base_total":{order[4]},"base_cost":{order[4] * 6 // 10},"base_shipping":500,"base_tax":0'
        )

    def _placed(self, orders: list[list[Any]], client: str) -> Stored:
        total = self.chance.randrange(1_000, 90_000)
        order = [self.ids.new(), client, 0, self.now(), total, self.now()]
        orders.append(order)
        product = f"product-{self._at % 200:03}"
        line = (
            f'{{"line_no":1,"product_id":"{product}","quantity":"1","unit_price":"{total // 100}.{total % 100:02}",'
            f'"discount":"0","total":{total},"unit_cost":null,"cost":{total * 6 // 10}}}'
        )
        data = (
            f'{{{self._order_facts(order, STATUSES[0][0])},"number":{len(orders)},"lines":[{line}],"required_at":null,'
            f'"country":null,"branch":null}}'
        )
        return self._event(f"order-{order[0]}", "pipeline.OrderPlaced.v1", client, data)

    def _status(self, order: list[Any]) -> Stored:
        old = order[2]
        new = (old + 1 + int(self.chance.random() * 3)) % len(STATUSES)
        data = (
            f'{{{self._order_facts(order, STATUSES[new][0])},"from_status":"{STATUSES[old][0]}",'
            f'"from_entered_at":{order[3]}}}'
        )
        order[2], order[3] = new, self.now()
        return self._event(f"order-{order[0]}", "pipeline.OrderStatusChanged.v1", order[1], data)

    def _shipped(self, order: list[Any]) -> Stored:
        facts = self._order_facts(order, STATUSES[order[2]][0])
        data = f'{{{facts},"lines":[],"branch":"main","manager_id":null,"ordered_at":{order[5]}}}'
        return self._event(f"order-{order[0]}", "pipeline.OrderShipped.v1", order[1], data)

    def _paid(self, client: str) -> Stored:
        payment, amount = self.ids.new(), self.chance.randrange(1_000, 90_000)
        data = (
            f'{{"payment_id":"{payment}","client_id":"{client}","order_id":null,"owner_id":"{self.owner_of[client]}",'
            f'"amount":{amount},"currency":"EUR","rate":"1","base_amount":{amount},"branch":null}}'
        )
        return self._event(f"payment-{payment}", "pipeline.PaymentReceived.v1", client, data)


def make_workspace(folder: Path, spec: Spec) -> None:
    """Write log and keyring of a workspace that has none."""
    maker = Maker(spec)
    ring = own(folder / "keys.sqlite", sqlite_keys.KEYRING, cache_kib=16_384)
    made = sqlite_keys.ensure(ring.connection, [(client, None) for client in maker.clients])
    ring.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    ring.close()
    secrets = {subject: kept.key for subject, kept in made.items() if kept.key is not None}
    log = own(folder / "log.sqlite", sqlite_log.LOG, cache_kib=131_072)
    write(log.connection, maker.stored(secrets))
    log.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    log.close()


def write(connection: sqlite3.Connection, stored: Iterator[Stored]) -> None:
    """Put the events into the log's table."""
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO events VALUES ({','.join('?' * 15)})", stored)
    connection.execute("COMMIT")


def read(folder: Path, after: int = 0, most: int = -1) -> list[RecordedEvent]:
    """Return the events of a workspace's log."""
    connection = sqlite_log.reader(folder / "log.sqlite")
    events: list[RecordedEvent] = []
    while part := sqlite_log.in_log(connection, after, 50_000 if most < 0 else min(most - len(events), 50_000)):
        events += part
        after = part[-1].position
    connection.close()
    return events
