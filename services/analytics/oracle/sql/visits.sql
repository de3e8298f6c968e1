-- One row per stay of a deal, an order or a client in a stage, in the order of the stream.

CREATE TABLE visit AS
SELECT e.subject, e.id, e.funnel_id, e.stage_id, stage.kind, e.entered_at, e.imputed,
       row_number() OVER stay AS n,
       lead(e.stage_id) OVER stay AS to_stage,
       lead(e.funnel_id) OVER stay AS to_funnel,
       lead(e.entered_at) OVER stay AS left_at,
       CASE WHEN NOT e.imputed AND NOT lead(e.imputed) OVER stay
            THEN lead(e.entered_at) OVER stay - e.entered_at END AS timed
FROM entering e JOIN stage USING (funnel_id, stage_id)
WINDOW stay AS (PARTITION BY e.subject, e.id ORDER BY e.version);

-- Where each subject stands, and since when without a break in stages of that class.
CREATE TABLE standing AS
WITH last AS (
  SELECT subject, id, max(n) AS n, arg_max(kind, n) AS kind, arg_max(stage_id, n) AS stage_id,
         arg_max(funnel_id, n) AS funnel_id, min(entered_at) AS began_at, arg_min(imputed, n) AS began_imputed
  FROM visit GROUP BY subject, id
), turned AS (
  SELECT subject, id, coalesce(max(v.n) FILTER (v.kind <> last.kind), 0) + 1 AS n
  FROM visit v JOIN last USING (subject, id) GROUP BY subject, id
)
SELECT last.* EXCLUDE (n), v.entered_at AS since,
       -- The stay before it is imputed: in no timing.
       CASE WHEN before.id IS NULL THEN v.imputed ELSE before.timed IS NULL END AS since_imputed
FROM last JOIN turned USING (subject, id) JOIN visit v ON v.subject = last.subject AND v.id = last.id AND v.n = turned.n
LEFT JOIN visit before ON before.subject = last.subject AND before.id = last.id AND before.n = turned.n - 1;
