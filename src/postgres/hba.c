/* hba.c: who may log in and how, by the server's own reading of pg_hba.conf. */
#include "postgres/hba.h"

#include <arpa/inet.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* The names are separated by a newline, which no role's or database's name needs in this file. */
static const char rules_sql[] =
    "SELECT line_number, coalesce(type, ''), "
    "coalesce(pg_catalog.array_to_string(database, E'\\n'), ''), "
    "coalesce(pg_catalog.array_to_string(user_name, E'\\n'), ''), coalesce(address, ''), "
    "coalesce(netmask, ''), coalesce(auth_method, ''), "
    "coalesce(pg_catalog.array_to_string(options, ' '), ''), coalesce(error, '') "
    "FROM pg_catalog.pg_hba_file_rules";

static const char file_sql[] = "SELECT pg_catalog.current_setting('hba_file'), "
                               "pg_catalog.starts_with(pg_catalog.current_setting('hba_file'), "
                               "pg_catalog.current_setting('data_directory') || '/')";

enum column { LINE, TYPE, DATABASES, USERS, ADDRESS, NETMASK, METHOD, OPTIONS, TROUBLE };

static void split(struct text_list *list, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, "\n");
        char *name = xstrndup(names, length);
        text_list_add(list, name);
        free(name);
        names += length + (names[length] == '\n');
    }
}

static void take_rule(struct hba_rules *rules, const PGresult *result, int row)
{
    const char *trouble = pg_field(result, row, TROUBLE);
    if (*trouble && !rules->trouble)
        rules->trouble = xprintf("line %s: %s", pg_field(result, row, LINE), trouble);
    if (!*pg_field(result, row,
                   TYPE)) /* a line that makes no sense; others are read all the same */
        return;
    struct hba_rule *rule = &rules->items[rules->count++];
    *rule = (struct hba_rule){
        .line = (int)pg_number(result, row, LINE),
        .type = xstrdup(pg_field(result, row, TYPE)),
        .address = xstrdup(pg_field(result, row, ADDRESS)),
        .netmask = xstrdup(pg_field(result, row, NETMASK)),
        .method = xstrdup(pg_field(result, row, METHOD)),
        .options = xstrdup(pg_field(result, row, OPTIONS)),
    };
    split(&rule->databases, pg_field(result, row, DATABASES));
    split(&rule->users, pg_field(result, row, USERS));
}

bool hba_read(struct pg_connection *connection, struct hba_rules *rules, struct error *error)
{
    *rules = (struct hba_rules){0};
    PGresult *file = pg_query(connection, file_sql, 0, NULL, error);
    PGresult *result = file ? pg_query(connection, rules_sql, 0, NULL, error) : NULL;
    if (result) {
        rules->file = xstrdup(pg_field(file, 0, 0));
        rules->inside = pg_true(file, 0, 1);
        rules->items = xcalloc((size_t)PQntuples(result) + 1, sizeof *rules->items);
        for (int row = 0; row < PQntuples(result); row++)
            take_rule(rules, result, row);
    }
    PQclear(file);
    PQclear(result);
    return result || error_wrap(error, "reading pg_hba.conf");
}

void hba_rules_free(struct hba_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct hba_rule *rule = &rules->items[i];
        char *const owned[] = {rule->type, rule->address, rule->netmask, rule->method,
                               rule->options};
        for (size_t part = 0; part < sizeof owned / sizeof owned[0]; part++)
            free(owned[part]);
        text_list_free(&rule->databases);
        text_list_free(&rule->users);
    }
    free(rules->items);
    free(rules->file);
    free(rules->trouble);
    *rules = (struct hba_rules){0};
}

static void add_names(struct text *text, const struct text_list *names)
{
    text_add(text, " ");
    for (size_t i = 0; i < names->count; i++)
        text_printf(text, "%s%s", i ? "," : "", names->items[i]);
}

/* Passwords of LDAP's user and secrets of RADIUS stand in the options. */
static void add_options(struct text *text, const char *options)
{
    static const char *const secret[] = {"passwd", "secret"};
    while (*options) {
        size_t length = strcspn(options, " "), name = strcspn(options, "= ");
        char *option = xstrndup(options, name);
        bool hidden = strstr(option, secret[0]) || strstr(option, secret[1]);
        text_printf(text, " %.*s%s", (int)(hidden ? name : length), options, hidden ? "=***" : "");
        free(option);
        options += length + (options[length] == ' ');
    }
}

