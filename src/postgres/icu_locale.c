/* icu_locale.c: the standard form of ICU locales, asked of a server. */
#include "postgres/icu_locale.h"

#include <stdlib.h>
#include <string.h>

static const char begin[] =
    "BEGIN READ WRITE; SET LOCAL search_path = pg_catalog; SET LOCAL client_min_messages = error; "
    "SET LOCAL standard_conforming_strings = on; SET LOCAL icu_validation_level = 'disabled'";

static const char kept[] =
    "SELECT coalesce(j ->> 'colllocale', j ->> 'colliculocale') FROM pg_catalog.pg_collation c, "
    "to_jsonb(c) j WHERE c.collname = 'asked' AND c.collnamespace = pg_catalog.pg_my_temp_schema()";

static const struct icu_locale *find(const struct icu_locales *locales, const char *written)
{
    for (size_t i = 0; i < locales->count; i++)
        if (!strcmp(locales->items[i].written, written))
            return &locales->items[i];
    return NULL;
}

/* "locale" stands for whatever the provider isn't libc's: 'i' is ICU, 'b' the server's own. */
static char *locale_of(const struct pg_object *object)
{
    bool collation = !strcmp(object->kind, "collation");
    if (!collation && strcmp(object->kind, "database") != 0)
        return NULL;
    char *provider = objects_field(object, collation ? "provider" : "locale provider");
    char *locale = text_equal(provider, "i") ? objects_field(object, "locale") : NULL;
    free(provider);
    return locale;
}

static char *statement(const char *locale)
{
    struct text text = {0};
    text_add(&text, "CREATE COLLATION pg_temp.asked (provider = icu, locale = '");
    for (; *locale; locale++)
        text_append(&text, *locale == '\'' ? "''" : locale, *locale == '\'' ? 2 : 1);
    text_add(&text, "')");
    return text_take(&text);
}

/* What the server refuses has no standard form there, and no error either. */
static bool ask(struct pg_connection *connection, const char *locale, char **standard,
                struct error *error)
{
    struct error refused = ERROR_INIT;
    char *create = statement(locale);
    *standard = NULL;
    bool begun = pg_execute(connection, begin, error);
    if (begun && pg_execute(connection, create, &refused))
        *standard = pg_value(connection, kept, &refused);
    free(create);
    return begun && pg_execute(connection, "ROLLBACK", error);
}

static void add(struct icu_locales *locales, const char *written, const char *standard)
{
    locales->items = xrealloc(locales->items, (locales->count + 1) * sizeof *locales->items);
    locales->items[locales->count++] =
        (struct icu_locale){.written = xstrdup(written), .standard = xstrdup(standard)};
}

bool icu_locales_ask(struct pg_connection *connection, const struct pg_object_list *objects,
                     struct icu_locales *locales, struct error *error)
{
    bool done = true;
    for (size_t i = 0; done && i < objects->count; i++) {
        char *standard = NULL, *written = locale_of(&objects->items[i]);
        if (written && !find(locales, written))
            done = ask(connection, written, &standard, error);
        if (standard)
            add(locales, written, standard);
        free(standard);
        free(written);
    }
    return done || error_wrap(error, "asking for the standard form of ICU locales");
}

void icu_locales_free(struct icu_locales *locales)
{
    for (size_t i = 0; i < locales->count; i++) {
        free(locales->items[i].written);
        free(locales->items[i].standard);
    }
    free(locales->items);
    *locales = (struct icu_locales){0};
}

bool icu_locales_same(const struct icu_locales *locales, const char *written, const char *standard)
{
    const struct icu_locale *known = find(locales, written);
    return known && !strcmp(known->standard, standard);
}
