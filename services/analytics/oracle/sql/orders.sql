-- Files about orders, shipments and receipts, whatever the sales sources.

CREATE VIEW files.orders AS
SELECT shown_id AS order_id, shown_client AS customer_id, kind_shown(class) AS kind,
       coalesce(currency, '') AS currency, fixed(local, exponent_of(coalesce(currency, ''))) AS total_local, money(amount) AS total,
       CASE WHEN getvariable('has_costs') THEN money(cost) END AS cost_of_goods
FROM fact WHERE fact.kind = 'order' ORDER BY order_id;

CREATE VIEW files.shipments_by_month AS
SELECT month_of(shipped_at) AS month, count(*) AS shipments, money(sum(goods)) AS goods_value,
       CASE WHEN getvariable('has_costs') THEN money(sum(cost)) END AS cost_of_goods,
       money(sum(shipping)) AS shipping_cost
FROM shipment GROUP BY month ORDER BY month;

CREATE VIEW files.shipments_by_customer_month AS
SELECT month_of(shipped_at) AS month, shown_client AS customer_id, count(*) AS shipments,
       money(sum(goods)) AS goods_value
FROM shipment WHERE client_id IS NOT NULL GROUP BY month, client_id, shown_client ORDER BY month, customer_id;

CREATE VIEW files.receipts_by_month AS
SELECT month_of(occurred_at) AS month, count(*) AS payments, money(sum(amount)) AS amount
FROM receipt GROUP BY month ORDER BY month;

CREATE VIEW files.receipts_by_owner_month AS
SELECT month_of(occurred_at) AS month, shown_owner AS owner_id, count(*) AS payments, money(sum(receipt.amount)) AS amount
FROM receipt GROUP BY month, receipt.owner_id, shown_owner ORDER BY month, shown_owner;

CREATE VIEW files.fulfilment AS
WITH o AS (SELECT count(*) AS orders, count(required_at) AS with_date FROM fact WHERE kind = 'order')
, s AS (
  SELECT count(*) AS shipped, sum(shipped_at - ordered_at) AS lead_sum, max(shipped_at - ordered_at) AS longest,
         twice_median(shipped_at - ordered_at) AS median_twice, count(*) FILTER (shipped_at > required_at) AS late
  FROM shipment)
SELECT orders, shipped, orders - shipped AS not_shipped, ratio(shipped, orders) AS conversion,
       seconds(lead_sum, shipped) AS mean_seconds_ordered_to_shipped,
       seconds(median_twice, 2) AS median_seconds_ordered_to_shipped, fixed(longest, 3) AS max_seconds_ordered_to_shipped,
       CASE WHEN with_date > 0 THEN late END AS shipped_after_required
FROM o, s WHERE orders > 0;
