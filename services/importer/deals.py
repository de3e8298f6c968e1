"""Deals of a bundle; their amounts are never converted (DEFINITIONS, details)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contracts.base import Command, Event
from contracts.money import converted
from contracts.pipeline.commands import (
    AssignDeal,
    ChangeDealClient,
    ChangeDealLines,
    ChangeDealValue,
    MoveDeal,
    OpenDeal,
    TouchDeal,
)
from contracts.pipeline.events import DealAssigned, DealJoinedClient, DealLinesChanged, DealOpened, DealValueChanged
from contracts.pipeline.facts import DealLine
from services.importer.bundle import Bundle
from services.importer.deal_events import MOVED, TOUCHED, DealEvent
from services.importer.offers import stage_id
from services.importer.rows import Deal
from services.importer.subject import CannotChange, Change, Facts, Step, Subject, imported
from services.pipeline.domain.deal import DEAL


class ImportedDeal(Subject):
    """A row of deals.csv with its events."""

    table, file, decider, numbered = "deals", "deals.csv", DEAL, "deal"

    def __init__(self, source: str, row: Deal, bundle: Bundle) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.bundle = bundle

    def owner(self) -> str | None:
        """Return the client."""
        return imported(self.source, "customers", self.row.customer) if self.row.customer else None

    def steps(self) -> Iterable[Step]:
        """Opened, then moved, valued and touched."""
        for event in self.bundle.events.of(self.row):
            stage = self.bundle.places[event.stage]
            amount = "" if event.amount is None else str(event.amount)
            for command in self._commands(event, stage_id(self.source, stage.pipeline, stage.id)):
                yield Step(command, event.at, event.imputed, stage.id, timed=not event.imputed, fact=amount)

    def _commands(self, event: DealEvent, stage: str) -> list[Command]:
        currency, value = self.row.currency, event.amount
        base_value = 0 if value is None else unconverted(value, currency, self.bundle.base)
        if event.type == MOVED:
            return [MoveDeal(deal_id=self.id, stage_id=stage, value=value, currency=currency, base_value=base_value)]
        if event.type == TOUCHED:
            touched = TouchDeal(deal_id=self.id)
            if value is None:
                return [touched]
            return [ChangeDealValue(deal_id=self.id, value=value, currency=currency, base_value=base_value), touched]
        row, source = self.row, self.source
        return [
            OpenDeal(
                deal_id=self.id,
                client_id=self.owner(),
                owner_id=imported(source, "users", row.owner) if row.owner else None,
                funnel_id=imported(source, "pipelines", row.pipeline),
                stage_id=stage,
                value=value or 0,
                currency=currency,
                lines=self._lines(),
                country=row.country,
                number=self.number,
                base_value=base_value,
                external_id=row.id,
            )
        ]

    def _lines(self) -> list[DealLine]:
        product = self.row.product
        return [DealLine(product_id=imported(self.source, "products", product))] if product else []

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return funnel, client, owner, product, country and currency; values are history."""
        facts: Facts = {}
        for event in events:
            match event:
                case DealOpened():
                    facts = {
                        "pipeline_id": event.funnel_id,
                        "customer_id": event.client_id,
                        "owner_id": event.owner_id,
                        "product_id": [line.product_id for line in event.lines],
                        "country": event.country,
                        "currency": event.currency,
                    }
                case DealAssigned():
                    facts["owner_id"] = event.owner_id
                case DealLinesChanged():
                    facts["product_id"] = [line.product_id for line in event.lines]
                case DealJoinedClient():
                    facts["customer_id"] = event.client_id
                case DealValueChanged():
                    facts["currency"] = event.currency
                case _:
                    pass
        return facts

    def change(self, change: Change) -> Command:
        """Client, owner and product can change."""
        match change.column:
            case "customer_id":
                return ChangeDealClient(deal_id=self.id, client_id=change.value)
            case "owner_id":
                return AssignDeal(deal_id=self.id, owner_id=change.value)
            case "product_id":
                return ChangeDealLines(deal_id=self.id, lines=self._lines())
            case _:
                raise CannotChange(change.column)


def unconverted(value: int, currency: str | None, base: str | None) -> int:
    """Return minor units of the base that stand for the same number: 12 JPY count as 12.00 USD."""
    return converted(value, currency or "", base or currency or "", "1")
