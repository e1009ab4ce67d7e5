-- Makes the ledger's database and the roles of worker and dashboard in a new server. Run once, by the Entra administrator, with psql (docs/azure.md):
--   psql "host=HOST dbname=postgres user=ADMINISTRATOR sslmode=verify-full" -v worker=NAME-worker -v dashboard=NAME-dashboard -f roles.sql
-- Running it again does no harm.

-- Entra ID's principals are made in this database, and nowhere else. Neither administers anything.
SELECT pgaadauth_create_principal(:'worker', false, false) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'worker');
SELECT pgaadauth_create_principal(:'dashboard', false, false) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'dashboard');

-- Whoever starts first makes the tables; both work as this role, so what one makes is the other's too. Nobody signs in as it.
SELECT 'CREATE ROLE hrnet_owner NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'hrnet_owner') \gexec
GRANT hrnet_owner TO :"worker", :"dashboard";

-- The ledger's database is open to nobody else. hrnet_owner makes the schemas hrnet and hangfire in it.
SELECT 'CREATE DATABASE hrnet' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'hrnet') \gexec
REVOKE ALL ON DATABASE hrnet FROM PUBLIC;
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE hrnet TO hrnet_owner;
