-- The demo stack's data: the same rows for the same settings, every time.
-- psql variables: orders, customers, vectors (numbers of rows in limor_prod; limor_dev has a tenth).
\set ON_ERROR_STOP on
SET client_min_messages = warning;

-- ---- roles: passwords are set for each stack when it comes up ----
CREATE ROLE limor_owner NOLOGIN;
CREATE ROLE limor_readwrite NOLOGIN;
CREATE ROLE limor_readonly NOLOGIN;
CREATE ROLE limor_app LOGIN CONNECTION LIMIT 50;
CREATE ROLE "limor reporting" LOGIN VALID UNTIL '2099-12-31';
GRANT limor_readwrite TO limor_app;
GRANT limor_readonly TO limor_readwrite;
GRANT limor_readonly TO "limor reporting";
ALTER ROLE limor_app SET statement_timeout = '30s';
ALTER ROLE "limor reporting" SET default_transaction_read_only = on;
COMMENT ON ROLE limor_app IS 'the web shop''s application';

CREATE DATABASE limor_prod OWNER limor_owner;
CREATE DATABASE limor_dev OWNER limor_owner;
COMMENT ON DATABASE limor_prod IS 'LimorAI, production';
COMMENT ON DATABASE limor_dev IS 'LimorAI, development';
ALTER DATABASE limor_prod SET work_mem = '8MB';
ALTER ROLE limor_app IN DATABASE limor_prod SET lock_timeout = '5s';

\connect limor_prod
\ir seed-database.sql

SELECT (:orders / 10)::int AS orders, (:customers / 10)::int AS customers, (:vectors / 10)::int AS vectors \gset
\connect limor_dev
\ir seed-database.sql

CHECKPOINT;
