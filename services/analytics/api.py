"""What may be asked of the numbers: metrics, funnels, boards, sales rules, explanations."""

from __future__ import annotations

from services.analytics.reads import boards, clients, contacts, explain, flows, funnels, listed, rankings, rules
from services.analytics.reads.shared import GROUPS
from services.kit.rights import needs
from services.kit.service import Query

QUERIES = (
    Query("/clients/{client_id}/metrics", GROUPS, clients.client_metrics, needs=needs("numbers", "clients.read")),
    Query(
        "/contacts/{contact_id}/metrics",
        (*GROUPS, "clients"),
        contacts.contact_metrics,
        needs=needs("numbers", "clients.read"),
    ),
    Query("/metrics/clients", (*GROUPS, "clients"), listed.clients_metrics, needs=needs("numbers", "clients.read")),
    Query(
        "/metrics/contacts",
        (*GROUPS, "clients"),
        contacts.contacts_metrics,
        needs=needs("numbers", "clients.read"),
    ),
    Query("/funnels/{funnel_id}/numbers", GROUPS, funnels.funnel_numbers, needs=needs("numbers")),
    Query("/funnels/{funnel_id}/summary", GROUPS, funnels.funnel_summary, needs=needs("numbers")),
    Query("/boards/totals", GROUPS, boards.totals_board, needs=needs("numbers")),
    Query("/boards/deals", GROUPS, boards.deals_board, needs=needs("numbers")),
    Query("/boards/revenue", GROUPS, boards.revenue_board, needs=needs("numbers")),
    Query("/boards/sellers", GROUPS, rankings.sellers_board, needs=needs("numbers")),
    Query("/boards/sellers-by-month", GROUPS, rankings.sellers_by_month_board, needs=needs("numbers")),
    Query("/boards/products", GROUPS, rankings.products_board, needs=needs("numbers")),
    Query("/boards/countries", GROUPS, rankings.countries_board, needs=needs("numbers")),
    Query("/boards/segments", GROUPS, rankings.segments_board, needs=needs("numbers")),
    Query("/boards/shipments", GROUPS, flows.shipments_board, needs=needs("numbers")),
    Query("/boards/receipts", GROUPS, flows.receipts_board, needs=needs("numbers")),
    Query("/boards/fulfilment", GROUPS, flows.fulfilment_board, needs=needs("numbers")),
    Query("/sales-rules", GROUPS, rules.sales_rules, needs=needs("numbers")),
    Query(
        "/explain/clients/{subject_id}/{field}",
        (*GROUPS, "clients"),
        explain.explain_client,
        needs=needs("numbers", "clients.read"),
    ),
    Query("/explain/stages/{funnel_id}/{stage_id}/mean", GROUPS, explain.explain_stage, needs=needs("numbers")),
)
