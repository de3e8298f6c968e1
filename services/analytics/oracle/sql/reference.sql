-- Today's names, stages and sales rules, whatever the as-of (DESIGN 9).

SET VARIABLE base = (SELECT arg_max_null(base_currency, version) FROM event
                     WHERE type = 'gateway.WorkspaceSettingsChanged.v1');
SET VARIABLE zone = coalesce((SELECT arg_max(zone, version) FROM event
                              WHERE type = 'gateway.WorkspaceSettingsChanged.v1'), 'UTC');
SET VARIABLE exponent = exponent_of(getvariable('base'));

CREATE TABLE client AS
SELECT client_id AS id,
       any_value(external_id) FILTER (type = 'clients.ClientRegistered.v1') AS external_id,
       coalesce(arg_max_null(country, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientDetailsChanged.v1')), '') AS country,
       coalesce(arg_max_null(segment, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientDetailsChanged.v1')), '') AS segment
FROM event WHERE type LIKE 'clients.Client%' AND client_id IS NOT NULL
GROUP BY client_id HAVING bool_or(type = 'clients.ClientRegistered.v1');

CREATE TABLE employee AS
SELECT employee_id AS id, any_value(external_id) FILTER (type = 'gateway.EmployeeAdded.v1') AS external_id,
       arg_max(name, version) AS name
FROM event WHERE type LIKE 'gateway.Employee%' GROUP BY employee_id;

CREATE TABLE product AS
SELECT product_id AS id, any_value(external_id) FILTER (type = 'pipeline.ProductAdded.v1') AS external_id,
       coalesce(last[''], last['en'], last[list_sort(map_keys(last))[1]], '') AS name
FROM (SELECT *, arg_max(names, version) OVER (PARTITION BY product_id) AS last FROM event
      WHERE type IN ('pipeline.ProductAdded.v1', 'pipeline.ProductChanged.v1'))
GROUP BY product_id, last;

CREATE TABLE funnel AS
SELECT funnel_id AS id, external_id FROM event WHERE type = 'pipeline.FunnelDefined.v1';

CREATE TABLE last_rules AS
SELECT sources, classes FROM event WHERE type = 'analytics.SalesRulesSet.v1' ORDER BY version DESC LIMIT 1;

CREATE TABLE rule AS
SELECT class.funnel_id AS funnel_id, class.stage_id AS stage_id, any_value(class.kind) AS kind
FROM (SELECT unnest(classes) AS class FROM last_rules) GROUP BY ALL;

SET VARIABLE sources = coalesce((SELECT sources FROM last_rules), ['deals', 'orders', 'clients']);

-- Every stage that was added, and those a subject was in without that.
CREATE TABLE stage AS
WITH added AS (
  SELECT funnel_id, stage_id,
         arg_max(stage_position, version) AS position,
         any_value(kind) FILTER (type = 'pipeline.StageAdded.v1') AS kind,
         arg_max_null(probability, version)
           FILTER (type IN ('pipeline.StageAdded.v1', 'pipeline.StageProbabilityChanged.v1')) AS probability,
         any_value(external_id) FILTER (type = 'pipeline.StageAdded.v1') AS external_id
  FROM event WHERE type LIKE 'pipeline.Stage%' GROUP BY ALL
), unknown AS (SELECT DISTINCT funnel_id, stage_id FROM entering ANTI JOIN added USING (funnel_id, stage_id))
SELECT s.funnel_id, s.stage_id, s.position, coalesce(rule.kind, s.kind, 'none') AS kind, s.probability,
       shown(s.external_id, s.stage_id) AS shown_id, shown(funnel.external_id, s.funnel_id) AS shown_funnel,
       row_number() OVER (PARTITION BY s.funnel_id ORDER BY s.position NULLS LAST, s.stage_id) AS place
FROM (SELECT * FROM added UNION ALL BY NAME SELECT * FROM unknown) s
LEFT JOIN rule USING (funnel_id, stage_id)
LEFT JOIN funnel ON funnel.id = s.funnel_id;
