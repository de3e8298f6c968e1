-- The last plain values of the main fields, for the check of documents that hold no sums.

CREATE VIEW removed_contacts AS
SELECT contact_id FROM event WHERE type IN ('clients.ContactRemoved.v1', 'clients.ContactRestored.v1')
GROUP BY contact_id HAVING arg_max(type, version) = 'clients.ContactRemoved.v1';

-- The main contact person is who was chosen last, while that one is there (P23).
CREATE VIEW main_contacts AS
SELECT client_id, arg_max(contact_id, version) AS contact_id FROM event WHERE type = 'clients.MainContactChosen.v1'
GROUP BY client_id
HAVING arg_max(contact_id, version) NOT IN (SELECT contact_id FROM removed_contacts)
       AND client_id NOT IN (SELECT client_id FROM event WHERE type = 'clients.ClientErased.v1');

CREATE VIEW documents.clients AS
WITH details AS (
  SELECT client_id, arg_max_null(name, version) AS name, arg_max_null(country, version) AS country,
         arg_max_null(segment, version) AS segment
  FROM event WHERE type IN ('clients.ClientRegistered.v1', 'clients.ClientDetailsChanged.v1') GROUP BY client_id)
SELECT client_id AS id, any_value(details.name) AS name,
       arg_max(coalesce(to_status, status), version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientStatusChanged.v1')) AS status,
       arg_max_null(coalesce(to_temperature, temperature), version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientTemperatureChanged.v1')) AS temperature,
       arg_max_null(CASE WHEN type = 'clients.ClientAssigned.v1' THEN to_owner ELSE owner_id END, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientAssigned.v1')) AS owner_id,
       arg_max(discount, version)
         FILTER (type IN ('clients.ClientRegistered.v1', 'clients.ClientTermsChanged.v1')) AS discount,
       any_value(details.country) AS country, any_value(details.segment) AS segment,
       (SELECT m.contact_id FROM main_contacts AS m WHERE m.client_id = event.client_id) AS main_contact_id
FROM event LEFT JOIN details USING (client_id)
WHERE type IN ('clients.ClientRegistered.v1', 'clients.ClientStatusChanged.v1', 'clients.ClientTemperatureChanged.v1',
               'clients.ClientAssigned.v1', 'clients.ClientTermsChanged.v1')
GROUP BY client_id;

CREATE VIEW documents.contacts AS
SELECT contact_id AS id, arg_max(client_id, version) AS client_id, arg_max(name, version) AS name,
       arg_max_null(email, version) AS email,
       contact_id IN (SELECT contact_id FROM removed_contacts) AS removed,
       (SELECT c.owner_id FROM documents.clients AS c WHERE c.id = arg_max(event.client_id, version)) AS owner_id
FROM event WHERE type IN ('clients.ContactAdded.v1', 'clients.ContactChanged.v1') GROUP BY contact_id;

CREATE VIEW documents.notes AS
SELECT note_id AS id, any_value(client_id) AS client_id, arg_max(text, version) AS text,
       arg_max(coalesce(to_priority, priority), version) AS priority,
       coalesce(arg_max(type, version) FILTER (type IN ('clients.NoteRemoved.v1', 'clients.NoteRestored.v1')), '')
         = 'clients.NoteRemoved.v1' AS removed
FROM event WHERE type LIKE 'clients.Note%' GROUP BY note_id;

-- Who is mentioned in a note by somebody else: told when it was written in, by who wrote it in; read after that.
CREATE VIEW documents.mentions AS
WITH written AS (
  SELECT note_id, client_id, log_position, actor, list_transform(mentions, lambda m: m.employee_id) AS now,
         coalesce(lag(list_transform(mentions, lambda m: m.employee_id)) OVER note, []) AS before,
         row_number() OVER (PARTITION BY note_id ORDER BY version DESC) = 1 AS last
  FROM event WHERE type IN ('clients.NoteAdded.v1', 'clients.NoteEdited.v1')
  WINDOW note AS (PARTITION BY note_id ORDER BY version)),
added AS (
  SELECT note_id, employee_id, max(log_position) AS since, arg_max(actor, log_position) AS by
  FROM (SELECT note_id, log_position, actor, before, unnest(now) AS employee_id FROM written)
  WHERE NOT list_contains(before, employee_id) GROUP BY note_id, employee_id)
SELECT DISTINCT w.note_id || ':' || added.employee_id AS id, w.client_id, added.employee_id, added.by,
       (SELECT c.owner_id FROM documents.clients AS c WHERE c.id = w.client_id) AS owner_id,
       (SELECT n.removed FROM documents.notes AS n WHERE n.id = w.note_id) AS removed,
       coalesce((SELECT arg_max(e.type, e.log_position) = 'clients.MentionRead.v1' FROM event AS e
                 WHERE e.note_id = w.note_id AND e.employee_id = added.employee_id AND e.type LIKE 'clients.Mention%'
                       AND e.log_position > added.since), FALSE) AS read
FROM written AS w JOIN added ON added.note_id = w.note_id AND list_contains(w.now, added.employee_id)
WHERE w.last AND added.by <> added.employee_id
      AND w.client_id NOT IN (SELECT client_id FROM event WHERE type = 'clients.ClientErased.v1');

CREATE VIEW documents.leads AS
SELECT lead_id AS id,
       CASE arg_max(type, version) WHEN 'clients.LeadCaptured.v1' THEN 'new' WHEN 'clients.LeadTaken.v1' THEN 'in_work'
            ELSE 'closed' END AS status
FROM event WHERE type LIKE 'clients.Lead%' GROUP BY lead_id;

CREATE VIEW documents.deals AS
SELECT id, stage_id, client_id, owner_id, amount AS base_value FROM fact WHERE kind = 'deal';

CREATE VIEW documents.orders AS
SELECT id, stage_id AS status, client_id, owner_id, amount AS base_total FROM fact WHERE kind = 'order';

CREATE VIEW documents.payments AS
SELECT payment_id AS id, arg_max_null(client_id, version) AS client_id,
       arg_max(base_amount, version) FILTER (type <> 'pipeline.PaymentReversed.v1') AS base_amount,
       bool_or(type = 'pipeline.PaymentReversed.v1') AS reversed
FROM event WHERE type LIKE 'pipeline.Payment%' AND type <> 'pipeline.PaymentLeftClient.v1' GROUP BY payment_id;
