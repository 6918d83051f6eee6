/* objects_expected.c: the table of differences that are to be expected, each with its reason. */
#include "postgres/objects_expected.h"

#include <stdlib.h>
#include <string.h>

typedef bool expectation(const struct object_difference *difference,
                         const struct objects_setting *setting);

static const struct pg_object *either(const struct object_difference *difference)
{
    return difference->old ? difference->old : difference->new;
}

static bool of_kind(const struct object_difference *difference, const char *kind)
{
    return !strcmp(either(difference)->kind, kind);
}

bool objects_setting_crosses(const struct objects_setting *setting, int version)
{
    return setting->old_version < version && setting->new_version >= version;
}

static bool newer_extension(const struct object_difference *difference,
                            const struct objects_setting *setting)
{
    (void)setting;
    return of_kind(difference, "extension") && text_equal(difference->field, "version") &&
           difference->before && difference->after &&
           strverscmp(difference->after, difference->before) > 0;
}

/* Which of its tables a dump takes is for the extension's script to say. */
static bool extension_tables(const struct object_difference *difference,
                             const struct objects_setting *setting)
{
    (void)setting;
    if (!of_kind(difference, "extension") || !text_equal(difference->field, "dumped tables"))
        return false;
    char *before = objects_field(difference->old, "version");
    char *after = objects_field(difference->new, "version");
    bool other = !text_equal(before, after);
    free(before);
    free(after);
    return other;
}

static bool collation_version(const struct object_difference *difference,
                              const struct objects_setting *setting)
{
    (void)setting;
    return text_equal(difference->field, "collation version");
}

/* A list of privileges without the ones that 17 has brought. */
static char *without_maintain(const char *privileges)
{
    static const char added[] = "MAINTAIN";
    struct text text = {0};
    for (const char *rest = privileges ? privileges : ""; *rest;) {
        size_t length = strcspn(rest, ",");
        if (strncmp(rest, added, strlen(added)) != 0)
            text_printf(&text, "%s%.*s", text.length ? ", " : "", (int)length, rest);
        rest += length;
        rest += strspn(rest, ", ");
    }
    return text_take(&text);
}

/* GRANT ALL of an older server's dump gives the newer one's privilege too; so does a REVOKE ALL. */
static bool new_privilege(const struct object_difference *difference,
                          const struct objects_setting *setting)
{
    if (!objects_setting_crosses(setting, 170000) ||
        (!of_kind(difference, "grant") && !of_kind(difference, "default privilege")) ||
        difference->change == OBJECT_MISSING)
        return false;
    char *after = difference->change == OBJECT_EXTRA
                      ? objects_field(difference->new, "privileges")
                      : xstrdup(difference->after ? difference->after : "");
    char *rest = without_maintain(after);
    bool same = !strcmp(rest, difference->before ? difference->before : "");
    free(after);
    free(rest);
    return same;
}

/* Source: PostgreSQL 15 release notes, "Migration to Version 15". */
static bool public_schema(const struct object_difference *difference,
                          const struct objects_setting *setting)
{
    const char *identity = either(difference)->identity;
    return objects_setting_crosses(setting, 150000) &&
           ((of_kind(difference, "schema") && !strcmp(identity, "public")) ||
            (of_kind(difference, "grant") && text_starts(identity, "schema public ")));
}

static bool own_superuser(const struct object_difference *difference,
                          const struct objects_setting *setting)
{
    return difference->change == OBJECT_EXTRA &&
           (of_kind(difference, "role") || of_kind(difference, "password")) &&
           text_equal(difference->new->identity, setting->user);
}

/* Neither is created by a restore, they are there. */
static bool databases_locale(const struct object_difference *difference,
                             const struct objects_setting *setting)
{
    static const char *const fields[] = {"collate", "ctype", "locale provider", "locale"};
    bool locale = false;
    (void)setting;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        locale = locale || text_equal(difference->field, fields[i]);
    return locale && of_kind(difference, "database") &&
           (!strcmp(difference->old->identity, "postgres") ||
            !strcmp(difference->old->identity, "template1"));
}

static bool invalid_index(const struct object_difference *difference,
                          const struct objects_setting *setting)
{
    (void)setting;
    if (difference->change != OBJECT_MISSING || !of_kind(difference, "index"))
        return false;
    char *state = objects_field(difference->old, "is");
    bool invalid = text_equal(state, "invalid");
    free(state);
    return invalid;
}

static bool resting_subscription(const struct object_difference *difference,
                                 const struct objects_setting *setting)
{
    (void)setting;
    return of_kind(difference, "subscription") && text_equal(difference->field, "is") &&
           text_equal(difference->after, "disabled");
}

