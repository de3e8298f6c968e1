"""Reads and checks a bundle file by file, in the order in which files refer to one another."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from services.importer import columns
from services.importer.bundle import Bundle
from services.importer.deal_events import Chains
from services.importer.deal_events import columns as event_columns
from services.importer.errors import BundleError, RowError
from services.importer.meta import read_meta
from services.importer.reading_orders import read_notes, read_orders, read_payments
from services.importer.rows import Customer, Deal, Product, Rate, Stage, User
from services.importer.tables import Folder, Progress, Table


def read_bundle(folder: Path, now: int, base: str | None, errors: list[RowError], progress: Progress) -> Bundle:
    """Read and check the folder; what is wrong is appended to `errors`. `base`: the workspace's base currency, if set.

    Raises BundleError if nothing of it can be imported."""
    meta = read_meta(folder, now)
    if base and meta.base_currency and base != meta.base_currency:
        reason = f"the workspace counts in {base}, the bundle in {meta.base_currency}: import it into a new workspace"
        raise BundleError(RowError("meta.json", 0, "base_currency", reason))
    bundle = Bundle(meta, meta.base_currency or base)
    reading = _Reading(Folder(folder, errors, progress), bundle, now)
    reading.references()
    reading.deals()
    read_orders(reading.folder, bundle, now)
    read_payments(reading.folder, bundle, now)
    read_notes(reading.folder, bundle, now)
    return bundle


class _Reading:
    """References and deals."""

    def __init__(self, folder: Folder, bundle: Bundle, now: int) -> None:
        self.folder = folder
        self.bundle = bundle
        self.now = now

    def references(self) -> None:
        """Read what others refer to."""
        b, load = self.bundle, self.folder.load
        load(
            b.users, columns.USERS, lambda row: (row.values[0], User(row.line, *row.values)) if row.values[0] else None
        )
        load(b.products, columns.PRODUCTS, self._product)
        load(b.stages, columns.STAGES, self._stage)
        load(b.rates, columns.rates(self.now), self._rate)
        if b.rates.rows and b.base is None:
            reason = "must not be empty: fx_rates.csv has rates, and this is the currency they are for"
            raise BundleError(RowError("meta.json", 0, "base_currency", reason))
        load(b.customers, columns.customers(self.now), self._customer)

    def _product(self, row: columns.Row) -> tuple[str, Product] | None:
        product = Product(row.line, *row.values)
        if not product.id:
            return None
        if product.price or product.cost:
            product.currency = product.currency or self.bundle.base
            if product.currency is None and not row.bad:
                self.folder.wrong(
                    row, "products.csv", "currency", "must not be empty: the product has a price or a cost"
                )
        return product.id, product

    def _stage(self, row: columns.Row) -> tuple[str, Stage] | None:
        stage = Stage(row.line, *row.values)
        stage.place = len(self.bundle.places)
        if not stage.pipeline or not stage.id:
            return None
        self.bundle.places.append(stage)
        return f"{stage.pipeline}\x1f{stage.id}", stage

    def _rate(self, row: columns.Row) -> tuple[str, Rate] | None:
        rate = Rate(row.line, *row.values)
        if not rate.day or not rate.currency:
            return None
        if rate.currency == self.bundle.base:
            if not row.bad and Decimal(rate.rate) != 1:
                self.folder.wrong(row, "fx_rates.csv", "units_per_base", "the rate of the base currency is always 1")
            return None
        return f"{rate.day}/{rate.currency}", rate

    def _customer(self, row: columns.Row) -> tuple[str, Customer] | None:
        customer = Customer(row.line, *row.values)
        if not customer.id:
            return None
        self.folder.refer(row, "customers.csv", ("owner_id", self.bundle.users, customer.owner))
        customer.begin = customer.created_at
        return customer.id, customer

    def deals(self) -> None:
        """Read deals and their events."""
        b, folder = self.bundle, self.folder
        pipelines: Table[None] = Table("stages.csv")
        pipelines.absent, pipelines.broken = b.stages.absent, b.stages.broken
        pipelines.rows = dict.fromkeys(stage.pipeline for stage in b.places)

        def make(row: columns.Row) -> tuple[str, Deal] | None:
            deal_id, pipeline, customer, owner, product, country, _, currency, created = row.values
            if not deal_id:
                return None
            self.folder.refer(
                row,
                "deals.csv",
                ("pipeline_id", pipelines, pipeline),
                ("customer_id", b.customers, customer),
                ("owner_id", b.users, owner),
                ("product_id", b.products, product),
            )
            return deal_id, Deal(row.line, deal_id, pipeline, customer, owner, product, country, currency, created)

        folder.load(b.deals, columns.deals(self.now), make)
        events: Table[None] = Table("deal_events.csv")
        events.absent = not folder.has(events.file)
        chains = Chains(folder, b.deals, b.stages, b.users, b.base)
        for row in folder.rows(events, event_columns(self.now)):
            chains.take(row)
        b.events = chains.events
        if b.deals.rows and not folder.needs("deals.csv", events):
            b.deals.broken = True
        for deal in b.deals.good():
            self._deal(deal)

    def _deal(self, deal: Deal) -> None:
        """Tell the customer of the deal's facts; see to its money."""
        if deal.first >= 0 and any(event.amount is not None for event in self.bundle.events.of(deal)):
            deal.currency = self.bundle.money(deal.currency)
        if deal.customer is None:
            return
        customer = self.bundle.customers.rows[deal.customer]
        if deal.created_at is not None:
            customer.fact(deal.created_at)
        for event in self.bundle.events.of(deal):
            customer.fact(event.at)
            if self.bundle.places[event.stage].kind == "won" and self.bundle.meta.sales_source == "deals":
                customer.sale(event.at)
                break
