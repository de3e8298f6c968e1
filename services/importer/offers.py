"""Products and funnels of a bundle: what is offered, and the stages that deals and orders go through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.base import Command, Event
from contracts.pipeline.commands import (
    AddProduct,
    AddStage,
    ChangeProduct,
    ChangeStageProbability,
    DefineFunnel,
    MoveStage,
    SetCost,
    SetPrice,
    StageSpec,
)
from contracts.pipeline.events import (
    CostSet,
    PriceSet,
    ProductAdded,
    ProductChanged,
    StageAdded,
    StageKind,
    StageProbabilityChanged,
)
from contracts.pipeline.events import Subject as FunnelSubject
from services.importer.rows import Product, digest
from services.importer.subject import CannotChange, Change, Facts, Run, Step, Subject, imported
from services.pipeline.domain.funnel import FUNNEL, Defined
from services.pipeline.domain.product import PRODUCT, Listed

KINDS: dict[str, StageKind] = {"in_work": "in_work", "won": "bought", "lost": "refused"}


class Item(Subject):
    """A row of products.csv; `as_of`: from when a changed price holds (UTC ms)."""

    table, file, decider, reference = "products", "products.csv", PRODUCT, True

    def __init__(self, source: str, row: Product, as_of: int) -> None:
        super().__init__(source, row.id, row.line, row.digest())
        self.row = row
        self.as_of = as_of

    def steps(self) -> Iterable[Step]:
        """A product is there since ever, with the price and cost it has now."""
        row = self.row
        added = AddProduct(
            product_id=self.id, names={"": row.name or row.id}, category=row.category, external_id=row.id
        )
        commands: list[Command] = [added]
        if row.currency and row.price:
            commands.append(SetPrice(product_id=self.id, price=row.price, currency=row.currency, valid_from=0))
        if row.currency and row.cost:
            commands.append(SetCost(product_id=self.id, cost=row.cost, currency=row.currency, valid_from=0))
        return [Step(command, 0, imputed=True, timed=False) for command in commands]

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return name and category, price and cost."""
        facts: Facts = {}
        for event in events:
            if isinstance(event, ProductAdded | ProductChanged):
                facts |= {"name": event.names.get(""), "category": event.category}
            if isinstance(event, PriceSet):
                facts["list_price"] = (event.price, event.currency)
            if isinstance(event, CostSet):
                facts["unit_cost"] = (event.cost, event.currency)
        return facts

    def change(self, change: Change) -> Command:
        """A new price or cost holds from now on; the old ones stay for the time before."""
        state, new = change.state, change.new
        if not isinstance(state, Listed):
            raise CannotChange(change.column)
        if change.column == "list_price":
            price, currency = change.value
            return SetPrice(product_id=self.id, price=price, currency=currency)
        if change.column == "unit_cost":
            cost, currency = change.value
            return SetCost(product_id=self.id, cost=cost, currency=currency)
        return ChangeProduct(
            product_id=self.id,
            names={**state.names, "": new["name"]},
            descriptions=state.descriptions,
            category=new["category"],
            unit=state.unit,
        )


class Funnel(Subject):
    """A pipeline of stages.csv, or the statuses of the orders. `stages` in order."""

    table, decider, reference = "pipelines", FUNNEL, True
    file = "stages.csv"

    def __init__(
        self, source: str, external_id: str, line: int, name: str, subject: FunnelSubject, stages: list[StageSpec]
    ) -> None:
        told = [(stage.stage_id, stage.probability) for stage in stages]
        super().__init__(source, external_id, line, digest(told))
        self.name = name
        self.subject: FunnelSubject = subject
        self.stages = stages

    def steps(self) -> Iterable[Step]:
        """Funnel and stages are there since ever."""
        external = None if self.subject == "order" else self.external_id
        defined = DefineFunnel(
            funnel_id=self.id, name=self.name, subject=self.subject, stages=self.stages, external_id=external
        )
        yield Step(defined, 0, imputed=True, timed=False)

    def facts(self, events: Sequence[Event]) -> Facts:
        """Return probability by stage, in the order of their positions when they were added."""
        facts: Facts = {}
        for event in events:
            if isinstance(event, StageAdded | StageProbabilityChanged):
                facts[event.stage_id] = event.probability
        return facts

    def changes(self, old: Facts, new: Facts, state: Any, run: Run) -> None:  # noqa: ARG002 - the order is in stages
        """Add new stages behind those they follow, move those whose order changed, set probabilities."""
        before = 0
        for stage in self.stages:
            if not isinstance(state, Defined):
                raise CannotChange("pipeline_id")
            places = {known.stage_id: known.position for known in state.stages if not known.archived}
            if stage.stage_id not in old and stage.stage_id not in {known.stage_id for known in state.stages}:
                added = AddStage(funnel_id=self.id, position=before + 1, **stage.model_dump())
                state = run(added)
                before += 1
                continue
            if stage.stage_id not in places:
                continue
            if old.get(stage.stage_id) != stage.probability:
                changed = ChangeStageProbability(
                    funnel_id=self.id, stage_id=stage.stage_id, probability=stage.probability
                )
                state = run(changed)
            if places[stage.stage_id] < before:
                state = run(MoveStage(funnel_id=self.id, stage_id=stage.stage_id, position=before))
            else:
                before = places[stage.stage_id]


def stage_id(source: str, pipeline: str, stage: str) -> str:
    """Return the id of a stage of a deal funnel."""
    return imported(source, "stages", f"{pipeline}\x1f{stage}")


def status_id(source: str, status: str, kind: str) -> str:
    """Return the id of an order status; one text in two kinds is two statuses."""
    return imported(source, "statuses", f"{kind}\x1f{status}")


def order_funnel(source: str) -> str:
    """Return the external id of the funnel of the source's order statuses, which no pipeline of it can have."""
    return f"orders\x1f{source}"
