-- Two roles for a database of Demarche: one that migrates and loads, one that only reads.
--
-- Run it as a superuser, in the database itself, before the first migration or at any later time:
-- it may be run again, and takes over the tables that are there.
--
--     psql DATABASE -f deploy/roles.sql
--
-- Passwords come from LOADER_PASSWORD and API_PASSWORD in the environment. Without them the roles
-- have none, and log in only where pg_hba.conf lets them (peer, cert).
\set ON_ERROR_STOP on
\getenv loader_password LOADER_PASSWORD
\getenv api_password API_PASSWORD
BEGIN;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES ('demarche_loader'), ('demarche_api')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
-- Whoever made them, these roles are no more than what stands here.
ALTER ROLE demarche_loader NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE demarche_api NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
\if :{?loader_password}
ALTER ROLE demarche_loader PASSWORD :'loader_password';
\endif
\if :{?api_password}
ALTER ROLE demarche_api PASSWORD :'api_password';
\endif

-- Nobody comes in, or makes anything, by being somebody.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The loader owns the tables: it makes, changes and fills them. It may sort a load in a temporary one.
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO demarche_loader', current_database())
\gexec
GRANT USAGE, CREATE ON SCHEMA public TO demarche_loader;
-- A sequence that belongs to a column follows its table, and cannot be given away by itself.
SELECT format('ALTER TABLE %s OWNER TO demarche_loader', oid::regclass)
FROM pg_class
WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'p', 'v', 'm')
    AND relowner <> 'demarche_loader'::regrole
\gexec

-- The API reads: the tables that are there, and those that the loader makes later.
SELECT format('GRANT CONNECT ON DATABASE %I TO demarche_api', current_database())
\gexec
GRANT USAGE ON SCHEMA public TO demarche_api;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, demarche_api;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO demarche_api;
ALTER DEFAULT PRIVILEGES FOR ROLE demarche_loader IN SCHEMA public
    GRANT SELECT ON TABLES TO demarche_api;
-- A second bolt, which a session could draw back: the first is that there is nothing but SELECT.
ALTER ROLE demarche_api SET default_transaction_read_only = on;

COMMIT;
