-- One row per deal, order and client in a funnel, as it is after its last event; then lines, shipments, receipts.

CREATE TABLE line AS
WITH last AS (
  SELECT 'deal' AS kind, deal_id AS id, arg_max(lines, version) AS lines FROM event
  WHERE type IN ('pipeline.DealOpened.v1', 'pipeline.DealValueChanged.v1', 'pipeline.DealLinesChanged.v1',
                 'pipeline.DealJoinedClient.v1') GROUP BY deal_id
  UNION ALL
  SELECT 'order', order_id, arg_max(lines, version) FROM event
  WHERE type IN ('pipeline.OrderPlaced.v1', 'pipeline.OrderPlacedViaLink.v1', 'pipeline.OrderLinesChanged.v1',
                 'pipeline.OrderJoinedClient.v1') GROUP BY order_id
)
SELECT kind, id, l.product_id AS product_id, l.quantity::DECIMAL(38, 12) AS quantity, l.total AS total, l.cost AS cost
FROM (SELECT kind, id, unnest(lines) AS l FROM last);

CREATE TABLE fact AS
WITH deal AS (
  SELECT deal_id AS id,
         arg_max_null(client_id, version) AS client_id,
         arg_max_null(owner_id, version) FILTER (whole) AS owner_id,
         arg_max(contact_ids, version) FILTER (whole) AS contact_ids,
         arg_max(base_value, version) FILTER (whole) AS amount,
         arg_max(value, version) FILTER (whole) AS local,
         arg_max_null(currency, version) FILTER (whole) AS currency,
         arg_max(rate, version) FILTER (whole) AS rate,
         arg_max_null(external_id, version)
           FILTER (type IN ('pipeline.DealOpened.v1', 'pipeline.DealJoinedClient.v1')) AS external_id
  FROM (SELECT *, type <> 'pipeline.DealTouched.v1' AS whole FROM event
        WHERE type LIKE 'pipeline.Deal%' AND type <> 'pipeline.DealLeftClient.v1')
  GROUP BY deal_id
), deal_cost AS (SELECT id, sum(cost) AS cost FROM line WHERE kind = 'deal' GROUP BY id)
, placed AS (
  SELECT order_id AS id,
         arg_max_null(client_id, version) AS client_id,
         arg_max_null(owner_id, version) AS owner_id,
         arg_max(contact_ids, version) AS contact_ids,
         arg_max(base_total, version) AS amount,
         arg_max(total, version) AS local,
         arg_max_null(currency, version) AS currency,
         arg_max(rate, version) AS rate,
         arg_max_null(base_cost, version) AS cost,
         arg_max(base_shipping, version) + arg_max(base_tax, version) AS charges,
         arg_max_null(deal_id, version) AS deal_id,
         arg_max_null(required_at, version)
           FILTER (type IN ('pipeline.OrderPlaced.v1', 'pipeline.OrderPlacedViaLink.v1',
                            'pipeline.OrderJoinedClient.v1')) AS required_at,
         arg_max_null(external_id, version)
           FILTER (type IN ('pipeline.OrderPlaced.v1', 'pipeline.OrderPlacedViaLink.v1',
                            'pipeline.OrderJoinedClient.v1')) AS external_id
  FROM event WHERE type LIKE 'pipeline.Order%' AND type <> 'pipeline.OrderLeftClient.v1'
  GROUP BY order_id
), in_funnel AS (
  SELECT client_id || ':' || funnel_id AS id, any_value(client_id) AS client_id,
         arg_max_null(owner_id, version) AS owner_id, arg_max(base_value, version) AS amount,
         arg_max(value, version) AS local, arg_max_null(currency, version) AS currency,
         arg_max(rate, version) AS rate
  FROM event WHERE type = 'clients.ClientStageChanged.v1' GROUP BY client_id, funnel_id
), every AS (
  SELECT 'deal' AS kind, deal.*, coalesce(deal_cost.cost, 0) AS cost, 0 AS charges, NULL::VARCHAR AS deal_id,
         NULL::BIGINT AS required_at
  FROM deal LEFT JOIN deal_cost USING (id)
  UNION ALL BY NAME
  SELECT 'order' AS kind, * REPLACE (coalesce(cost, 0) AS cost) FROM placed
  UNION ALL BY NAME
  SELECT 'client' AS kind, *, 0 AS cost, 0 AS charges, []::VARCHAR[] AS contact_ids FROM in_funnel
)
SELECT every.*, standing.kind AS class, standing.funnel_id, standing.stage_id, standing.began_at,
       standing.began_imputed, standing.since, standing.since_imputed,
       CASE WHEN every.kind = 'order' THEN standing.began_at ELSE standing.since END AS sold_at,
       shown(client.external_id, every.client_id) AS shown_client,
       shown(employee.external_id, every.owner_id) AS shown_owner,
       shown(every.external_id, every.id) AS shown_id
