-- Every counter of the read models as raw rows: key columns, then values, named as they are there (services/cli/recount.py).
-- Owner "": none. Rows whose values are all 0 are left out there, so here too.

CREATE TABLE whose AS
SELECT client_id AS id,
       coalesce(arg_max_null(CASE WHEN type = 'clients.ClientAssigned.v1' THEN to_owner ELSE owner_id END, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientAssigned.v1')), '') AS owner_id,
       coalesce(arg_max_null(category, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientDetailsChanged.v1')), '') AS category
FROM event WHERE type LIKE 'clients.Client%' AND client_id IS NOT NULL GROUP BY client_id;

CREATE TABLE away AS
SELECT client_id AS id,
       coalesce(arg_max(tags, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientDetailsChanged.v1')), []) AS tags,
       coalesce(arg_max(type, version)
         FILTER (type IN ('clients.ClientArchived.v1', 'clients.ClientRestored.v1')), '')
         = 'clients.ClientArchived.v1' AS archived,
       bool_or(type = 'clients.ClientErased.v1') AS erased
FROM event WHERE type LIKE 'clients.Client%' AND client_id IS NOT NULL GROUP BY client_id;

CREATE TABLE stay AS
SELECT visit.*, coalesce(fact.owner_id, '') AS owner_id, fact.amount
FROM visit JOIN fact ON fact.kind = visit.subject AND fact.id = visit.id;

CREATE TABLE spent AS
SELECT id, funnel_id, stage_id, owner_id, sum(timed) AS ms FROM stay WHERE timed IS NOT NULL GROUP BY ALL;

CREATE VIEW counters.totals AS
SELECT coalesce(owner_id, '') AS owner_id, (client_id IS NOT NULL)::INTEGER AS attached, sum(sale) AS sales_count,
       sum(sale_sum) AS sales_sum, sum(work) AS in_work_count, sum(work_sum) AS in_work_sum,
       sum(refusal) AS refused_count, sum(refusal_sum) AS refused_sum,
       count(*) FILTER (class = 'none') AS none_count, coalesce(sum(amount) FILTER (class = 'none'), 0) AS none_sum,
       sum(profit) AS profit, sum(billed) AS billed
FROM counted GROUP BY 1, 2;

CREATE VIEW counters.currencies AS
SELECT coalesce(currency, '') AS currency, coalesce(owner_id, '') AS owner_id, sum(sale) AS sales_count,
       sum(sale * local) AS sales_sum, sum(work) AS in_work_count, sum(work * local) AS in_work_sum,
       sum(refusal) AS refused_count, sum(refusal * local) AS refused_sum
FROM counted GROUP BY 1, 2;

CREATE VIEW counters.months AS
SELECT month, owner_id, sum(sales_count) AS sales_count, sum(sales_sum) AS sales_sum, sum(profit) AS profit,
       sum(new_clients) AS new_clients
FROM (SELECT month_of(sold_at) AS month, coalesce(owner_id, '') AS owner_id, sale AS sales_count, sale_sum AS sales_sum,
             profit, 0 AS new_clients FROM counted WHERE sale = 1
      UNION ALL
      SELECT month_of(first_sale_at), whose.owner_id, 0, 0, 0, 1 FROM client_numbers JOIN whose USING (id)
      WHERE first_sale_at IS NOT NULL)
GROUP BY ALL;

CREATE VIEW counters.products AS
SELECT product_id, owner_id, count(*) AS sales_count, sum(quantity) AS quantity, any_value(micro) AS micro
FROM (SELECT line.product_id, coalesce(counted.owner_id, '') AS owner_id, counted.kind, counted.id,
             sum(trunc(line.quantity * 1000000)) AS quantity
      FROM line JOIN counted USING (kind, id) WHERE sale = 1 GROUP BY ALL)
JOIN owner_revenue USING (product_id, owner_id) GROUP BY product_id, owner_id;

CREATE VIEW counters.deal_totals AS
SELECT funnel_id, coalesce(owner_id, '') AS owner_id, count(*) AS deals, count(*) FILTER (class = 'bought') AS won,
       count(*) FILTER (class = 'refused') AS lost, count(*) FILTER (class = 'in_work') AS in_work,
       coalesce(sum(amount) FILTER (class = 'in_work'), 0) AS in_work_sum,
       coalesce(sum(since - began_at) FILTER (class = 'bought' AND NOT began_imputed AND NOT since_imputed), 0) AS cycle_ms
FROM fact WHERE kind = 'deal' GROUP BY 1, 2;

CREATE VIEW counters.deal_months AS
SELECT month, funnel_id, owner_id, sum(created) AS created, sum(won) AS won, sum(lost) AS lost
FROM (SELECT month_of(began_at) AS month, funnel_id, coalesce(owner_id, '') AS owner_id, 1 AS created, 0 AS won, 0 AS lost
      FROM fact WHERE kind = 'deal'
      UNION ALL
      SELECT month_of(since), funnel_id, coalesce(owner_id, ''), 0, (class = 'bought')::INTEGER, (class = 'refused')::INTEGER
      FROM fact WHERE kind = 'deal' AND class IN ('bought', 'refused'))
GROUP BY ALL;

CREATE VIEW counters.attributes AS
SELECT name, value, owner_id, count(*) AS clients, sum(sales_count) AS sales_count, sum(sales_sum) AS sales_sum,
       sum(in_work_count) AS in_work_count, sum(in_work_sum) AS in_work_sum, sum(refused_count) AS refused_count,
       sum(refused_sum) AS refused_sum
FROM (SELECT client_numbers.* EXCLUDE (country, segment), whose.owner_id, unnest(['country', 'segment', 'category']) AS name,
             unnest([country, segment, category]) AS value FROM client_numbers JOIN whose USING (id))
GROUP BY ALL;

CREATE VIEW counters.listed AS
SELECT whose.owner_id, documents.clients.status, coalesce(documents.clients.temperature, '') AS temperature,
       (paid < billed)::INTEGER AS owes, count(*) AS clients,
       sum(sales_count) AS sales_count, sum(sales_sum) AS sales_sum,
       sum(in_work_count) AS in_work_count, sum(in_work_sum) AS in_work_sum, sum(refused_count) AS refused_count,
       sum(refused_sum) AS refused_sum, sum(paid - billed) AS balance
FROM client_numbers JOIN whose USING (id) JOIN away USING (id) JOIN documents.clients USING (id)
WHERE NOT (archived OR erased) GROUP BY ALL;

CREATE VIEW counters.shipments AS
SELECT month_of(shipped_at) AS month, coalesce(shipment.branch, '') AS branch, coalesce(fact.owner_id, '') AS owner_id,
       count(*) AS shipments, sum(goods) AS goods, sum(shipment.cost) AS cost, sum(shipping) AS shipping
FROM shipment JOIN fact ON fact.kind = 'order' AND fact.id = shipment.id GROUP BY 1, 2, 3;

CREATE VIEW counters.client_shipments AS
SELECT month_of(shipped_at) AS month, client_id, count(*) AS shipments, sum(goods) AS goods
FROM shipment WHERE client_id IS NOT NULL GROUP BY 1, 2;

CREATE VIEW counters.receipts AS
WITH place AS (
  SELECT payment_id AS id, coalesce(arg_max_null(branch, version) FILTER (type <> 'pipeline.PaymentReversed.v1'), '') AS branch
  FROM event WHERE type LIKE 'pipeline.Payment%' AND type <> 'pipeline.PaymentLeftClient.v1' GROUP BY payment_id)
SELECT month_of(occurred_at) AS month, branch, coalesce(owner_id, '') AS owner_id, count(*) AS payments,
       sum(amount) AS amount
FROM receipt JOIN place USING (id) GROUP BY 1, 2, 3;

CREATE VIEW counters.stages AS
SELECT funnel_id, stage_id, owner_id, count(DISTINCT id) AS entered, count(*) AS visits, count(timed) AS completed,
       coalesce(sum(timed), 0) AS sum_ms, count(*) FILTER (left_at IS NULL) AS current,
       coalesce(sum(amount) FILTER (left_at IS NULL), 0) AS current_sum,
       coalesce(sum(entered_at - 946684800000) FILTER (left_at IS NULL), 0) AS open_since,
       coalesce(any_value(subjects), 0) AS subjects, coalesce(sum(timed), 0) AS subjects_ms
FROM stay LEFT JOIN (SELECT funnel_id, stage_id, owner_id, count(*) AS subjects FROM spent GROUP BY ALL)
  USING (funnel_id, stage_id, owner_id)
GROUP BY ALL;

CREATE VIEW counters.transitions AS
SELECT funnel_id, stage_id AS from_stage, to_stage, owner_id, count(*) AS moves, count(DISTINCT id) AS subjects,
       count(timed) AS timed, coalesce(sum(timed), 0) AS sum_ms
FROM stay WHERE to_stage IS NOT NULL GROUP BY ALL;

CREATE VIEW counters.paths AS
SELECT funnel_id, visited, owner_id, count(*) AS subjects
FROM (SELECT funnel_id, owner_id, subject, id, string_agg(DISTINCT stage_id, chr(31) ORDER BY stage_id) AS visited
      FROM stay GROUP BY ALL) GROUP BY ALL;

CREATE VIEW counters.starts AS
SELECT funnel_id, stage_id, owner_id, count(*) AS subjects FROM stay WHERE n = 1 GROUP BY ALL;

CREATE VIEW counters.fulfilment AS
SELECT coalesce(owner_id, '') AS owner_id, count(*) AS orders, count(shipped_at) AS shipped,
       count(*) FILTER (shipped_at > fact.required_at) AS late, count(fact.required_at) AS required,
       coalesce(sum(shipped_at - began_at), 0) AS lead_ms
FROM fact LEFT JOIN shipment USING (id) WHERE kind = 'order' GROUP BY 1;

CREATE VIEW counters.seen AS
WITH priced AS (
  SELECT 'order' AS kind, order_id AS id,
         arg_max_null(base_cost, version) IS NOT NULL
           OR arg_max_null(base_cost, version) FILTER (type = 'pipeline.OrderShipped.v1') IS NOT NULL AS cost
  FROM event WHERE type LIKE 'pipeline.Order%' AND type <> 'pipeline.OrderLeftClient.v1' GROUP BY order_id
  UNION ALL
  SELECT kind, id, bool_or(cost IS NOT NULL) FROM line WHERE kind = 'deal' GROUP BY kind, id)
SELECT * FROM (
  SELECT 'cost' AS what, count(*) AS times FROM priced WHERE cost
  UNION ALL SELECT 'money', count(*) FROM fact WHERE coalesce(currency, '') <> ''
  UNION ALL SELECT 'payment', count(DISTINCT id) FROM receipt
  UNION ALL SELECT 'touched', count(*) FROM event WHERE type = 'pipeline.DealTouched.v1')
WHERE times > 0;

CREATE VIEW counters.dist_values AS
SELECT dist, value, part, owner_id, count(*) AS count
FROM (SELECT 'stay:' || funnel_id || chr(31) || stage_id AS dist, timed AS value, to_stage AS part, owner_id
      FROM stay WHERE timed IS NOT NULL
      UNION ALL
      SELECT 'subject:' || funnel_id || chr(31) || stage_id, ms, '', owner_id FROM spent
      UNION ALL
      SELECT 'cycle', since - began_at, funnel_id, coalesce(owner_id, '') FROM fact
      WHERE kind = 'deal' AND class = 'bought' AND NOT began_imputed AND NOT since_imputed
      UNION ALL
      SELECT 'lead', shipped_at - began_at, '', coalesce(owner_id, '') FROM shipment JOIN fact USING (id) WHERE kind = 'order')
GROUP BY ALL;