void hba_rule_text(struct text *text, const struct hba_rule *rule)
{
    text_add(text, rule->type);
    add_names(text, &rule->databases);
    add_names(text, &rule->users);
    if (*rule->address)
        text_printf(text, " %s", rule->address);
    if (*rule->netmask)
        text_printf(text, " %s", rule->netmask);
    text_printf(text, " %s", rule->method);
    add_options(text, rule->options);
}

static bool same_rule(const struct hba_rule *left, const struct hba_rule *right)
{
    struct text a = {0}, b = {0};
    hba_rule_text(&a, left);
    hba_rule_text(&b, right);
    bool same = !strcmp(text_string(&a), text_string(&b)) && !strcmp(left->options, right->options);
    text_free(&a);
    text_free(&b);
    return same;
}

bool hba_has(const struct hba_rules *rules, const struct hba_rule *rule)
{
    for (size_t i = 0; i < rules->count; i++)
        if (same_rule(&rules->items[i], rule))
            return true;
    return false;
}

/* "/pattern", since 16. */
static bool matches_pattern(const char *token, const char *name)
{
    regex_t pattern;
    if (*token != '/' || regcomp(&pattern, token + 1, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool matches = regexec(&pattern, name, 0, NULL, 0) == 0;
    regfree(&pattern);
    return matches;
}

static bool is_member(const struct hba_client *client, const char *role)
{
    return !strcmp(client->user, role) || text_list_has(client->roles, role);
}

static bool fits_database(const struct hba_rule *rule, const struct hba_client *client)
{
    for (size_t i = 0; i < rule->databases.count; i++) {
        const char *token = rule->databases.items[i];
        bool same_role = !strcmp(token, "samerole") || !strcmp(token, "samegroup");
        if (!strcmp(token, "all") || matches_pattern(token, client->database) ||
            (!strcmp(token, "sameuser") && !strcmp(client->user, client->database)) ||
            (same_role && is_member(client, client->database)) ||
            (strcmp(token, "replication") != 0 && !strcmp(token, client->database)))
            return true;
    }
    return false;
}

static bool fits_user(const struct hba_rule *rule, const struct hba_client *client)
{
    for (size_t i = 0; i < rule->users.count; i++) {
        const char *token = rule->users.items[i];
        if (!strcmp(token, "all") || !strcmp(token, client->user) ||
            matches_pattern(token, client->user) || (*token == '+' && is_member(client, token + 1)))
            return true;
    }
    return false;
}

static bool fits_type(const struct hba_rule *rule, const struct hba_client *client)
{
    static const struct {
        const char *type;
        bool plain, encrypted;
    } types[] = {{"host", true, true},
                 {"hostnogssenc", true, true},
                 {"hostssl", false, true},
                 {"hostnossl", true, false}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(types[i].type, rule->type))
            return client->encrypted ? types[i].encrypted : types[i].plain;
    return false;
}

/* 4 or 16 bytes, 0 for none. */
static size_t address_bytes(const char *text, unsigned char bytes[16])
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

enum fit { FIT_NO, FIT_YES, FIT_UNKNOWN };

static enum fit fits_address(const struct hba_rule *rule, const struct hba_client *client)
{
    unsigned char wanted[16], mask[16], own[16];
    if (!strcmp(rule->address, "all"))
        return FIT_YES;
    size_t size = address_bytes(rule->address, wanted),
           own_size = address_bytes(client->address, own);
    if (!size || !own_size)
        return FIT_UNKNOWN;
    bool masked = address_bytes(rule->netmask, mask) == size;
    if (size != own_size)
        return FIT_NO;
    for (size_t i = 0; i < size; i++) {
        unsigned char bits = masked ? mask[i] : 0xff;
        if ((own[i] & bits) != (wanted[i] & bits))
            return FIT_NO;
    }
    return FIT_YES;
}

const struct hba_rule *hba_match(const struct hba_rules *rules, const struct hba_client *client)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct hba_rule *rule = &rules->items[i];
        if (!fits_type(rule, client) || !fits_database(rule, client) || !fits_user(rule, client))
            continue;
        enum fit fit = fits_address(rule, client);
        if (fit != FIT_NO)
            return fit == FIT_YES ? rule : NULL;
    }
    return NULL;
}
