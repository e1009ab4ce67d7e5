-- Lets KEDA on Kubernetes run infra/keda/backlog.sql and nothing else. Run by the Entra administrator, once the first worker or
-- dashboard has made the tables:
--   psql "host=HOST dbname=postgres user=ADMINISTRATOR sslmode=verify-full" -v scaler=NAME-platform -f scaler.sql
-- Running it again does no harm.

SELECT pgaadauth_create_principal(:'scaler', false, false) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'scaler');
GRANT CONNECT ON DATABASE hrnet TO :"scaler";

-- The tables are hrnet_owner's, and so are the rights on them.
GRANT hrnet_owner TO CURRENT_USER;
\connect hrnet
SET ROLE hrnet_owner;
GRANT USAGE ON SCHEMA hrnet TO :"scaler";
GRANT SELECT ON hrnet.jobs, hrnet.attempts, hrnet.schedules TO :"scaler";
