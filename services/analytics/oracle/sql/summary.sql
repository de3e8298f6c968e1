-- Parts of summary.json, one row each (none: the part is absent), and two lists of counts by name.

CREATE VIEW summary.head AS
SELECT moment(getvariable('now')) AS as_of, coalesce(getvariable('base'), '') AS base_currency,
       array_to_string(list_filter(['deals', 'orders', 'clients'], lambda s: list_contains(getvariable('sources'), s)), '+')
         AS sales_source;

CREATE VIEW summary.deals AS
WITH d AS (
  SELECT count(*) AS total, count(*) FILTER (class = 'bought') AS won, count(*) FILTER (class = 'refused') AS lost,
         count(*) FILTER (class = 'in_work') AS in_work, coalesce(sum(amount) FILTER (class = 'in_work'), 0) AS open_sum,
         sum(cycle) AS cycle_sum, count(cycle) AS cycles, twice_median(cycle) AS cycle_median_twice
  FROM (SELECT *, CASE WHEN class = 'bought' AND NOT began_imputed AND NOT since_imputed
                       THEN since - began_at END AS cycle FROM fact WHERE kind = 'deal'))
SELECT total AS deals_total, won AS deals_won, lost AS deals_lost, in_work AS deals_in_work,
       ratio(won, total) AS conversion_won_of_all, ratio(won, won + lost) AS win_rate_won_of_closed,
       money(open_sum) AS expected_revenue_unweighted,
       (SELECT money(coalesce(sum(expected), 0)) FROM stage_numbers WHERE subject = 'deal') AS expected_revenue_weighted,
       (SELECT count(*) FROM event WHERE type = 'pipeline.DealStageChanged.v1') AS stage_changes,
       (SELECT count(*) FROM event WHERE type = 'pipeline.DealTouched.v1') AS repeated_stage_events_ignored,
       seconds(cycle_sum, cycles) AS won_cycle_mean_seconds, seconds(cycle_median_twice, 2) AS won_cycle_median_seconds
FROM d WHERE total > 0;

CREATE VIEW summary.sales AS
SELECT (SELECT count(*) FROM client) AS customers_total,
       (SELECT count(*) FROM client_numbers WHERE sales_count > 0) AS customers_with_sales,
       coalesce(sum(sale), 0) AS sales_count, money(coalesce(sum(sale_sum), 0)) AS sales_sum,
       average_check(coalesce(sum(sale_sum), 0), coalesce(sum(sale), 0)) AS avg_check,
       coalesce(sum(work), 0) AS in_work_count, money(coalesce(sum(work_sum), 0)) AS in_work_sum,
       coalesce(sum(refusal), 0) AS refused_count, money(coalesce(sum(refusal_sum), 0)) AS refused_sum,
       moment(min(sold_at) FILTER (sale = 1)) AS first_sale_at, moment(max(sold_at) FILTER (sale = 1)) AS last_sale_at
FROM counted;

CREATE VIEW summary.without_customer AS
SELECT coalesce(sum(sale), 0) AS sales_count, money(coalesce(sum(sale_sum), 0)) AS sales_sum,
       average_check(coalesce(sum(sale_sum), 0), coalesce(sum(sale), 0)) AS avg_check,
       coalesce(sum(work), 0) AS in_work_count, money(coalesce(sum(work_sum), 0)) AS in_work_sum,
       coalesce(sum(refusal), 0) AS refused_count, money(coalesce(sum(refusal_sum), 0)) AS refused_sum
FROM counted WHERE client_id IS NULL;

CREATE VIEW summary.profit AS
SELECT money(coalesce(sum(profit), 0)) AS profit FROM counted HAVING getvariable('has_costs');

CREATE VIEW summary.payments AS
WITH b AS (SELECT coalesce(sum(billed), 0) AS billed FROM counted), p AS (SELECT sum(amount) AS paid FROM receipt)
SELECT money(billed) AS billed_sum, money(paid) AS paid_sum, money(paid - billed) AS balance
FROM b, p WHERE getvariable('has_payments');

CREATE VIEW summary.orders AS
SELECT count(*) AS orders_total FROM fact WHERE kind = 'order' HAVING count(*) > 0;

CREATE VIEW named.deals_created_in AS
SELECT shown_id AS name, count(*) AS n FROM visit JOIN stage USING (funnel_id, stage_id)
WHERE subject = 'deal' AND n = 1 GROUP BY name ORDER BY 2 DESC, 1;

CREATE VIEW named.orders_by_status AS
SELECT stage.shown_id AS name, count(*) AS n FROM fact JOIN stage USING (funnel_id, stage_id)
WHERE fact.kind = 'order' GROUP BY name ORDER BY name;

CREATE VIEW named.by_currency_unconverted AS
SELECT currency AS name, sum(sale) AS sales_count, fixed(sum(sale * local), exponent_of(currency)) AS sales_sum,
       sum(work) AS in_work_count, fixed(sum(work * local), exponent_of(currency)) AS in_work_sum,
       sum(refusal) AS refused_count, fixed(sum(refusal * local), exponent_of(currency)) AS refused_sum
FROM by_currency GROUP BY currency ORDER BY currency;
