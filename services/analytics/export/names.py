"""What exported files call things: the ids their source gave them, else ours."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.analytics.queries.funnels import StageSpec


@dataclass
class FunnelName:
    """A funnel with its stages as defined."""

    funnel_id: str
    shown: str
    subject: str
    stages: list[StageSpec] = field(default_factory=list)
    stage_names: dict[str, str] = field(default_factory=dict)


@dataclass
class Names:
    """Our id → the id shown, per kind; those without one are shown by our id. Names of employees and products."""

    base_currency: str = ""
    clients: dict[str, str] = field(default_factory=dict)
    deals: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    owner_names: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    product_names: dict[str, str] = field(default_factory=dict)
    funnels: list[FunnelName] = field(default_factory=list)

    def client(self, id: str) -> str:
        """Return how the client is shown."""
        return self.clients.get(id, id)

    def owner(self, id: str) -> str:
        """Return how the employee is shown."""
        return self.owners.get(id, id)

    def product(self, id: str) -> str:
        """Return how the product is shown."""
        return self.products.get(id, id)

    def stage(self, funnel_id: str, stage_id: str) -> str:
        """Return how the stage is shown."""
        for funnel in self.funnels:
            if funnel.funnel_id == funnel_id:
                return funnel.stage_names.get(stage_id, stage_id)
        return stage_id
