-- Two roles for a database of Demarche: one that migrates and loads, and a read-only one.
--
-- Run it as a superuser, in the database itself, before the first migration or at any later time:
-- it is idempotent, and takes over existing tables.
--
--     psql DATABASE -f deploy/roles.sql
--
-- The passwords are read from LOADER_PASSWORD and API_PASSWORD in the environment. Without them the
-- roles have none, and can log in only by other methods of pg_hba.conf (peer, cert).
\set ON_ERROR_STOP on
\getenv loader_password LOADER_PASSWORD
\getenv api_password API_PASSWORD
BEGIN;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES ('demarche_loader'), ('demarche_api')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
-- Reset the attributes of roles that existed before.
ALTER ROLE demarche_loader NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE demarche_api NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
\if :{?loader_password}
ALTER ROLE demarche_loader PASSWORD :'loader_password';
\endif
\if :{?api_password}
ALTER ROLE demarche_api PASSWORD :'api_password';
\endif

-- Revoke what every role has by default: connecting, and creating objects.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The loader owns the tables: it creates, alters and fills them. It stages a load in temporary tables.
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO demarche_loader', current_database())
\gexec
GRANT USAGE, CREATE ON SCHEMA public TO demarche_loader;
-- A sequence owned by a column changes its owner with its table, and cannot on its own.
SELECT format('ALTER TABLE %s OWNER TO demarche_loader', oid::regclass)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p', 'v', 'm')
    AND relowner <> 'demarche_loader'::regrole
\gexec
-- Not those of an extension, which stay with it.
SELECT format('ALTER ROUTINE %s OWNER TO demarche_loader', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
    AND proowner <> 'demarche_loader'::regrole
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
\gexec

-- The API reads existing tables, and those that the loader creates later.
SELECT format('GRANT CONNECT ON DATABASE %I TO demarche_api', current_database())
\gexec
GRANT USAGE ON SCHEMA public TO demarche_api;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, demarche_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO demarche_api;
ALTER DEFAULT PRIVILEGES FOR ROLE demarche_loader IN SCHEMA public
    GRANT SELECT ON TABLES TO demarche_api;
-- Defence in depth: a session could turn this off, but it still has only SELECT.
ALTER ROLE demarche_api SET default_transaction_read_only = on;

COMMIT;
