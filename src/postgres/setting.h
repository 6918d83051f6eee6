/* setting.h: a server's settings with where each comes from, and which of their values are secret.
 */
#ifndef POSTGRES_SETTING_H
#define POSTGRES_SETTING_H

#include "postgres/connection.h"

/* Where a value comes from, which also says what becomes of it in an upgrade. */
enum setting_origin {
    SETTING_DEFAULT,        /* built in, or worked out by the server */
    SETTING_DATA_DIRECTORY, /* a file in the data directory: stays behind with the old volume */
    SETTING_OTHER_FILE,     /* a file elsewhere: goes along when it is mounted */
    SETTING_COMMAND_LINE,   /* the container's command: goes along with the compose file */
    SETTING_ENVIRONMENT,    /* the container's environment: the same */
    SETTING_ROLE,           /* ALTER DATABASE or ALTER ROLE ... SET: goes along in the dump */
    SETTING_SESSION,        /* this connection's own, or its role's: not the server's */
};

struct pg_setting {
    char *name;
    char *value; /* in the setting's base unit, as pg_settings says it */
    char *shown; /* with its unit, as SHOW says it: "128MB" */
    char *boot;  /* what it would be if nothing set it */
    char *type;  /* "bool", "integer", "real", "string", "enum"; "" when unknown */
    char *place; /* "postgresql.conf line 12", "command line", "role app in database shop" */
    enum setting_origin origin;
    bool pending; /* the file says another value, which waits for a restart */
};

struct pg_settings {
    struct pg_setting *items;
    size_t count, capacity;
};

/* All of pg_settings, and the files' settings with a name of the application's own. The connection
 * has to be one of pg_open_plain, so that no setting of the session hides the server's. Appends;
 * free with pg_settings_free in any case. Source: PostgreSQL manual, "pg_settings",
 * "pg_file_settings"; for superusers. */
bool pg_settings_read(struct pg_connection *connection, struct pg_settings *settings,
                      struct error *error);
/* Appends what ALTER DATABASE and ALTER ROLE have set, all databases'. Source: PostgreSQL manual,
 * "pg_db_role_setting". */
bool pg_settings_read_roles(struct pg_connection *connection, struct pg_settings *settings,
                            struct error *error);
void pg_settings_free(struct pg_settings *settings);
/* By name, SETTING_ROLE left out; NULL when there is none. */
const struct pg_setting *pg_settings_find(const struct pg_settings *settings, const char *name);

/* Somebody has set it for the server or in it. */
bool setting_is_set(const struct pg_setting *setting);
/* It comes to the new server without anybody doing anything. */
bool setting_goes_along(const struct pg_setting *setting);
/* Whether its value may hold a secret: commands, connection strings, and whatever is called one. */
bool setting_is_secret(const struct pg_setting *setting);
/* `shown`, or "***" for a secret one. The setting's own. */
const char *setting_display(const struct pg_setting *setting);
/* Appends "ALTER SYSTEM SET name = 'value'", lists as lists; nothing of a secret one's value. */
void setting_statement(struct text *text, const struct pg_setting *setting);

#endif
