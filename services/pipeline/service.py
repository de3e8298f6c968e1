"""The pipeline service, its table of contents: what it takes, what it keeps."""

from __future__ import annotations

from contracts.pipeline import commands as c
from services.kit.service import Handles, Service
from services.pipeline import edge, edge_deals, edge_orders, edge_payments
from services.pipeline.api import QUERIES
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.funnel import FUNNEL
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.payment import PAYMENT
from services.pipeline.domain.product import PRODUCT
from services.pipeline.domain.rate import RATE
from services.pipeline.known import PipelineKnown
from services.pipeline.projections.groups import CATALOG, PIPELINE

HANDLES = (
    Handles("/funnels", c.DefineFunnel, FUNNEL, "funnel_id", creates=True),
    Handles("/funnels/{funnel_id}/stages", c.AddStage, FUNNEL, "funnel_id"),
    Handles("/funnels/{funnel_id}/stages/{stage_id}/name", c.RenameStage, FUNNEL, "funnel_id"),
    Handles("/funnels/{funnel_id}/stages/{stage_id}/position", c.MoveStage, FUNNEL, "funnel_id"),
    Handles("/funnels/{funnel_id}/stages/{stage_id}/probability", c.ChangeStageProbability, FUNNEL, "funnel_id"),
    Handles("/funnels/{funnel_id}/stages/{stage_id}/archive", c.ArchiveStage, FUNNEL, "funnel_id"),
    Handles("/deals", c.OpenDeal, DEAL, "deal_id", True, edge_deals.open_deal, numbered="deal"),
    Handles("/deals/{deal_id}/stage", c.MoveDeal, DEAL, "deal_id", False, edge_deals.move_deal),
    Handles("/deals/{deal_id}/value", c.ChangeDealValue, DEAL, "deal_id", False, edge_deals.change_value),
    Handles("/deals/{deal_id}/lines", c.ChangeDealLines, DEAL, "deal_id", False, edge_deals.change_lines),
    Handles("/deals/{deal_id}/contacts", c.ChangeDealContacts, DEAL, "deal_id"),
    Handles("/deals/{deal_id}/owner", c.AssignDeal, DEAL, "deal_id", False, edge_deals.assign_deal),
    Handles("/deals/{deal_id}/touch", c.TouchDeal, DEAL, "deal_id"),
    Handles("/deals/{deal_id}/client", c.ChangeDealClient, DEAL, "deal_id", False, edge_deals.change_client),
    Handles("/products", c.AddProduct, PRODUCT, "product_id", creates=True),
    Handles("/products/{product_id}", c.ChangeProduct, PRODUCT, "product_id"),
    Handles("/products/{product_id}/price", c.SetPrice, PRODUCT, "product_id"),
    Handles("/products/{product_id}/cost", c.SetCost, PRODUCT, "product_id"),
    Handles("/products/{product_id}/archive", c.ArchiveProduct, PRODUCT, "product_id"),
    Handles("/orders", c.PlaceOrder, ORDER, "order_id", True, edge_orders.place_order, numbered="order"),
    Handles("/orders/{order_id}/lines", c.ChangeOrderLines, ORDER, "order_id", False, edge_orders.change_lines),
    Handles("/orders/{order_id}/status", c.ChangeOrderStatus, ORDER, "order_id", False, edge_orders.change_status),
    Handles("/orders/{order_id}/owner", c.AssignOrder, ORDER, "order_id", False, edge_orders.assign_order),
    Handles("/orders/{order_id}/ship", c.ShipOrder, ORDER, "order_id", False, edge_orders.ship_order),
    Handles("/orders/{order_id}/client", c.ChangeOrderClient, ORDER, "order_id", False, edge_orders.change_client),
    Handles("/payments", c.ReceivePayment, PAYMENT, "payment_id", True, edge_payments.receive_payment),
    Handles("/payments/{payment_id}/reverse", c.ReversePayment, PAYMENT, "payment_id"),
    Handles(
        "/payments/{payment_id}/client",
        c.ChangePaymentClient,
        PAYMENT,
        "payment_id",
        False,
        edge_payments.change_client,
    ),
    Handles("/rates", c.SetRate, RATE, "currency", False, edge.set_rate),
)
SERVICE = Service("pipeline", HANDLES, (PIPELINE, CATALOG), (), PipelineKnown, QUERIES)
