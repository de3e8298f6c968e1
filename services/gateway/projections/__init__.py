"""The read models of the gateway service."""

from __future__ import annotations

from services.gateway.projections.accounts import ACCOUNTS
from services.gateway.projections.reference import REFERENCE
from services.kit.projection import Projection

GATEWAY_GROUP = Projection("gateway", 2).include(REFERENCE, ACCOUNTS)
