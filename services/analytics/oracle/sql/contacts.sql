-- The eight fields per contact person, from the facts in which that contact takes part (P3).

CREATE VIEW contacts AS
WITH taking_part AS (
  SELECT DISTINCT contact_id, counted.* FROM (SELECT unnest(contact_ids) AS contact_id, kind, id FROM counted) t
  JOIN counted USING (kind, id)
), everyone AS (
  SELECT contact_id FROM event WHERE type = 'clients.ContactAdded.v1' UNION SELECT contact_id FROM taking_part)
SELECT contact_id AS id, coalesce(sum(sale), 0) AS sales_count, money(coalesce(sum(sale_sum), 0)) AS sales_sum,
       average_check(coalesce(sum(sale_sum), 0), coalesce(sum(sale), 0)) AS avg_check,
       coalesce(sum(work), 0) AS in_work_count, money(coalesce(sum(work_sum), 0)) AS in_work_sum,
       coalesce(sum(refusal), 0) AS refused_count, money(coalesce(sum(refusal_sum), 0)) AS refused_sum,
       moment(getvariable('now')) AS actual_at
FROM everyone LEFT JOIN taking_part USING (contact_id) GROUP BY contact_id ORDER BY contact_id;
