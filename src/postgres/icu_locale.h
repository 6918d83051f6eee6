/* icu_locale.h: what a server makes of the ICU locales that an older one has kept as written. */
#ifndef POSTGRES_ICU_LOCALE_H
#define POSTGRES_ICU_LOCALE_H

#include "postgres/objects.h"

struct icu_locale {
    char *written;  /* "de@collation=phonebook" */
    char *standard; /* "de-u-co-phonebk" */
};

/* Zero-initialised is empty. */
struct icu_locales {
    struct icu_locale *items;
    size_t count;
};

/* Adds each ICU locale of the objects' collations and databases with the form that this server
 * would keep it in. It's asked by making a collation of it in a transaction that is rolled back; a
 * locale that the server refuses is left out. Source: PostgreSQL manual, "ICU Locale Names" and
 * "CREATE COLLATION"; from 16 on a server writes them as language tags. */
bool icu_locales_ask(struct pg_connection *connection, const struct pg_object_list *objects,
                     struct icu_locales *locales, struct error *error);
void icu_locales_free(struct icu_locales *locales);

/* Whether the two are one and the same locale to the server that was asked. */
bool icu_locales_same(const struct icu_locales *locales, const char *written, const char *standard);

#endif
