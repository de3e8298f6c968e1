-- Stage statistics, conversion and transitions of every funnel; the files show funnels of deals.

CREATE TABLE stage_numbers AS
WITH stays AS (
  SELECT subject, funnel_id, stage_id, count(DISTINCT id) AS entered, count(*) AS visits, count(left_at) AS completed,
         count(timed) AS timed_visits, coalesce(sum(timed), 0) AS timed_sum, min(timed) AS shortest,
         max(timed) AS longest, twice_median(timed) AS median_twice,
         count(*) FILTER (left_at IS NULL AND kind = 'in_work') AS open_visits,
         coalesce(sum(getvariable('now') - entered_at) FILTER (left_at IS NULL AND kind = 'in_work'), 0) AS open_sum
  FROM visit GROUP BY ALL
), per_subject AS (
  SELECT subject, funnel_id, stage_id, count(*) AS subjects, twice_median(timed) AS median_twice
  FROM (SELECT subject, funnel_id, stage_id, id, sum(timed) AS timed FROM visit WHERE timed IS NOT NULL GROUP BY ALL)
  GROUP BY ALL
), current AS (
  SELECT kind AS subject, funnel_id, stage_id, count(*) AS n, sum(amount) AS amount FROM fact GROUP BY ALL
), farthest AS (
  SELECT subject, id, visit.funnel_id, max(place) AS place
  FROM visit JOIN stage USING (funnel_id, stage_id) WHERE stage.kind <> 'refused' GROUP BY ALL
), reached AS (
  SELECT subject, stage.funnel_id, stage_id, count(*) AS n
  FROM stage JOIN farthest ON farthest.funnel_id = stage.funnel_id AND farthest.place >= stage.place
  WHERE stage.kind <> 'refused' GROUP BY ALL
), used AS (SELECT DISTINCT subject, funnel_id FROM visit)
SELECT used.subject, stage.*, stays.* EXCLUDE (subject, funnel_id, stage_id), per_subject.subjects,
       per_subject.median_twice AS subject_median_twice,
       CASE WHEN stage.kind <> 'refused' THEN coalesce(reached.n, 0) END AS reached,
       coalesce(current.n, 0) AS standing, coalesce(current.amount, 0) AS standing_sum,
       CASE WHEN stage.kind = 'in_work' THEN
         rounded(coalesce(current.amount, 0)::HUGEINT * (probability::DECIMAL(18, 12) * 1000000000000)::HUGEINT,
                 1000000000000) END AS expected
FROM used JOIN stage USING (funnel_id)
LEFT JOIN stays USING (subject, funnel_id, stage_id)
LEFT JOIN per_subject USING (subject, funnel_id, stage_id)
LEFT JOIN reached USING (subject, funnel_id, stage_id)
LEFT JOIN current USING (subject, funnel_id, stage_id);

CREATE VIEW all_stages AS
SELECT subject, funnel_id, stage_id AS stage, shown_funnel AS pipeline_id, shown_id AS stage_id, position,
       kind_shown(kind) AS kind, coalesce(entered, 0) AS entered_deals, coalesce(visits, 0) AS visits,
       reached AS reached_deals, standing AS current_deals, money(standing_sum) AS current_sum,
       coalesce(completed, 0) AS completed_visits, seconds(timed_sum, timed_visits) AS mean_seconds,
       seconds(median_twice, 2) AS median_seconds, fixed(shortest, 3) AS min_seconds, fixed(longest, 3) AS max_seconds,
       seconds(timed_sum, subjects) AS per_deal_mean_seconds, seconds(subject_median_twice, 2) AS per_deal_median_seconds,
       coalesce(open_visits, 0) AS open_visits, seconds(open_sum, open_visits) AS open_mean_age_seconds,
       CASE WHEN kind = 'in_work'
            THEN seconds(timed_sum + open_sum, timed_visits + open_visits) END AS mean_seconds_incl_open,
       probability, money(expected) AS expected_revenue
FROM stage_numbers ORDER BY pipeline_id, place;

