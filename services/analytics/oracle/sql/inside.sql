-- What the read models of the numbers keep per fact, stay, payment, client and contribution, by their document ids.

CREATE VIEW inside.facts AS
WITH stays AS (
  SELECT subject AS kind, id,
         list([stage_id, entered_at::VARCHAR, coalesce(left_at::VARCHAR, ''),
               CASE WHEN left_at IS NULL THEN imputed::VARCHAR ELSE (timed IS NULL)::VARCHAR END] ORDER BY n) AS stays
  FROM visit GROUP BY ALL
), products AS (
  SELECT kind, id, list(product_id ORDER BY product_id, quantity) AS products,
         list(trunc(quantity * 1000000)::BIGINT ORDER BY product_id, quantity) AS quantities FROM line GROUP BY ALL)
SELECT fact.id, kind, funnel_id, stage_id, began_at AS created_at, fact.client_id, coalesce(contact_ids, []) AS contact_ids,
       coalesce(owner_id, '') AS owner_id, began_imputed AS imputed, amount AS value, coalesce(local, 0) AS local,
       coalesce(currency, '') AS currency, fact.cost, charges AS extra, deal_id, fact.required_at, shipment.shipped_at,
       stays, coalesce(products, []) AS products, coalesce(quantities, []) AS quantities
FROM fact JOIN stays USING (kind, id) LEFT JOIN products USING (kind, id)
LEFT JOIN shipment ON fact.kind = 'order' AND shipment.id = fact.id;

CREATE VIEW inside.visits AS
SELECT id || ':' || (n - 1) AS id, id AS fact_id, funnel_id, stage_id, to_stage, owner_id, entered_at, left_at,
       timed AS took_ms
FROM stay WHERE to_stage IS NOT NULL;

CREATE VIEW inside.payments AS
SELECT id, any_value(client_id) AS client_id, coalesce(any_value(owner_id), '') AS owner_id,
       max(amount) AS amount, min(occurred_at) FILTER (NOT reverses) AS paid_at,
       max(occurred_at) FILTER (reverses) AS reversed_at
FROM receipt GROUP BY id;

CREATE VIEW inside.people AS
SELECT client.id, TRUE AS registered, began.at AS registered_at, began.imputed, whose.owner_id, client.country,
       client.segment, whose.category, documents.clients.status, coalesce(documents.clients.temperature, '') AS temperature,
       away.tags, away.archived, away.erased
FROM client JOIN away USING (id) JOIN whose USING (id) JOIN documents.clients USING (id)
JOIN (SELECT client_id AS id, occurred_at AS at, imputed FROM event WHERE type = 'clients.ClientRegistered.v1') began USING (id);

CREATE VIEW inside.parts AS
SELECT DISTINCT subject || ':' || id AS id, subject AS row_id, class AS kind, id AS fact_id, kind AS fact_kind,
       CASE WHEN class = 'in_work' THEN began_at ELSE sold_at END AS at, amount AS value, amount - cost AS profit,
       amount + charges AS billed
FROM (SELECT *, unnest(list_append(coalesce(contact_ids, []), coalesce(client_id, '-'))) AS subject FROM counted);

CREATE VIEW inside.stages AS
SELECT funnel_id || chr(31) || stage_id AS id, any_value(kind) AS kind FROM event
WHERE type = 'pipeline.StageAdded.v1' GROUP BY ALL;

CREATE VIEW inside.rules AS
SELECT 'rules' AS id, list_sort(getvariable('sources')) AS sources, getvariable('zone') AS zone,
       coalesce((SELECT list(funnel_id || chr(31) || stage_id || chr(31) || kind ORDER BY funnel_id, stage_id) FROM rule), []) AS classes;
