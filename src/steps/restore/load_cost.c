/* load_cost.c: costs by what is built. The numbers are those of copies that were measured. */
#include "steps/restore/load_cost.h"

#include "base/text.h"

#include <string.h>

#define OF_ROWS 2.5
#define OF_NUMBERS 1
#define OF_TEXTS 4 /* compared by a language's rules, or made by an expression */
#define OF_FOREIGN_KEY 0.5
#define OF_OTHERS 4 /* GIN, GiST... */
#define NAME_KEPT 256

static bool has_any(const char *text, const char *const *marks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, marks[i]))
            return true;
    return false;
}

bool load_build_is_parallel(const struct toc_entry *build)
{
    static const char *const marks[] = {" USING hnsw (", " USING ivfflat ("};
    return has_any(build->definition, marks, sizeof marks / sizeof marks[0]);
}

bool load_build_is_sort(const struct toc_entry *build)
{
    static const char *const marks[] = {" USING btree (", " PRIMARY KEY ", " UNIQUE "};
    return has_any(build->definition, marks, sizeof marks / sizeof marks[0]);
}

bool load_build_is_foreign_key(const struct toc_entry *build)
{
    return text_equal(build->kind, "FK CONSTRAINT");
}

/* Quoted as in the definition of the table. False where it isn't a column. */
static bool first_column(const char *definition, char name[NAME_KEPT])
{
    const char *start = strchr(definition, '(');
    if (!start)
        return false;
    start++;
    size_t length = *start == '"' ? strcspn(start + 1, "\"") + 2 : strcspn(start, " ,()");
    bool column = length < NAME_KEPT && strlen(start) > length && start[length] != '(' && length;
    if (column)
        text_copy(name, length + 1, start);
    return column;
}

/* Source: pg_dump, dumpTableSchema: a column stands in a line of its own, behind four blanks. */
static bool is_text(const char *definition, const char *column)
{
    static const char *const types[] = {"text", "character varying", "character(", "citext"};
    size_t length = strlen(column);
    for (const char *at = strstr(definition, "\n    "); at; at = strstr(at, "\n    ")) {
        at += strlen("\n    ");
        if (strncmp(at, column, length) != 0 || at[length] != ' ')
            continue;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            if (text_starts(at + length + 1, types[i]))
                return true;
        return false;
    }
    return false;
}

double load_cost_of_build(const struct toc_entry *build, const struct toc_entry *table)
{
    char column[NAME_KEPT];
    if (load_build_is_foreign_key(build))
        return OF_FOREIGN_KEY;
    if (!load_build_is_sort(build))
        return OF_OTHERS;
    if (!first_column(build->definition, column))
        return OF_TEXTS;
    return is_text(table->definition, column) ? OF_TEXTS : OF_NUMBERS;
}

double load_cost_of_rows(void)
{
    return OF_ROWS;
}