/* Until 15 a role that had granted a membership could be dropped, and nobody stood for it. */
static bool lost_grantor(const struct object_difference *difference,
                         const struct objects_setting *setting)
{
    if (!objects_setting_crosses(setting, 160000) || !of_kind(difference, "membership") ||
        !difference->before || !difference->after || strstr(difference->before, "granted by"))
        return false;
    size_t length = strlen(difference->before);
    return !strncmp(difference->before, difference->after, length) &&
           text_starts(difference->after + length, length ? ", granted by " : "granted by ");
}

static bool standard_locale(const struct object_difference *difference,
                            const struct objects_setting *setting)
{
    return text_equal(difference->field, "locale") && difference->before && difference->after &&
           (of_kind(difference, "collation") || of_kind(difference, "database")) &&
           icu_locales_same(&setting->locales, difference->before, difference->after);
}

/* The kinds of objects that belong to a database, and what stands in their identity on both sides
 * of its name. */
static const struct {
    const char *kind, *before, *after;
    bool ends, begins; /* the identity ends, or begins, with that */
} of_database[] = {
    {"database", "", "", true, true},
    {"setting", " in database ", "", true, false},
    {"comment", "database ", "", true, true},
    {"grant", "database ", " ", false, true},
    {"security label", "database ", " ", false, true},
};

static bool belongs(const char *kind, const char *identity, const char *database)
{
    for (size_t i = 0; i < sizeof of_database / sizeof of_database[0]; i++) {
        if (strcmp(kind, of_database[i].kind) != 0)
            continue;
        char *part = xprintf("%s%s%s", of_database[i].before, database, of_database[i].after);
        bool fits = (!of_database[i].begins || text_starts(identity, part)) &&
                    (!of_database[i].ends || text_ends(identity, part)) &&
                    (!of_database[i].begins || !of_database[i].ends || !strcmp(identity, part));
        free(part);
        return fits;
    }
    return false;
}

/* pg_dumpall leaves a database out that it can't connect to, with all that is said of it. */
static bool closed_database(const struct object_difference *difference,
                            const struct objects_setting *setting)
{
    if (difference->change != OBJECT_MISSING)
        return false;
    for (size_t i = 0; i < setting->closed.count; i++)
        if (belongs(difference->old->kind, difference->old->identity, setting->closed.items[i]))
            return true;
    return false;
}

void objects_setting_note_closed(struct objects_setting *setting,
                                 const struct pg_object_list *cluster)
{
    for (size_t i = 0; i < cluster->count; i++) {
        const struct pg_object *object = &cluster->items[i];
        char *open = strcmp(object->kind, "database") != 0
                         ? NULL
                         : objects_field(object, "allows connections");
        if (text_equal(open, "no"))
            text_list_add(&setting->closed, object->identity);
        free(open);
    }
}

void objects_setting_free(struct objects_setting *setting)
{
    icu_locales_free(&setting->locales);
    text_list_free(&setting->closed);
}

static const struct {
    expectation *fits;
    struct expected_difference difference;
} rules[] = {
    {newer_extension, {"the new image brings a newer version of the extension", false}},
    {extension_tables, {"it belongs to another version of the extension", false}},
    {collation_version,
     {"the new image has another version of the collations; the restore has built every index by "
      "it",
      false}},
    {new_privilege, {"MAINTAIN, which ALL includes from PostgreSQL 17 on", false}},
    {public_schema,
     {"from PostgreSQL 15 on not everybody may create objects in the schema public: check that no "
      "application does",
      true}},
    {own_superuser, {"the superuser that the new server was made with", true}},
    {databases_locale,
     {"every server has this database from its image, and a restore keeps its locale", true}},
    {invalid_index, {"pg_dump leaves an invalid index out", true}},
    {resting_subscription,
     {"a restored subscription is disabled: enable it when the old server is gone", true}},
    {standard_locale, {"the new version keeps ICU locales in their standard form", false}},
    {closed_database,
     {"the database allows no connections, so that no backup holds it: it isn't copied", true}},
    {lost_grantor, {"the role that had granted it was dropped before", false}},
};

const struct expected_difference *object_expected(const struct object_difference *difference,
                                                  const struct objects_setting *setting)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].fits(difference, setting))
            return &rules[i].difference;
    return NULL;
}

const char *object_advice(const struct object_difference *difference)
{
    if (text_equal(difference->field, FOREIGN_KEY_TRIGGERS))
        return "no dump carries that: ALTER TABLE ... ENABLE TRIGGER ALL or DISABLE TRIGGER ALL on "
               "one of the servers, for each table, so that both are alike";
    return NULL;
}
