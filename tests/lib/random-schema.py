#!/usr/bin/env python3
"""random-schema.py: prints SQL for random schemas: types, tables, constraints, partitions, inheritance, generated
columns, indexes, views, and data with NULLs and odd text. The same seed prints the same."""
import argparse
import random

ODD_TEXTS = ["", " ", "NULL", "\\N", "\\.", "'", '"', '""', "a,b", "(a)", "{a}", "\\", "\t", "\n", "\r\n", "--", "/*", "$$",
             "%s", "ä", "a\u0308", "漢字", "😀", "\u202e", "ß", "İ", "\x01", "\x7f", "0", "1e5", "x" * 300, "{\"a\": 1}"]
NAMES = ["id", "select", "Mixed Case", "with\"quote", "ünïcode", "t", "a.b", "$1", "user", "order", "x'y", "%", "tab\\n",
         "value", "name", "count", "xmin_", "oid_", "ctid_", "row", "array", "null", "json", "verylong" * 6]


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Schema:
    def __init__(self, random_source, number):
        self.random = random_source
        self.number = number
        self.name = f"s{number} " + self.random.choice(NAMES)
        self.statements = [f"CREATE SCHEMA {quote(self.name)}", f"SET search_path = {quote(self.name)}, public"]
        self.tables = []

    def add(self, statement):
        self.statements.append(statement)

    # ---- values ----

    def text(self):
        if self.random.random() < 0.5:
            return self.random.choice(ODD_TEXTS)
        return "".join(self.random.choice(ODD_TEXTS) for _ in range(self.random.randint(1, 4)))

    def number_text(self):
        whole = self.random.randint(-10 ** self.random.randint(1, 25), 10 ** self.random.randint(1, 25))
        return f"{whole}" + (f".{self.random.randint(0, 10 ** 9):0{self.random.randint(9, 12)}d}"
                             if self.random.random() < 0.7 else "")

    def float_text(self):
        return self.random.choice(["-0", "0", "NaN", "Infinity", "-Infinity", "5e-324", "0.1", "1e22",
                                   repr(self.random.uniform(-1e6, 1e6)), repr(self.random.random() * 10.0 ** self.random.randint(-30, 30))])

    def real_text(self):
        return self.random.choice(["-0", "0", "NaN", "Infinity", "0.1", "1e-40", f"{self.random.uniform(-1e3, 1e3):.9g}"])

    def time_text(self):
        return self.random.choice(["infinity", "-infinity", "4713-01-01 00:00:00 BC", "1999-12-31 23:59:60",
                                   f"{self.random.randint(1, 9999):04d}-{self.random.randint(1, 12):02d}-{self.random.randint(1, 28):02d} "
                                   f"{self.random.randint(0, 23):02d}:{self.random.randint(0, 59):02d}:{self.random.randint(0, 59):02d}."
                                   f"{self.random.randint(0, 999999):06d}"])

    def json_text(self):
        pieces = ["null", "true", "1.0", "1.00", "-0", "1e400", '""', '"ä\\u00e9"', "[]", "{}", '[1, 2,3]', '{"a":1, "a" :2}',
                  '{"b": {"c": [null, 1.5]}}']
        return self.random.choice(pieces)

    def octets(self):
        return "\\x" + "".join(f"{self.random.randint(0, 255):02x}" for _ in range(self.random.randint(0, 20)))

    def array(self, element, typed):
        count = self.random.randint(0, 4)
        items = ", ".join("NULL" if self.random.random() < 0.2 else literal(element()) for _ in range(count))
        return f"ARRAY[{items}]::{typed}[]"

    def bounded_array(self):
        low, count = self.random.randint(-3, 3), self.random.randint(1, 4)
        items = ",".join(self.random.choice(["NULL", str(self.random.randint(-9, 9))]) for _ in range(count))
        return f"'[{low}:{low + count - 1}]={{{items}}}'::integer[]"

    def range_text(self):
        low, width = self.random.randint(-100, 100), self.random.randint(0, 50)
        return self.random.choice(["empty", f"[{low},{low + width}]", f"({low},)", "(,)", f"[{low},{low + width + 1})"])

    def kinds(self):
        """Type, expression of a random value, and whether it may be compared (keys, ordinary indexes)."""
        r = self.random
        plain = lambda make, typed: (lambda: literal(make()) + "::" + typed)
        return [
            ("integer", lambda: str(r.randint(-2 ** 31, 2 ** 31 - 1)), True),
            ("bigint", lambda: f"({r.randint(-2 ** 63 + 1, 2 ** 63 - 1)})::bigint", True),
            ("smallint", lambda: f"({r.randint(-32768, 32767)})::smallint", True),
            ("text", plain(self.text, "text"), True),
            ("varchar(400)", lambda: literal(self.text()[:400]) + "::varchar(400)", True),
            ("char(7)", lambda: literal(r.choice(ODD_TEXTS)[:7]) + "::char(7)", True),
            ("text COLLATE \"C\"", plain(self.text, "text"), True),
            ("boolean", lambda: r.choice(["true", "false"]), True),
            ("numeric", lambda: r.choice(["'NaN'::numeric", "'Infinity'::numeric", self.number_text() + "::numeric", "1.0", "1.00"]), True),
            ("numeric(20,6)", lambda: f"{r.randint(-10 ** 9, 10 ** 9)}.{r.randint(0, 999999):06d}::numeric(20,6)", True),
            ("double precision", plain(self.float_text, "float8"), True),
            ("real", plain(self.real_text, "float4"), True),
            ("timestamptz", plain(self.time_text, "timestamptz"), True),
            ("timestamp", plain(self.time_text, "timestamp"), True),
            ("date", lambda: f"date '1900-01-01' + {r.randint(-100000, 100000)}", True),
            ("time", lambda: f"time '{r.randint(0, 23):02d}:00:00.{r.randint(0, 999999):06d}'", True),
            ("timetz", lambda: f"timetz '12:00:00.{r.randint(0, 999999):06d}{r.choice(['+00', '-03:30', '+14'])}'", True),
            ("interval", lambda: f"make_interval({r.randint(-9, 9)}, {r.randint(-30, 30)}, 0, {r.randint(-99, 99)}, 0, 0, {r.randint(-10 ** 9, 10 ** 9)} / 1000000.0::float8)", True),
            ("bytea", plain(self.octets, "bytea"), True),
            ("json", plain(self.json_text, "json"), False),
            ("jsonb", plain(self.json_text, "jsonb"), True),
            ("uuid", lambda: f"md5('{r.random()}')::uuid", True),
            ("integer[]", lambda: self.array(lambda: str(r.randint(-9, 9)), "integer"), True),
            ("integer[]", self.bounded_array, True),
            ("text[]", lambda: self.array(self.text, "text"), True),
            ("float8[]", lambda: self.array(self.float_text, "float8"), True),
            ("int4range", plain(self.range_text, "int4range"), True),
            ("numrange", plain(self.range_text, "numrange"), True),
            ("int4multirange", lambda: f"int4multirange({literal(self.range_text())}::int4range)", True),
            ("inet", lambda: f"'{r.randint(1, 255)}.0.{r.randint(0, 255)}.1/{r.randint(0, 32)}'::inet", True),
            ("macaddr", lambda: f"'08:00:2b:01:02:{r.randint(0, 255):02x}'::macaddr", True),
            ("varbit", lambda: "B'" + "".join(r.choice("01") for _ in range(r.randint(0, 30))) + "'::varbit", True),
            ("point", lambda: f"point({literal(r.choice(['-0', '0.1', '1e-300']))}::float8, {r.random()!r})", False),
            ("box", lambda: f"box(point({r.random()!r}, 0), point(0, {r.random()!r}))", False),
            ("path", lambda: f"'(({r.random()!r},0),(1,{r.random()!r}))'::path", False),
            ("tsvector", lambda: f"to_tsvector('simple', {literal(self.text())})", True),
            ("tsquery", lambda: "'a & (b | !c:AB) <-> d'::tsquery", True),
            ("xml", lambda: r.choice(["'<a/>'::xml", "'<a b=\"c\"> x</a>'::xml", "'text'::xml"]), False),
            ("money", lambda: f"({r.randint(-10 ** 6, 10 ** 6)} / 100.0)::numeric::money", True),
            ("pg_lsn", lambda: f"'{r.randint(0, 255):X}/{r.randint(0, 2 ** 31):X}'::pg_lsn", True),
            ("oid", lambda: f"{r.randint(0, 2 ** 32 - 1)}::oid", True),
            ("regtype", lambda: r.choice(["'integer'::regtype", "'public.mood'::regtype"]), False),
            ("\"char\"", lambda: r.choice(["'x'::\"char\"", "''::\"char\"", "'\\377'::\"char\""]), True),
            ("name", lambda: "'a name'::name", True),
            ("vector(3)", lambda: f"'[{r.random()!r},-0,{r.random() * 1e-30!r}]'::vector", False),
            ("halfvec(2)", lambda: f"'[{r.random()!r},1]'::halfvec", False),
            ("sparsevec(9)", lambda: f"'{{{r.randint(1, 9)}:{r.random() + 0.1!r}}}/9'::sparsevec", False),
            ("hstore", lambda: f"hstore({literal(self.text() or 'k')}, {r.choice(['NULL', literal(self.text())])})", False),
            ("citext", plain(self.text, "citext"), True),
            ("ltree", lambda: f"'a.b{r.randint(0, 99)}'::ltree", True),
            ("public.mood", lambda: r.choice(["'sad'", "'it''s ok'", "'häppy'"]) + "::public.mood", True),
            ("public.pair", lambda: f"ROW({r.randint(0, 9)}, {literal(self.text())}, NULL)::public.pair", False),
            ("public.positive", lambda: f"{r.randint(1, 99)}::public.positive", True),
        ]

    # ---- objects ----

    def columns(self, least=1):
        names = self.random.sample(NAMES, self.random.randint(least, 10))
        return [(name, *self.random.choice(self.kinds())) for name in names]

    def definition(self, column):
        name, typed = column[0], column[1]
        extra = self.random.choices(["", " NOT NULL", f" DEFAULT {column[2]()}"], [8, 1, 1])[0]
        return f"{quote(name)} {typed}{extra}"

    def rows(self, table, columns, most=40):
        if not columns:
            return
        lines = []
        for _ in range(self.random.randint(0, most)):
            values = ["NULL" if self.random.random() < 0.15 and not column[4] else column[2]() for column in columns]
            lines.append("(" + ", ".join(values) + ")")
        if lines:
            names = ", ".join(quote(column[0]) for column in columns)
            self.add(f"INSERT INTO {quote(table)} ({names}) VALUES\n  " + ",\n  ".join(lines))

    def with_flags(self, columns, definitions):
        return [(*column, "NOT NULL" in line) for column, line in zip(columns, definitions)]

    def ordinary(self, table):
        columns = self.columns()
        definitions = [self.definition(column) for column in columns]
        extra = []
        style = self.random.random()
        if style < 0.3:
            extra.append("key_ bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        elif style < 0.5:
            extra.append("key_ serial UNIQUE")
        if self.random.random() < 0.3:
            extra.append(f"made_ boolean GENERATED ALWAYS AS ({quote(columns[0][0])} IS NULL) STORED")
        if self.random.random() < 0.2:
            extra.append("CHECK (true)")
        gone = self.random.random() < 0.3
        if gone:
            definitions.insert(self.random.randint(0, len(definitions)), "gone_ integer DEFAULT 7")
        kind = "UNLOGGED TABLE" if self.random.random() < 0.1 else "TABLE"
        self.add(f"CREATE {kind} {quote(table)} ({', '.join(definitions + extra)})")
        if gone:
            definitions = [line for line in definitions if not line.startswith("gone_")]
        columns = self.with_flags(columns, definitions)
        self.rows(table, columns)
        if gone:
            self.add(f"ALTER TABLE {quote(table)} DROP COLUMN gone_")
        self.indexes(table, columns)
        if self.random.random() < 0.3:
            self.add(f"ALTER TABLE {quote(table)} ADD COLUMN later_ text DEFAULT {literal(self.text())}")
        if self.random.random() < 0.2:
            self.add(f"ALTER TABLE {quote(table)} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        self.tables.append(table)

    def indexes(self, table, columns):
        for column in columns:
            if column[3] and self.random.random() < 0.2:
                self.add(f"CREATE INDEX ON {quote(table)} ({quote(column[0])})")

    def partitioned(self, table):
        columns = [column for column in self.columns() if column[0] != "id"]
        definitions = ["id integer NOT NULL"] + [self.definition(column) for column in columns]
        by = self.random.choice(["RANGE", "LIST", "HASH"])
        self.add(f"CREATE TABLE {quote(table)} ({', '.join(definitions)}) PARTITION BY {by} (id)")
        bounds = {"RANGE": ["FROM (MINVALUE) TO (10)", "FROM (10) TO (20)", None],
                  "LIST": ["IN (1, 2, 3)", "IN (4, 5)", None],
                  "HASH": [f"WITH (MODULUS 3, REMAINDER {n})" for n in range(3)]}[by]
        for number, bound in enumerate(bounds):
            part, clause = f"{table} part {number}", f"FOR VALUES {bound}" if bound else "DEFAULT"
            if number == 1 and self.random.random() < 0.5:  # columns in another order
                self.add(f"CREATE TABLE {quote(part)} ({', '.join(reversed(definitions))})")
                self.add(f"ALTER TABLE {quote(table)} ATTACH PARTITION {quote(part)} {clause}")
            else:
                self.add(f"CREATE TABLE {quote(part)} PARTITION OF {quote(table)} {clause}")
        numbered = ("id", "integer", lambda: str(self.random.randint(0, 30)), True, True)
        self.rows(table, [numbered] + self.with_flags(columns, definitions[1:]))

    def inheriting(self, table):
        parents = [column for column in self.columns() if column[0] not in ("id",)]
        definitions = [self.definition(column) for column in parents]
        parents = self.with_flags(parents, definitions)
        child, joined = f"{table} child", f"{table} joined"
        self.add(f"CREATE TABLE {quote(table)} ({', '.join(definitions)})")
        self.add(f"CREATE TABLE {quote(child)} (own_ integer, also_ text) INHERITS ({quote(table)})")
        own = [("own_", "integer", lambda: str(self.random.randint(0, 9)), True, False),
               ("also_", "text", lambda: literal(self.text()), True, False)]
        turned = ["own_ integer"] + list(reversed(definitions)) + ["also_ text"]
        self.add(f"CREATE TABLE {quote(joined)} ({', '.join(turned)})")
        self.add(f"ALTER TABLE {quote(joined)} INHERIT {quote(table)}")
        if self.random.random() < 0.5:
            self.add(f"ALTER TABLE {quote(table)} ADD COLUMN added_ integer DEFAULT {self.random.randint(0, 99)}")
        self.rows(table, parents)
        self.rows(child, parents + own)
        self.rows(joined, parents + own)

    def views(self):
        for number, table in enumerate(self.tables[:2]):
            self.add(f"CREATE VIEW {quote(f'view {number}')} AS SELECT * FROM {quote(table)}")
            self.add(f"CREATE MATERIALIZED VIEW {quote(f'kept {number}')} AS SELECT count(*) FROM {quote(table)}")

    def sql(self):
        for number in range(self.random.randint(1, 4)):
            self.ordinary(f"table {number} " + self.random.choice(NAMES))
        if self.random.random() < 0.6:
            self.partitioned("parted")
        if self.random.random() < 0.6:
            self.inheriting("parent")
        if self.random.random() < 0.3:
            self.add("CREATE TABLE none_ ()")
            self.add("INSERT INTO none_ DEFAULT VALUES")
        self.views()
        return ";\n".join(self.statements) + ";\n"


PREPARE = """
SET client_min_messages = warning;
CREATE EXTENSION vector; CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
CREATE TYPE public.mood AS ENUM ('sad', 'it''s ok', 'häppy');
CREATE TYPE public.pair AS (a int, b text, c timestamptz);
CREATE DOMAIN public.positive AS integer CHECK (VALUE > 0);
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--schemas", type=int, default=50)
    arguments = parser.parse_args()
    print(PREPARE)
    source = random.Random(arguments.seed)
    for number in range(arguments.schemas):
        print(Schema(source, number).sql())


if __name__ == "__main__":
    main()
