"""A database on PostgreSQL as it was before a test: emptied, which is far quicker than truncating or copying one.

Truncating writes every table and index anew, and a copy is some thousand files; most tests fill a few tables with a few
rows. A database whose tables, rules or rights a test has changed is not taken again.
"""

EMPTYING = """
DO $$
DECLARE
  each record;
BEGIN
  SET LOCAL session_replication_role = replica;  -- no order of tables, no triggers of foreign keys
  FOR each IN
    SELECT oid::regclass AS name, pg_relation_size(oid) > 4000000 AS large FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  LOOP
    IF each.large THEN
      EXECUTE format('TRUNCATE %s CASCADE', each.name);
    ELSE
      EXECUTE format('DELETE FROM %s', each.name);
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
  FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
"""Deletes all rows and lets the sequences start anew. For a superuser."""

SENDING_AWAY = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
"""Ends what a test has left connected."""

FORM = """
SELECT concat_ws('/',
  (SELECT md5(string_agg(concat_ws(' ', oid, relname, relkind, relnatts, relrowsecurity, relforcerowsecurity, relacl,
    reloptions), ',' ORDER BY oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
  (SELECT md5(string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, attisdropped, attacl), ','
    ORDER BY attrelid, attnum)) FROM pg_attribute WHERE attrelid >= 16384),
  (SELECT md5(string_agg(p::text, ',' ORDER BY oid)) FROM pg_policy AS p),
  (SELECT md5(string_agg(concat_ws(' ', oid, tgenabled), ',' ORDER BY oid)) FROM pg_trigger AS t),
  (SELECT md5(string_agg(oid::text, ',' ORDER BY oid)) FROM pg_constraint AS c),
  (SELECT md5(string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid)) FROM pg_proc WHERE oid >= 16384),
  (SELECT md5(string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid)) FROM pg_attrdef AS d),
  (SELECT md5(string_agg(concat_ws(' ', oid, nspacl), ',' ORDER BY oid)) FROM pg_namespace
    WHERE nspname !~ '^pg_(temp|toast_temp)'),
  (SELECT count(*) FROM pg_db_role_setting))
"""
"""Tells the tables, rules and rights of the database: other words if a test has changed any of them."""