FROM every JOIN standing ON standing.subject = every.kind AND standing.id = every.id
LEFT JOIN client ON client.id = every.client_id
LEFT JOIN employee ON employee.id = every.owner_id;

CREATE TABLE shipment AS
SELECT fact.id, fact.client_id, fact.shown_client, fact.began_at AS ordered_at, fact.required_at,
       s.occurred_at AS shipped_at, s.base_total AS goods, coalesce(s.base_cost, 0) AS cost, s.base_shipping AS shipping, s.branch
FROM (SELECT * FROM event WHERE type = 'pipeline.OrderShipped.v1'
      QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY version DESC) = 1) s
JOIN fact ON fact.kind = 'order' AND fact.id = s.order_id;

-- A reversal is a receipt of its own: negative, at its own date.
CREATE TABLE receipt AS
WITH payment AS (
  SELECT payment_id AS id, arg_max_null(client_id, version) AS client_id,
         arg_max_null(owner_id, version) FILTER (type <> 'pipeline.PaymentReversed.v1') AS owner_id,
         min(occurred_at) FILTER (type = 'pipeline.PaymentReceived.v1') AS received_at,
         arg_max(base_amount, version) FILTER (type <> 'pipeline.PaymentReversed.v1') AS received,
         max(occurred_at) FILTER (type = 'pipeline.PaymentReversed.v1') AS reversed_at,
         arg_max(base_amount, version) FILTER (type = 'pipeline.PaymentReversed.v1') AS reversed
  FROM event WHERE type LIKE 'pipeline.Payment%' AND type <> 'pipeline.PaymentLeftClient.v1'
  GROUP BY payment_id
), every AS (
  SELECT id, client_id, owner_id, received_at AS occurred_at, received AS amount, FALSE AS reverses FROM payment
  UNION ALL
  SELECT id, client_id, owner_id, reversed_at, -reversed, TRUE FROM payment WHERE reversed_at IS NOT NULL
)
SELECT every.*, shown(employee.external_id, owner_id) AS shown_owner
FROM every LEFT JOIN employee ON employee.id = owner_id;

SET VARIABLE has_costs = (
  SELECT EXISTS (FROM event WHERE type LIKE 'pipeline.Order%' AND base_cost IS NOT NULL)
      OR EXISTS (FROM (SELECT unnest(lines) AS l FROM event WHERE type LIKE 'pipeline.Deal%') WHERE l.cost IS NOT NULL));
SET VARIABLE has_payments = (SELECT EXISTS (FROM receipt));

-- What counts in the eight fields (P1): an order from a deal counts through its deal.
CREATE TABLE counted AS
SELECT *, (class = 'bought')::INTEGER AS sale, (class = 'in_work')::INTEGER AS work,
       (class = 'refused')::INTEGER AS refusal,
       CASE WHEN class = 'bought' THEN amount ELSE 0 END AS sale_sum,
       CASE WHEN class = 'in_work' THEN amount ELSE 0 END AS work_sum,
       CASE WHEN class = 'refused' THEN amount ELSE 0 END AS refusal_sum,
       CASE WHEN class = 'bought' THEN amount - cost ELSE 0 END AS profit,
       CASE WHEN class = 'bought' THEN amount + charges ELSE 0 END AS billed
FROM fact
WHERE list_contains(getvariable('sources'), kind || 's')
  AND NOT (kind = 'order' AND deal_id IS NOT NULL AND list_contains(getvariable('sources'), 'deals'));
