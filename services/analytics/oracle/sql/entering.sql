-- Events that put a deal, an order or a client into a stage.

CREATE TABLE entering AS
SELECT 'deal' AS subject, deal_id AS id, version, funnel_id, stage_id, occurred_at AS entered_at, imputed
FROM event WHERE type IN ('pipeline.DealOpened.v1', 'pipeline.DealStageChanged.v1')
UNION ALL
SELECT 'order', order_id, version, funnel_id, status, occurred_at, imputed
FROM event WHERE type IN ('pipeline.OrderPlaced.v1', 'pipeline.OrderPlacedViaLink.v1', 'pipeline.OrderStatusChanged.v1')
UNION ALL
SELECT 'client', client_id || ':' || funnel_id, version, funnel_id, to_stage, occurred_at, imputed
FROM event WHERE type = 'clients.ClientStageChanged.v1'
-- The same stage again is only another sum or date: no stay of its own (P20).
QUALIFY coalesce(lag(to_stage) OVER (PARTITION BY client_id, funnel_id ORDER BY version) <> to_stage, TRUE);
