-- Tables of every kind, and a procedure that writes to them at random: for tests of following a server.
CREATE EXTENSION vector;
CREATE TYPE mood AS ENUM ('red', 'green', 'blue');
CREATE DOMAIN short_text AS varchar(20) CHECK (value <> 'never');
CREATE TABLE plain (id bigint PRIMARY KEY, v text, n numeric, b bytea, at timestamptz, a int[], m mood, d short_text, f float8);
CREATE TABLE hot (id int PRIMARY KEY, n int NOT NULL, filler char(100) DEFAULT '') WITH (fillfactor = 50);
ALTER TABLE hot CLUSTER ON hot_pkey;
CREATE TABLE toasted (id int PRIMARY KEY, big text, small int);
ALTER TABLE toasted ALTER big SET STORAGE EXTERNAL;
CREATE TABLE no_key (t text, n int);
CREATE TABLE "Two ""keys""" ("a 'key'" text, b int, v jsonb, PRIMARY KEY ("a 'key'", b));
CREATE TABLE swapped (id int PRIMARY KEY, place int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE parted (id bigint, day int, v text, PRIMARY KEY (id, day)) PARTITION BY LIST (day);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (extra int) INHERITS (parent);
CREATE UNIQUE INDEX ON child (id);
CREATE TABLE computed (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE dropped (id int PRIMARY KEY, gone int, v text);
ALTER TABLE dropped DROP gone;
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, v text);
CREATE TABLE emptied (id int PRIMARY KEY, v text);
CREATE TABLE vectors (id int PRIMARY KEY, e vector(8));
CREATE INDEX ON vectors USING hnsw (e vector_l2_ops);
CREATE TABLE watched (id int PRIMARY KEY, v text);
CREATE TABLE watch_log (id serial PRIMARY KEY, what text);
CREATE FUNCTION log_watched() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN INSERT INTO watch_log (what) VALUES (TG_OP); RETURN coalesce(NEW, OLD); END$$;
CREATE TRIGGER watched AFTER INSERT OR UPDATE OR DELETE ON watched FOR EACH ROW EXECUTE FUNCTION log_watched();
ALTER TABLE watched ENABLE ALWAYS TRIGGER watched;
CREATE TABLE guarded (id int PRIMARY KEY, owner text);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY nobody ON guarded USING (false);
CREATE TABLE refers (id int PRIMARY KEY, hot int REFERENCES hot ON DELETE CASCADE);
CREATE TABLE bare ();
CREATE TABLE steady AS SELECT 0 AS n;
-- Values that are equal and not the same, or not equal to themselves.
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN pairs AS pair[];
CREATE TABLE odd (id int PRIMARY KEY, f4 float4, f8 float8, n numeric, d date, ts timestamp, c pairs, r int4range, m int4multirange,
    bits varbit, i inet, x xml, j json, iv interval, p path);
ALTER TABLE odd REPLICA IDENTITY NOTHING;
CREATE TABLE odd_no_key (f8 float8, n numeric, c pair) WITH (autovacuum_enabled = off);
CREATE TABLE by_float (f float8 PRIMARY KEY, v text);
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION another_handler(internal) RETURNS table_am_handler LANGUAGE internal AS 'heap_tableam_handler';
CREATE ACCESS METHOD another TYPE TABLE HANDLER another_handler;
CREATE TABLE by_heap2 (id int PRIMARY KEY, v text) USING heap2;
CREATE TABLE by_another (id int PRIMARY KEY, v text) USING another;
CREATE TABLE again (id int PRIMARY KEY, v text);
CREATE SEQUENCE counter;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS rows FROM emptied;

INSERT INTO plain SELECT n, repeat('x', n % 50), n / 3.0, decode(md5(n::text), 'hex'), '2026-01-01'::timestamptz + n * interval '1 min', ARRAY[n, NULL],
    (ARRAY['red', 'green', 'blue'])[n % 3 + 1]::mood, 'd' || n, n / 7.0 FROM generate_series(1, 5000) n;
INSERT INTO hot SELECT n, 0 FROM generate_series(1, 2000) n;
INSERT INTO toasted SELECT n, repeat(md5(n::text), 200), 0 FROM generate_series(1, 100) n;
INSERT INTO no_key SELECT 'line ' || n % 20, n % 3 FROM generate_series(1, 500) n;
INSERT INTO "Two ""keys""" SELECT chr(39) || n || E'\t', n, jsonb_build_object('n', n) FROM generate_series(1, 500) n;
INSERT INTO swapped SELECT n, n FROM generate_series(1, 100) n;
INSERT INTO parted SELECT n, n % 4, 'p' FROM generate_series(1, 1000) n;
INSERT INTO parent SELECT n, 'p' FROM generate_series(1, 200) n;
INSERT INTO child SELECT n, 'c', n FROM generate_series(201, 400) n;
INSERT INTO computed (a) SELECT n FROM generate_series(1, 300) n;
INSERT INTO dropped SELECT n, 'd' FROM generate_series(1, 300) n;
INSERT INTO unlogged SELECT n, 'u' FROM generate_series(1, 100) n;
INSERT INTO emptied SELECT n, 'e' FROM generate_series(1, 100) n;
INSERT INTO vectors SELECT n, ARRAY[n, 1, 2, 3, 4, 5, 6, n / 3.0]::vector FROM generate_series(1, 200) n;
INSERT INTO watched SELECT n, 'w' FROM generate_series(1, 100) n;
INSERT INTO guarded SELECT n, 'g' FROM generate_series(1, 100) n;
INSERT INTO refers SELECT n, n FROM generate_series(1, 200) n;
SELECT lo_from_bytea(n, repeat('lo', 3000)::bytea) FROM generate_series(70001, 70005) n \g /dev/null
INSERT INTO by_heap2 SELECT n, 'h' FROM generate_series(1, 200) n;
INSERT INTO by_another SELECT n, 'a' FROM generate_series(1, 200) n;
INSERT INTO again SELECT n, 'a' FROM generate_series(1, 50) n;
REFRESH MATERIALIZED VIEW totals;

CREATE FUNCTION any_of(int) RETURNS int LANGUAGE sql AS 'SELECT 1 + floor(random() * $1)::int';

CREATE FUNCTION odd_float() RETURNS float8 LANGUAGE sql AS
    $$SELECT (ARRAY['NaN', '-0', '0', 'Infinity', '-Infinity', '1e-308', '0.1'])[any_of(7)]::float8$$;

-- One change of any kind. Rows of different writers meet: what fails is taken back to its savepoint.
CREATE FUNCTION write_once(writer int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind int := any_of(30);
    k int := any_of(6000);
BEGIN
    IF kind = 1 THEN INSERT INTO plain VALUES (k + 5000, md5(k::text), k, '\x00ff', now(), '{1}', 'blue', 'new', 0.1);
    ELSIF kind = 2 THEN UPDATE plain SET v = md5(random()::text), f = random() WHERE id BETWEEN k AND k + 3;
    ELSIF kind = 3 THEN DELETE FROM plain WHERE id = k;
    ELSIF kind = 4 THEN UPDATE plain SET id = id + 20000 WHERE id = k;
    ELSIF kind <= 7 THEN UPDATE hot SET n = n + 1 WHERE id = 1 + k % 2000;
    ELSIF kind = 8 THEN UPDATE toasted SET big = repeat(md5(random()::text), 150 + k % 300) WHERE id = 1 + k % 100;
    ELSIF kind = 9 THEN UPDATE toasted SET small = small + 1 WHERE id = 1 + k % 100;
    ELSIF kind = 10 THEN INSERT INTO no_key SELECT 'line ' || k % 20, k % 3 FROM generate_series(1, 3);
    ELSIF kind = 11 THEN DELETE FROM no_key WHERE ctid IN (SELECT ctid FROM no_key LIMIT 2 FOR UPDATE SKIP LOCKED);
    ELSIF kind = 12 THEN UPDATE "Two ""keys""" SET v = jsonb_build_object('n', random()), b = b + 1 WHERE b = k % 500;
    ELSIF kind = 13 THEN UPDATE swapped a SET place = b.place FROM swapped b
        WHERE pg_try_advisory_xact_lock(1) AND (a.id, b.id) IN ((1 + k % 50, 51 + k % 49), (51 + k % 49, 1 + k % 50));
    ELSIF kind <= 15 THEN UPDATE parted SET day = any_of(5) - 1, v = 'moved' WHERE id = 1 + k % 1000;
    ELSIF kind = 16 THEN INSERT INTO child VALUES (k + 1000, 'c', writer); DELETE FROM ONLY parent WHERE id = 1 + k % 200;
    ELSIF kind = 17 THEN INSERT INTO computed (a) VALUES (k); UPDATE computed SET a = -a WHERE id = 1 + k % 300;
    ELSIF kind = 18 THEN UPDATE dropped SET v = md5(random()::text) WHERE id = 1 + k % 300;
    ELSIF kind = 19 THEN UPDATE unlogged SET v = md5(random()::text) WHERE id = 1 + k % 100;
    ELSIF kind = 20 THEN INSERT INTO emptied VALUES (k, 'n') ON CONFLICT (id) DO UPDATE SET v = emptied.v || 'x';
    ELSIF kind = 21 THEN UPDATE vectors SET e = ARRAY[k, 1, 2, 3, 4, 5, 6, random()]::vector WHERE id = 1 + k % 200;
    ELSIF kind = 22 THEN UPDATE watched SET v = md5(random()::text) WHERE id = 1 + k % 100; INSERT INTO watched VALUES (k + 1000, 'n');
    ELSIF kind = 23 THEN UPDATE guarded SET owner = md5(random()::text) WHERE id = 1 + k % 100; INSERT INTO bare DEFAULT VALUES;
    ELSIF kind = 24 THEN DELETE FROM hot WHERE id = 1 + k % 2000; INSERT INTO hot VALUES (k + 2000, 1); INSERT INTO refers VALUES (k, k + 2000);
    ELSIF kind = 25 THEN PERFORM nextval('counter'), lo_put(70000 + 1 + k % 5, k, '\xabcd');
    ELSIF kind = 26 THEN
        INSERT INTO odd VALUES (k, odd_float(), odd_float(), (ARRAY['NaN', '0', '0.00', '1e-20'])[any_of(4)]::numeric,
            (ARRAY['infinity', '-infinity', '4713-01-01 BC'])[any_of(3)]::date, 'infinity', ARRAY[(k, NULL), (NULL, 'x')]::pair[],
            int4range(k, NULL), int4multirange(int4range(1, 2), int4range(k, k + 9)), k::bit(17), '10.0.0.1/8', '<a> <b/></a>',
            '{"a": 1,  "a": 2}', interval '1 mon -30 days', '[(0,0),(1,-0)]')
            ON CONFLICT (id) DO UPDATE SET f4 = odd_float(), f8 = odd_float(), n = excluded.n, c = odd.c || excluded.c, iv = interval '30 days';
    ELSIF kind = 27 THEN
        INSERT INTO odd_no_key VALUES (odd_float(), odd_float(), (k % 3, NULL)), (NULL, NULL, NULL);
        DELETE FROM odd_no_key WHERE ctid IN (SELECT ctid FROM odd_no_key LIMIT 1 FOR UPDATE SKIP LOCKED);
    ELSIF kind = 28 THEN INSERT INTO by_float VALUES (odd_float(), writer) ON CONFLICT (f) DO UPDATE SET v = by_float.v || 'x'; UPDATE by_float SET f = -f WHERE f = 0;
    ELSIF kind = 29 THEN UPDATE by_heap2 SET v = md5(random()::text) WHERE id = 1 + k % 200; UPDATE by_another SET v = md5(random()::text) WHERE id = 1 + k % 200;
    ELSE CREATE TEMP TABLE IF NOT EXISTS mine (n int); INSERT INTO mine VALUES (k); SELECT id FROM plain WHERE id = k INTO k FOR UPDATE;
    END IF;
END$$;

-- Transactions of a few changes: some in savepoints that are taken back, some that stay open a while, some rolled back
-- as a whole, some committed without waiting for the disk.
CREATE PROCEDURE write_at_random(writer int, seed float8, transactions int) LANGUAGE plpgsql AS $$
DECLARE
    i int;
BEGIN
    PERFORM setseed(seed);
    FOR i IN 1..transactions LOOP
        PERFORM set_config('synchronous_commit', CASE WHEN random() < 0.3 THEN 'off' ELSE 'on' END, true);
        FOR j IN 1..any_of(8) LOOP
            BEGIN
                PERFORM write_once(writer);
                IF random() < 0.15 THEN RAISE EXCEPTION 'taken back'; END IF;
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
            IF random() < 0.05 THEN PERFORM pg_sleep(random() * 0.3); END IF;
        END LOOP;
        IF random() < 0.15 THEN ROLLBACK; ELSE COMMIT; END IF;
    END LOOP;
END$$;
