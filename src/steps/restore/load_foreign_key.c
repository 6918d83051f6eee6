/* load_foreign_key.c: the SQL of a foreign key. */
#include "steps/restore/load_foreign_key.h"

#include <string.h>

/* The check joins both tables. Without statistics the planner hashes the one that is referred to,
 * where reading both sides' indexes in their common order takes a quarter of the time; it is made
 * to, where both have one with the key's columns first, but where a few rows are best looked up one
 * by one. Which columns the key has is known as soon as it is there, not valid yet: it is the one
 * that this transaction has made. Source: PostgreSQL manual, ALTER TABLE, VALIDATE CONSTRAINT;
 * ri_triggers.c, RI_Initial_Check. */
static const char check_sql[] =
    "DO $pgrunbook$DECLARE k record; BEGIN "
    "SELECT c.conrelid::pg_catalog.regclass AS name_of_table, c.conname, EXISTS (SELECT FROM "
    "pg_catalog.pg_index f, pg_catalog.pg_index p, pg_catalog.pg_class t "
    "WHERE f.indrelid = c.conrelid AND f.indisvalid AND f.indpred IS NULL "
    "AND p.indexrelid = c.conindid AND t.oid = p.indrelid AND t.relkind = 'r' "
    "AND NOT EXISTS (SELECT FROM pg_catalog.generate_series(0, "
    "pg_catalog.cardinality(c.conkey) - 1) n WHERE (f.indkey[n] = c.conkey[n + 1] "
    "AND p.indkey[n] = c.confkey[n + 1] AND f.indclass[n] = p.indclass[n] "
    "AND f.indcollation[n] = p.indcollation[n] AND f.indoption[n] = p.indoption[n]) "
    "IS NOT TRUE)) AS in_order INTO STRICT k FROM pg_catalog.pg_constraint c "
    "WHERE c.contype = 'f' AND NOT c.convalidated AND c.conparentid = 0 "
    "AND c.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid; "
    "IF k.in_order THEN SET LOCAL enable_hashjoin = off; SET LOCAL enable_sort = off; "
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = on; "
    "SET LOCAL enable_nestloop = on; SET LOCAL enable_indexscan = on; "
    "SET LOCAL enable_indexonlyscan = on; END IF; "
    "EXECUTE pg_catalog.format('ALTER TABLE ONLY %s VALIDATE CONSTRAINT %I', k.name_of_table, "
    "k.conname); END$pgrunbook$;";

void load_foreign_key_add(struct text *sql, const char *definition)
{
    static const char of_one_table[] = "ALTER TABLE ONLY ", end[] = ";\n";
    static const char unchecked[] = " NOT VALID;\n", never[] = " NOT ENFORCED;\n";
    if (!text_starts(definition, of_one_table) || !text_ends(definition, end) ||
        text_ends(definition, unchecked) || text_ends(definition, never)) {
        text_add(sql, definition);
        return;
    }
    text_append(sql, definition, strlen(definition) - strlen(end));
    text_add(sql, unchecked);
    text_add(sql, check_sql);
}
