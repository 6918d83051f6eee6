/* setting_judge.h: what a setting that differs between two servers means for the application. */
#ifndef POSTGRES_SETTING_JUDGE_H
#define POSTGRES_SETTING_JUDGE_H

#include "postgres/setting.h"

enum setting_verdict {
    SETTING_EQUAL,    /* the same value, or two names of one */
    SETTING_EXPECTED, /* a default that the major version changed, or a server's own affair */
    SETTING_DIFFERS,  /* worth a look */
    SETTING_BREAKS,   /* the application may fail, or read other results */
};

/* One of the two may be NULL: the server doesn't know the setting. *reason, when it breaks: what
 * would happen, a part of a sentence; else NULL. */
enum setting_verdict setting_judge(const struct pg_setting *old, const struct pg_setting *new,
                                   const char **reason);

/* By which a list of differences is sorted: what matters most has the smallest number. */
int setting_rank(const char *name);

#endif
