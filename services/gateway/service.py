"""The gateway service: the only door; here its employees and the workspace's settings."""

from __future__ import annotations

from services.gateway.api import QUERIES
from services.gateway.handles import HANDLES
from services.gateway.known import GatewayKnown
from services.gateway.projections import GATEWAY_GROUP
from services.kit.service import Service

SERVICE = Service(
    name="gateway",
    handles=HANDLES,
    projections=(GATEWAY_GROUP,),
    known=GatewayKnown,
    queries=QUERIES,
)
