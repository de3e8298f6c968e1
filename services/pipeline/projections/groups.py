"""The groups of this service: which read models are folded together, on one position."""

from __future__ import annotations

from services.kit.projection import Projection
from services.pipeline.projections.deals import DEALS
from services.pipeline.projections.erased import ERASED, blank_more
from services.pipeline.projections.funnels import FUNNELS
from services.pipeline.projections.orders import ORDERS
from services.pipeline.projections.payments import PAYMENTS
from services.pipeline.projections.products import PRODUCTS
from services.pipeline.projections.rates import RATES

PIPELINE = Projection("pipeline", 1).include(DEALS, ORDERS, PAYMENTS, ERASED)
PIPELINE.work = blank_more
CATALOG = Projection("catalog", 1).include(FUNNELS, PRODUCTS, RATES)
