CREATE EXTENSION IF NOT EXISTS vector; CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS ltree; CREATE EXTENSION IF NOT EXISTS cube; CREATE EXTENSION IF NOT EXISTS isn; CREATE EXTENSION IF NOT EXISTS seg;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'häppy');
CREATE TYPE pair AS (a int, b text, c timestamptz);
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE DOMAIN posint2 AS posint;
CREATE DOMAIN bdom AS bytea;
CREATE TYPE frange AS RANGE (subtype = float8);
CREATE TABLE t (t int, a text);  INSERT INTO t VALUES (1, NULL), (2, ''), (3, ' '), (NULL, NULL);
CREATE TABLE nocols (); INSERT INTO nocols DEFAULT VALUES; INSERT INTO nocols DEFAULT VALUES;
CREATE TABLE empty (a int);
CREATE TABLE alltypes AS SELECT 1 AS id,
 '\x00ff80'::bytea AS by, '\x'::bytea AS by0, '2024-02-29 23:59:59.999999+03'::timestamptz tz, 'infinity'::timestamptz tzi, '-infinity'::timestamp tsi,
 '4713-01-01 00:00:00.000001 BC'::timestamp tbc, 'infinity'::date di, '0044-03-15 BC'::date dbc, '1 year 2 mons -3 days 04:05:06.789001'::interval iv, '-1 mons +1 day -00:00:00.000001'::interval iv2,
 '23:59:60'::time tm, '12:00:00.123456+05:30'::timetz tmz,
 1.0::numeric n1, 1.00::numeric n2, 'NaN'::numeric nn, 'Infinity'::numeric ninf, '-Infinity'::numeric nninf, 1e-200::numeric nsmall, 1e300::numeric nbig, 12345678901234567890.123456789::numeric(40,10) nt,
 '-0'::float4 f40, '0.1'::float4 f41, 1.17549435e-38::float4 f4min, '1e-45'::float4 f4d, 'NaN'::float4 f4n, 'Infinity'::float8 f8i, '-0'::float8 f80, 0.1::float8 f81, 0.30000000000000004::float8 f83, 5e-324::float8 f8d, 1.7976931348623157e308::float8 f8m,
 ' {"b" : 1,  "a": [1.0, 1.00],"a":2}'::json j, '{"b":1,"a":[1.0,1.00, "\u00e4", null]}'::jsonb jb,
 '{1,NULL,3}'::int[] a1, '[0:2]={1,2,3}'::int[] a2, '{{a,"b,c"},{NULL,"NULL"}}'::text[] a3, '{}'::int[] a0, '{"{1,2}","\\x00"}'::text[] a4, ARRAY['\x00'::bytea] a5, ARRAY[row(1,'x',now())::pair] a6_, 
 ROW(1, 'it"s (,)\', '2000-01-01 00:00:00.000001+00')::pair c1, ROW(NULL, '', NULL)::pair c2, 5::posint2 d1, '\x01'::bdom d2, 'häppy'::mood e1,
 '[1,5)'::int4range r1, 'empty'::int4range r2, '(,)'::tstzrange r3, '[1.5,2.5]'::numrange r4, '[0.1,0.2]'::frange r5, '{[1,3),[5,7)}'::int4multirange mr1, '{}'::datemultirange mr2,
 B'10101' bit1, B''::varbit bit2, '10.0.0.1/8'::inet i1, '10.0.0.0/8'::cidr i2, '::1'::inet i3, '08:00:2b:01:02:03'::macaddr m1, '08:00:2b:01:02:03:04:05'::macaddr8 m2,
 '(0.1,-0)'::point g1, '{1,-1,0}'::line g2, '[(0,0),(1e-10,1e10)]'::lseg g3, '(1,1),(0,0)'::box g4, '((0,0),(1,1),(2,0))'::path g5, '[(0,0),(1,1),(2,0)]'::path g6, '((0,0),(1,1),(2,0.1))'::polygon g7, '<(0,0),0.3>'::circle g8,
 'a fat cat:3A sat:2B,4'::tsvector tv, 'fat & (rat | !cat:AB) <-> x'::tsquery tq, '<?xml version="1.0" encoding="UTF-8"?><a b="c"> x<!-- --></a>'::xml x1, '<a/>text'::xml x2,
 '12.34'::money mo, '-92233720368547758.08'::money mo2, 4294967295::oid o, 'pg_class'::regclass rc, 'mood'::regtype rt, 'pg_catalog.now'::regproc rp, 'pg_catalog.abs(int)'::regprocedure rpp, '+(int,int)'::regoperator ro, 'public'::regnamespace rn, 'postgres'::regrole rr, '"C"'::regcollation rcoll, 'english'::regconfig rcf, 'simple'::regdictionary rd,
 '16/B374D848'::pg_lsn l, 'x'::"char" ch, ''::"char" ch0, '\200'::"char" ch2, 'name "x"'::name nm, 'ab'::char(5) bp, 'ab  '::varchar(6) vc, '550e8400-e29b-41d4-a716-446655440000'::uuid u, true bo, '(0,1)'::tid ti, '123'::xid xi, '12345678901'::xid8 xi8, '3'::cid ci, '10:20:10,14,15'::pg_snapshot ps, '$.a[*] ? (@.b > 1.5 && @.c like_regex "^x" flag "i")'::jsonpath jp,
 '[1,0.1,-0,1e-30]'::vector v, '[1,0.1]'::halfvec hv, '{1:0.1,3:2}/5'::sparsevec sv, 'a=>1,bb=>NULL,c=>"x\"y"'::hstore h, 'CaseX'::citext cit, 'a.b.c'::ltree lt, 'a.*.c{1,2}'::lquery lq, '(1,2.5),(0.1,3)'::cube cu, '978-0-393-04002-9'::isbn isb, '1.5 .. 2.50'::seg sg, 12::smallint s, (-9223372036854775807)::bigint b, E'\t\n\\ "quoted" äöü 漢字 😀'::text txt, 'ABC' COLLATE "C" coll, '=r/postgres'::aclitem acl;
ALTER TABLE alltypes DROP COLUMN a6_;
INSERT INTO alltypes (id) SELECT generate_series(2, 100);
CREATE TABLE gen (a int, dropped int, b int GENERATED ALWAYS AS (a * 2) STORED, id int GENERATED ALWAYS AS IDENTITY); INSERT INTO gen(a) SELECT generate_series(1,50); ALTER TABLE gen DROP COLUMN dropped;
CREATE TABLE "Odd ""table""; --" ("Col ""x""" int, "select" text, "t" text, " " text); INSERT INTO "Odd ""table""; --" VALUES (1,'a','b','c');
CREATE TABLE parent (a int, z text); CREATE TABLE child (c int, b text) INHERITS (parent); INSERT INTO parent VALUES (1,'p'); INSERT INTO child VALUES (2,'c',3,'x');
CREATE TABLE child2 (c int, z text, a int); INSERT INTO child2 VALUES (3,'z',4); ALTER TABLE child2 INHERIT parent; ALTER TABLE parent ADD COLUMN later text DEFAULT 'x';
CREATE TABLE grand (q int) INHERITS (child, child2); INSERT INTO grand (a, z, c, b, q) VALUES (1,'x',2,'b',3);
CREATE TABLE parted (id int, day date, v text) PARTITION BY RANGE (day); CREATE TABLE parted_1 (v text, day date, id int); ALTER TABLE parted ATTACH PARTITION parted_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parted_d PARTITION OF parted DEFAULT; INSERT INTO parted SELECT n, date '2026-01-01' + n, n::text FROM generate_series(1,60) n;
CREATE TABLE oftype OF pair; INSERT INTO oftype VALUES (1,'x',now());
CREATE MATERIALIZED VIEW mv AS SELECT * FROM parted;
CREATE UNLOGGED TABLE ul (a int); INSERT INTO ul VALUES (1);
