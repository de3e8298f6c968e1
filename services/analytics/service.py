"""The analytics service: facts, client metrics, funnels and timings, boards, sales rules."""

from __future__ import annotations

from contracts.analytics.commands import SetSalesRules
from services.analytics.api import QUERIES
from services.analytics.domain.sales_rules import SALES_RULES
from services.analytics.edge import set_sales_rules
from services.analytics.known import AnalyticsKnown
from services.analytics.projections.group import ANALYTICS
from services.analytics.reactions.first_sale import FIRST_SALE
from services.kit.rights import needs
from services.kit.service import Handles, Service

SERVICE = Service(
    name="analytics",
    handles=(
        Handles(
            "/sales-rules",
            SetSalesRules,
            SALES_RULES,
            "rules_id",
            enrich=set_sales_rules,
            needs=needs("setup.write"),
            whose=None,
        ),
    ),
    projections=(ANALYTICS,),
    reactions=(FIRST_SALE,),
    known=AnalyticsKnown,
    queries=QUERIES,
)
