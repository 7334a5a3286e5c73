-- What the program's account may do in the database: read and write rows, and nothing to tables. docs/operating.md says how both
-- accounts are made. Run as the owner, once the tables are there and again after every migration:
--   psql "$OWNER" -v ON_ERROR_STOP=1 -f deploy/database-accounts.sql
BEGIN;

-- Nobody but the owner makes anything here, temporary tables included.
DO $$ BEGIN
  EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC, frontdesk', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO frontdesk', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC, frontdesk;
GRANT USAGE ON SCHEMA public TO frontdesk;

-- Anew each time, so that what was granted by hand or by an older version of this file is gone.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, frontdesk;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, frontdesk;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO frontdesk;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO frontdesk;

-- Which schema it is, is for the owner to change.
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM frontdesk;

-- What was written stays as it was written: steps, the proofs that somebody was erased, the texts that people agreed to.
REVOKE UPDATE, DELETE ON history, erasure, consent_text FROM frontdesk;
-- Erasing blanks the reason of a step. To anything but NULL a trigger lets nobody set it (docs/decisions/0012-erasing-blanks.md).
GRANT UPDATE (reason) ON history TO frontdesk;
-- The personal values of steps go when their time is over, or with the person; they are never others.
REVOKE UPDATE ON history_personal FROM frontdesk;

-- Tables of the next version can be used between its `flask migrate` and this file.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO frontdesk;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO frontdesk;

COMMIT;
