-- The ledger: what was read, what follows from it, and how far the reading is, all in one file.

CREATE TABLE IF NOT EXISTS place (     -- how far each partition is read
  topic TEXT NOT NULL, lane INTEGER NOT NULL, log_id TEXT NOT NULL,
  position INTEGER NOT NULL,           -- of the last event that is booked
  next_offset INTEGER NOT NULL,        -- where to read on; behind a gap only when it is closed
  PRIMARY KEY (topic, lane)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS reference (event_id TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS stage (
  funnel_id TEXT NOT NULL, stage_id TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (funnel_id, stage_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS rules (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, body TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS document (  -- orders, deals, purchases, payments as they are
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, version INTEGER NOT NULL, client_id TEXT NOT NULL, currency TEXT NOT NULL,
  amount INTEGER NOT NULL, base_amount INTEGER NOT NULL, funnel_id TEXT NOT NULL, stage_id TEXT NOT NULL,
  from_deal INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_stage ON document (funnel_id, stage_id);

CREATE TABLE IF NOT EXISTS entry (     -- the journal: never changed, only added to
  number INTEGER PRIMARY KEY, event_id TEXT NOT NULL, time TEXT NOT NULL, document TEXT NOT NULL,
  account TEXT NOT NULL,               -- billed or paid
  client_id TEXT NOT NULL, currency TEXT NOT NULL,
  documents INTEGER NOT NULL,          -- +1: the document is on the account now, -1: not any more
  amount INTEGER NOT NULL, base_amount INTEGER NOT NULL,
  UNIQUE (event_id, document, account, client_id, currency)
);
CREATE INDEX IF NOT EXISTS entry_document ON entry (document);

CREATE VIEW IF NOT EXISTS total AS
SELECT client_id, currency, account, sum(documents) AS documents, sum(amount) AS amount, sum(base_amount) AS base_amount
FROM entry GROUP BY client_id, currency, account;
