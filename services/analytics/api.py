"""What may be asked of the numbers: metrics, funnels, boards, sales rules, explanations."""

from __future__ import annotations

from services.analytics.reads import boards, clients, explain, flows, funnels, rankings, rules
from services.analytics.reads.shared import GROUPS
from services.kit.service import Query

QUERIES = (
    Query("/clients/{client_id}/metrics", GROUPS, clients.client_metrics),
    Query("/contacts/{contact_id}/metrics", (*GROUPS, "clients"), clients.contact_metrics),
    Query("/metrics/clients", GROUPS, clients.clients_metrics),
    Query("/funnels/{funnel_id}/numbers", GROUPS, funnels.funnel_numbers),
    Query("/funnels/{funnel_id}/summary", GROUPS, funnels.funnel_summary),
    Query("/boards/totals", GROUPS, boards.totals_board),
    Query("/boards/deals", GROUPS, boards.deals_board),
    Query("/boards/revenue", GROUPS, boards.revenue_board),
    Query("/boards/sellers", GROUPS, rankings.sellers_board),
    Query("/boards/sellers-by-month", GROUPS, rankings.sellers_by_month_board),
    Query("/boards/products", GROUPS, rankings.products_board),
    Query("/boards/countries", GROUPS, rankings.countries_board),
    Query("/boards/segments", GROUPS, rankings.segments_board),
    Query("/boards/shipments", GROUPS, flows.shipments_board),
    Query("/boards/receipts", GROUPS, flows.receipts_board),
    Query("/boards/fulfilment", GROUPS, flows.fulfilment_board),
    Query("/sales-rules", GROUPS, rules.sales_rules),
    Query("/explain/clients/{subject_id}/{field}", GROUPS, explain.explain_client),
    Query("/explain/stages/{funnel_id}/{stage_id}/mean", GROUPS, explain.explain_stage),
)
