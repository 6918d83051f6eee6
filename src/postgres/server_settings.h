/* server_settings.h: settings of a whole server, changed while it runs. */
#ifndef POSTGRES_SERVER_SETTINGS_H
#define POSTGRES_SERVER_SETTINGS_H

#include "postgres/connection.h"

/* Source for all: PostgreSQL manual, "ALTER SYSTEM", "pg_file_settings", "Setting Parameters". */

/* What stands for a setting in postgresql.auto.conf; *value is the caller's, NULL for nothing. */
bool server_setting_written(struct pg_connection *connection, const char *name, char **value,
                            struct error *error);
/* Writes it there, or takes it out when `value` is NULL. Nothing changes before a reload. */
bool server_setting_write(struct pg_connection *connection, const char *name, const char *value,
                          struct error *error);
/* Whether the server takes that: PostgreSQL 17 can forbid it (allow_alter_system). */
bool server_settings_alterable(struct pg_connection *connection, bool *alterable,
                               struct error *error);
bool server_settings_reload(struct pg_connection *connection, struct error *error);

/* The value that a new session gets, and where it comes from ("default", "configuration file",
 * "command line", ...), by a connection of its own. */
struct new_session_setting {
    char value[64];
    char source[64];
};
/* `limit_ms` bounds the connecting and the answer, each; 0: as pg_open does, and no limit. */
bool new_session_setting(const struct pg_parameters *parameters, const char *name, long limit_ms,
                         struct new_session_setting *setting, struct error *error);

/* Appends the databases and roles for which a truth value is set to off, with commas: there it wins
 * over the server's setting. Source: PostgreSQL manual, "pg_db_role_setting". */
bool server_setting_off_for(struct pg_connection *connection, const char *name, struct text *names,
                            struct error *error);
/* Appends what is wrong in the configuration files: a reload wouldn't take anything over then. */
bool server_settings_faults(struct pg_connection *connection, struct text *faults,
                            struct error *error);

#endif
