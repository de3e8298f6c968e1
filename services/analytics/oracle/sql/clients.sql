-- Numbers per client, then the files about clients, sellers, months and products.

CREATE TABLE client_numbers AS
WITH sales AS (
  SELECT client_id AS id, sum(sale) AS sales_count, sum(sale_sum) AS sales_sum, sum(work) AS in_work_count,
         sum(work_sum) AS in_work_sum, sum(refusal) AS refused_count, sum(refusal_sum) AS refused_sum,
         min(sold_at) FILTER (sale = 1) AS first_sale_at, max(sold_at) FILTER (sale = 1) AS last_sale_at,
         sum(profit) AS profit, sum(billed) AS billed
  FROM counted GROUP BY client_id
), shipped AS (
  SELECT client_id AS id, min(shipped_at) AS first_shipment_at, max(shipped_at) AS last_shipment_at
  FROM shipment GROUP BY client_id
), paid AS (SELECT client_id AS id, sum(amount) AS paid FROM receipt GROUP BY client_id)
SELECT client.id, shown(client.external_id, client.id) AS shown_id, client.country, client.segment,
       coalesce(sales_count, 0) AS sales_count, coalesce(sales_sum, 0) AS sales_sum,
       coalesce(in_work_count, 0) AS in_work_count, coalesce(in_work_sum, 0) AS in_work_sum,
       coalesce(refused_count, 0) AS refused_count, coalesce(refused_sum, 0) AS refused_sum,
       first_sale_at, last_sale_at, first_shipment_at, last_shipment_at, coalesce(profit, 0) AS profit,
       coalesce(billed, 0) AS billed, coalesce(paid, 0) AS paid
FROM client LEFT JOIN sales USING (id) LEFT JOIN shipped USING (id) LEFT JOIN paid USING (id);

CREATE VIEW files.customers AS
SELECT shown_id AS customer_id, sales_count, money(sales_sum) AS sales_sum,
       average_check(sales_sum, sales_count) AS avg_check, in_work_count, money(in_work_sum) AS in_work_sum,
       refused_count, money(refused_sum) AS refused_sum, moment(getvariable('now')) AS actual_at,
       moment(first_sale_at) AS first_sale_at, moment(last_sale_at) AS last_sale_at,
       CASE WHEN sales_count >= 2
            THEN days(last_sale_at - first_sale_at, 86400000 * (sales_count - 1)) END AS mean_days_between_sales,
       days(sales_count, month_number(last_sale_at) - month_number(first_sale_at) + 1) AS sales_per_month,
       moment(first_shipment_at) AS first_shipment_at, moment(last_shipment_at) AS last_shipment_at,
       CASE WHEN getvariable('has_costs') THEN money(profit) END AS profit,
       CASE WHEN getvariable('has_payments') THEN money(billed) END AS billed_sum,
       CASE WHEN getvariable('has_payments') THEN money(paid) END AS paid_sum,
       CASE WHEN getvariable('has_payments') THEN money(paid - billed) END AS balance
FROM client_numbers ORDER BY customer_id;

CREATE VIEW files.by_country AS
SELECT country, count(*) AS customers, sum(sales_count) AS sales_count, money(sum(sales_sum)) AS sales_sum,
       average_check(sum(sales_sum), sum(sales_count)) AS avg_check, sum(in_work_count) AS in_work_count,
       money(sum(in_work_sum)) AS in_work_sum, sum(refused_count) AS refused_count,
       money(sum(refused_sum)) AS refused_sum
FROM client_numbers WHERE EXISTS (FROM client WHERE country <> '') GROUP BY country ORDER BY country;

CREATE VIEW files.by_segment AS
SELECT segment, count(*) AS customers, sum(sales_count) AS sales_count, money(sum(sales_sum)) AS sales_sum,
       average_check(sum(sales_sum), sum(sales_count)) AS avg_check, sum(in_work_count) AS in_work_count,
       money(sum(in_work_sum)) AS in_work_sum, sum(refused_count) AS refused_count,
       money(sum(refused_sum)) AS refused_sum
FROM client_numbers WHERE EXISTS (FROM client WHERE segment <> '') GROUP BY segment ORDER BY segment;

-- Unconverted sums, where any counted amount is in another currency than the base.
CREATE VIEW by_currency AS
SELECT client_id, currency, kind, sale, work, refusal, local
FROM counted
WHERE class <> 'none' AND currency <> '' AND EXISTS (
  FROM counted WHERE class <> 'none' AND currency NOT IN ('', getvariable('base')));

CREATE VIEW files.customers_by_currency AS
SELECT shown(client.external_id, client.id) AS customer_id, currency, sum(sale) AS sales_count,
       fixed(sum(sale * local), exponent_of(currency)) AS sales_sum, sum(work) AS in_work_count,
       fixed(sum(work * local), exponent_of(currency)) AS in_work_sum, sum(refusal) AS refused_count,
       fixed(sum(refusal * local), exponent_of(currency)) AS refused_sum
FROM by_currency JOIN client ON client.id = client_id GROUP BY client.id, client.external_id, currency
ORDER BY customer_id, currency;

CREATE VIEW files.revenue_by_month AS
WITH newcomers AS (
  SELECT month_of(first_sale_at) AS month, count(*) AS n FROM client_numbers WHERE sales_count > 0 GROUP BY month)
SELECT month_of(sold_at) AS month, sum(sale) AS sales_count, money(sum(sale_sum)) AS sales_sum,
       average_check(sum(sale_sum), sum(sale)) AS avg_check,
       CASE WHEN getvariable('has_costs') THEN money(sum(profit)) END AS profit,
       coalesce(any_value(newcomers.n), 0) AS new_customers
FROM counted LEFT JOIN newcomers ON newcomers.month = month_of(sold_at)
WHERE sale = 1 GROUP BY month_of(sold_at) ORDER BY month_of(sold_at);

CREATE VIEW files.top_sellers AS
SELECT row_number() OVER (ORDER BY sum(sale_sum) DESC, sum(sale) DESC, shown_owner) AS rank,
       shown_owner AS owner_id, any_value(employee.name) AS name, sum(sale) AS sales_count,
       money(sum(sale_sum)) AS sales_sum, average_check(sum(sale_sum), sum(sale)) AS avg_check,
       sum(work) AS in_work_count, money(sum(work_sum)) AS in_work_sum, sum(refusal) AS refused_count,
       money(sum(refusal_sum)) AS refused_sum,
       CASE WHEN getvariable('has_costs') THEN money(sum(profit)) END AS profit,
       ratio(sum(sale), sum(sale) + sum(refusal)) AS win_rate
FROM counted LEFT JOIN employee ON employee.id = owner_id
WHERE owner_id IS NOT NULL GROUP BY owner_id, shown_owner ORDER BY rank;

CREATE VIEW files.sellers_by_month AS
SELECT month_of(sold_at) AS month, shown_owner AS owner_id, sum(sale) AS sales_count,
       money(sum(sale_sum)) AS sales_sum
FROM counted WHERE sale = 1 AND owner_id IS NOT NULL GROUP BY month, owner_id, shown_owner ORDER BY month, shown_owner;
