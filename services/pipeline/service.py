"""The pipeline service, its table of contents: what it takes, what it keeps."""

from __future__ import annotations

from functools import partial

from contracts.pipeline import commands as c
from services.kit.rights import needs
from services.kit.service import Handles, Service
from services.pipeline import edge, edge_deals, edge_orders, edge_payments, rights
from services.pipeline.api import QUERIES
from services.pipeline.domain.deal import DEAL
from services.pipeline.domain.funnel import FUNNEL
from services.pipeline.domain.order import ORDER
from services.pipeline.domain.payment import PAYMENT
from services.pipeline.domain.product import PRODUCT
from services.pipeline.domain.rate import RATE
from services.pipeline.known import PipelineKnown
from services.pipeline.projections.groups import CATALOG, PIPELINE

_funnel = partial(Handles, decider=FUNNEL, key="funnel_id", needs=needs("setup.write"), whose=None)
_product = partial(Handles, decider=PRODUCT, key="product_id", needs=needs("goods.write"), whose=None)
_deal = partial(Handles, decider=DEAL, key="deal_id", needs=needs("deals.write"), whose=rights.the_deal)
_order = partial(Handles, decider=ORDER, key="order_id", needs=needs("orders.write"), whose=rights.the_order)
_payment = partial(Handles, decider=PAYMENT, key="payment_id", needs=needs("payments.write"), whose=rights.the_payment)
_new_payment = partial(_payment, creates=True, whose=rights.new_payment)
_new_order = partial(_order, creates=True, numbered="order", whose=rights.new_order)
_ship = partial(_order, needs=needs("orders.ship"))
HANDLES = (
    _funnel("/funnels", c.DefineFunnel, creates=True),
    _funnel("/funnels/{funnel_id}/stages", c.AddStage),
    _funnel("/funnels/{funnel_id}/stages/{stage_id}/name", c.RenameStage),
    _funnel("/funnels/{funnel_id}/stages/{stage_id}/position", c.MoveStage),
    _funnel("/funnels/{funnel_id}/stages/{stage_id}/probability", c.ChangeStageProbability),
    _funnel("/funnels/{funnel_id}/stages/{stage_id}/archive", c.ArchiveStage),
    _deal("/deals", c.OpenDeal, creates=True, enrich=edge_deals.open_deal, numbered="deal", whose=rights.new_deal),
    _deal("/deals/{deal_id}/stage", c.MoveDeal, enrich=edge_deals.move_deal),
    _deal("/deals/{deal_id}/value", c.ChangeDealValue, enrich=edge_deals.change_value),
    _deal("/deals/{deal_id}/lines", c.ChangeDealLines, enrich=edge_deals.change_lines),
    _deal("/deals/{deal_id}/contacts", c.ChangeDealContacts),
    _deal("/deals/{deal_id}/owner", c.AssignDeal, enrich=edge_deals.assign_deal),
    _deal("/deals/{deal_id}/touch", c.TouchDeal),
    _deal("/deals/{deal_id}/client", c.ChangeDealClient, enrich=edge_deals.change_client),
    _product("/products", c.AddProduct, creates=True),
    _product("/products/{product_id}", c.ChangeProduct),
    _product("/products/{product_id}/price", c.SetPrice),
    _product("/products/{product_id}/cost", c.SetCost, needs=needs("goods.write", "profit")),
    _product("/products/{product_id}/archive", c.ArchiveProduct),
    _new_order("/orders", c.PlaceOrder, enrich=edge_orders.place_order),
    _order("/orders/{order_id}/lines", c.ChangeOrderLines, enrich=edge_orders.change_lines),
    _ship("/orders/{order_id}/status", c.ChangeOrderStatus, enrich=edge_orders.change_status),
    _order("/orders/{order_id}/owner", c.AssignOrder, enrich=edge_orders.assign_order),
    _ship("/orders/{order_id}/ship", c.ShipOrder, enrich=edge_orders.ship_order),
    _order("/orders/{order_id}/client", c.ChangeOrderClient, enrich=edge_orders.change_client),
    _new_payment("/payments", c.ReceivePayment, enrich=edge_payments.receive_payment),
    _payment("/payments/{payment_id}/reverse", c.ReversePayment),
    _payment("/payments/{payment_id}/client", c.ChangePaymentClient, enrich=edge_payments.change_client),
    Handles("/rates", c.SetRate, RATE, "currency", enrich=edge.set_rate, needs=needs("setup.write"), whose=None),
)
SERVICE = Service("pipeline", HANDLES, (PIPELINE, CATALOG), (), PipelineKnown, QUERIES)
