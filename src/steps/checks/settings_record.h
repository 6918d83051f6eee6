/* settings_record.h: a server's settings as a fact, for the time when it doesn't run any more.
 */
#ifndef STEPS_CHECKS_SETTINGS_RECORD_H
#define STEPS_CHECKS_SETTINGS_RECORD_H

#include "postgres/setting.h"
#include "steps/server/server.h"

/* Reads a server's settings, with the roles' when asked for. Free with pg_settings_free in any
 * case. */
bool settings_of_server(const struct server_access *access, bool roles,
                        struct pg_settings *settings, struct error *error);

/* The fact "settings.SERVER": what is set there, secret values as "***". */
void settings_record(struct step_run *run, const char *server, const struct pg_settings *settings);
/* From that fact; false when there is none. What isn't set isn't in it. */
bool settings_recall(const struct step_run *run, const char *server, struct pg_settings *settings);
/* Whether the setting was recalled without its value. */
bool setting_is_kept_back(const struct pg_setting *setting);

#endif
