-- Exact arithmetic and the text of DEFINITIONS: whole numbers in, no float anywhere.

-- n / d (d never negative) rounded half away from zero to a whole number; unknown when d is 0. `//` cuts towards zero.
CREATE MACRO rounded(n, d) AS (2 * n::HUGEINT + sign(n)::HUGEINT * d::HUGEINT) // nullif(2 * d::HUGEINT, 0);

-- A whole number of 10^-places as decimal text, exact; unknown when the number is.
CREATE MACRO fixed(n, places) AS
  CASE places WHEN 2 THEN (n::DECIMAL(30, 0) * 0.01::DECIMAL(2, 2))::VARCHAR
              WHEN 3 THEN (n::DECIMAL(30, 0) * 0.001::DECIMAL(3, 3))::VARCHAR
              WHEN 4 THEN (n::DECIMAL(30, 0) * 0.0001::DECIMAL(4, 4))::VARCHAR
              WHEN 6 THEN (n::DECIMAL(30, 0) * 0.000001::DECIMAL(6, 6))::VARCHAR
              ELSE n::DECIMAL(30, 0)::VARCHAR END;

CREATE MACRO money(minor) AS fixed(minor, getvariable('exponent'));
CREATE MACRO average_check(minor, n) AS money(coalesce(rounded(minor, n), 0));
CREATE MACRO ratio(n, d) AS fixed(rounded(n::HUGEINT * 1000000, d), 6);
CREATE MACRO days(n, d) AS fixed(rounded(n::HUGEINT * 10000, d), 4);
CREATE MACRO seconds(millis, d) AS fixed(rounded(millis, d), 3);
CREATE MACRO moment(millis) AS
  CASE WHEN millis IS NULL THEN ''
       ELSE strftime(epoch_ms(millis::BIGINT), '%Y-%m-%dT%H:%M:%S')
            || CASE WHEN millis % 1000 = 0 THEN '' ELSE strftime(epoch_ms(millis::BIGINT), '.%g') END || 'Z' END;
-- Days and months are those of the workspace's zone (P14).
CREATE MACRO local(millis) AS (epoch_ms(millis::BIGINT) AT TIME ZONE 'UTC') AT TIME ZONE getvariable('zone');
CREATE MACRO month_of(millis) AS strftime(local(millis), '%Y-%m');
CREATE MACRO month_number(millis) AS year(local(millis)) * 12 + month(local(millis));

-- Twice the median of whole numbers: the two middle ones added (of an odd count: the middle one twice).
CREATE MACRO twice_median(x) AS quantile_disc(x, 0.5) - quantile_disc(-x, 0.5);

CREATE MACRO kind_shown(kind) AS CASE kind WHEN 'bought' THEN 'won' WHEN 'refused' THEN 'lost' ELSE kind END;
CREATE MACRO shown(external_id, id) AS coalesce(nullif(external_id, ''), id, '');

-- Number of decimals of a currency; `exponents` is set when the events are loaded.
CREATE MACRO exponent_of(currency) AS coalesce(getvariable('exponents')[currency], 2);

CREATE SCHEMA files;
CREATE SCHEMA summary;
CREATE SCHEMA named;
CREATE SCHEMA documents;
CREATE SCHEMA counters;
CREATE SCHEMA inside;