CREATE VIEW all_conversions AS
WITH pair AS (
  SELECT subject, funnel_id, stage_id AS from_id, lead(stage_id) OVER next AS to_id, shown_funnel, place,
         shown_id AS from_stage, lead(shown_id) OVER next AS to_stage, coalesce(entered, 0) AS from_entered,
         reached AS from_reached, lead(reached) OVER next AS to_reached
  FROM stage_numbers WHERE kind <> 'refused'
  WINDOW next AS (PARTITION BY subject, funnel_id ORDER BY place)
), been AS (SELECT DISTINCT subject, funnel_id, stage_id, id FROM visit)
, together AS (
  SELECT pair.subject, pair.funnel_id, from_id, count(*) AS n FROM pair
  JOIN been a ON a.subject = pair.subject AND a.funnel_id = pair.funnel_id AND a.stage_id = from_id
  JOIN been b ON b.subject = pair.subject AND b.funnel_id = pair.funnel_id AND b.stage_id = to_id AND b.id = a.id
  GROUP BY ALL)
SELECT subject, funnel_id, shown_funnel AS pipeline_id, from_stage, to_stage, from_entered,
       coalesce(together.n, 0) AS both_entered, ratio(coalesce(together.n, 0), from_entered) AS conversion_entered,
       from_reached, to_reached, ratio(to_reached, from_reached) AS conversion_reached
FROM pair LEFT JOIN together USING (subject, funnel_id, from_id)
WHERE to_id IS NOT NULL ORDER BY pipeline_id, place;

CREATE VIEW all_moves AS
WITH move AS (
  SELECT visit.*, a.shown_id AS from_shown, a.shown_funnel, a.place, b.shown_id AS to_shown, b.place AS to_place
  FROM visit JOIN stage a USING (funnel_id, stage_id)
  JOIN stage b ON b.funnel_id = visit.to_funnel AND b.stage_id = visit.to_stage)
SELECT subject, funnel_id, shown_funnel AS pipeline_id, from_shown AS from_stage, to_shown AS to_stage,
       count(*) AS count, count(DISTINCT id) AS deals,
       ratio(count(*), sum(count(*)) OVER (PARTITION BY subject, funnel_id, stage_id)) AS share_of_exits,
       seconds(sum(timed), count(timed)) AS mean_seconds, seconds(twice_median(timed), 2) AS median_seconds
FROM move GROUP BY subject, funnel_id, stage_id, shown_funnel, from_shown, place, to_funnel, to_stage, to_shown, to_place
ORDER BY pipeline_id, place, to_place;

CREATE VIEW files.stages AS SELECT * EXCLUDE (subject, funnel_id, stage) FROM all_stages WHERE subject = 'deal';
CREATE VIEW files.conversion AS SELECT * EXCLUDE (subject, funnel_id) FROM all_conversions WHERE subject = 'deal';
CREATE VIEW files.transitions AS
SELECT * EXCLUDE (subject, funnel_id, pipeline_id) FROM all_moves WHERE subject = 'deal';

CREATE VIEW files.deals AS
SELECT fact.shown_id AS deal_id, shown_client AS customer_id, stage.shown_id AS stage, kind_shown(class) AS kind,
       money(amount) AS amount, CASE WHEN class = 'bought' THEN moment(since) END AS won_at,
       CASE WHEN class = 'refused' THEN moment(since) END AS lost_at
FROM fact JOIN stage USING (funnel_id, stage_id) WHERE fact.kind = 'deal' ORDER BY deal_id;

CREATE VIEW files.deals_by_month AS
WITH happened AS (
  SELECT began_at AS occurred_at, 1 AS created, 0 AS won, 0 AS lost FROM fact WHERE kind = 'deal'
  UNION ALL SELECT since, 0, 1, 0 FROM fact WHERE kind = 'deal' AND class = 'bought'
  UNION ALL SELECT since, 0, 0, 1 FROM fact WHERE kind = 'deal' AND class = 'refused')
SELECT month_of(occurred_at) AS month, sum(created) AS created, sum(won) AS won, sum(lost) AS lost
FROM happened GROUP BY month ORDER BY month;
