"""The demo's two deal funnels: how long deals stay in each stage and where they go from there."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

from services.cli.demo.sheets import Sheets
from services.cli.demo.window import WORKDAY

Kind = Literal["in_work", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Stage:
    """`moves`: sum of the probabilities up to this way out, and the stage it leads to. Good ways come first, the last
    takes the rest. A won or lost stage is left with the probability of its only way (reopened)."""

    id: str
    kind: Kind
    probability: str
    stay: float
    """Logarithm of the median stay in working seconds."""
    spread: float
    moves: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """Stages by position."""

    id: str
    stages: tuple[Stage, ...]
    entries: tuple[tuple[float, int], ...]
    """Where deals begin: sum of the probabilities, stage."""
    size: float
    """Its deals are that many times larger than those of the first funnel."""
    share: float
    """Share of all deals."""


def _stage(
    id: str, probability: str, days: float, *moves: tuple[float, int], kind: Kind = "in_work", spread: float = 0.95
) -> Stage:
    return Stage(id, kind, probability, log(days * WORKDAY), spread, moves)


SALES = Funnel(
    "Sales",
    (
        _stage("Lead", "0.10", 1.6, (0.60, 1), (0.68, 2), (0.70, 3), (1, 5), spread=1.1),
        _stage("Qualified", "0.25", 3.5, (0.66, 2), (0.74, 3), (0.79, 0), (1, 5)),
        _stage("Proposal", "0.50", 5.0, (0.10, 4), (0.68, 3), (0.76, 1), (1, 5)),
        _stage("Negotiation", "0.75", 6.5, (0.63, 4), (0.75, 2), (1, 5)),
        _stage("Won", "1", 15.0, (0.03, 3), kind="won"),
        _stage("Lost", "0", 25.0, (0.07, 1), kind="lost"),
    ),
    ((0.86, 0), (0.97, 1), (1, 2)),
    size=1.0,
    share=0.88,
)
TENDERS = Funnel(
    "Tenders",
    (
        _stage("Announced", "0.15", 4.0, (0.70, 1), (0.74, 2), (1, 4), spread=0.7),
        _stage("Bid in preparation", "0.30", 9.0, (0.78, 2), (0.83, 0), (1, 4), spread=0.6),
        _stage("Submitted", "0.45", 22.0, (0.42, 3), (0.50, 1), (1, 4), spread=0.5),
        _stage("Awarded", "1", 20.0, (0.04, 2), kind="won"),
        _stage("Rejected", "0", 15.0, (0.05, 2), kind="lost"),
    ),
    ((1, 0),),
    size=3.5,
    share=0.12,
)
FUNNELS = (SALES, TENDERS)


def write_stages(sheets: Sheets) -> int:
    """Write stages.csv; return the number of events it makes: one for each funnel and each stage."""
    count = 0
    for funnel in FUNNELS:
        count += 1 + len(funnel.stages)
        for position, stage in enumerate(funnel.stages, start=1):
            sheets.stages.add([funnel.id, stage.id, position, stage.kind, stage.probability])
    return count
