-- Sold products. `product_revenue` was filled between the scripts: the exact sum of the lines, rounded once.

CREATE VIEW files.popular_products AS
WITH sold AS (
  SELECT product_id AS id, count(DISTINCT counted.kind || counted.id) AS sales_count, sum(quantity) AS quantity
  FROM line JOIN counted USING (kind, id) WHERE sale = 1 GROUP BY product_id
), named AS (
  SELECT shown(product.external_id, id) AS product_id, coalesce(product.name, '') AS name, sales_count, quantity, revenue
  FROM sold JOIN product_revenue USING (id) LEFT JOIN product USING (id))
SELECT product_id, name, sales_count,
       CASE WHEN quantity = floor(quantity) THEN quantity::DECIMAL(38, 0)::VARCHAR
            ELSE rtrim(quantity::VARCHAR, '0') END AS quantity,
       money(revenue) AS revenue,
       row_number() OVER (ORDER BY named.quantity DESC, product_id) AS rank_by_quantity,
       row_number() OVER (ORDER BY named.revenue DESC, product_id) AS rank_by_revenue
FROM named ORDER BY rank_by_quantity;
