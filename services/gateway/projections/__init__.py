"""The read models of the gateway service."""

from __future__ import annotations

from services.gateway.projections.accounts import ACCOUNTS
from services.gateway.projections.reference import REFERENCE
from services.gateway.projections.views import VIEWS
from services.kit.projection import Projection

GATEWAY_GROUP = Projection("gateway", 3).include(REFERENCE, ACCOUNTS, VIEWS)
