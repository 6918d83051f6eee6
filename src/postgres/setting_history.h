/* setting_history.h: settings that a major version has removed or renamed. */
#ifndef POSTGRES_SETTING_HISTORY_H
#define POSTGRES_SETTING_HISTORY_H

struct setting_change {
    const char *name;
    int major;          /* the first one that doesn't know the name any more */
    const char *advice; /* what replaces it, one sentence */
};

/* NULL when nothing is known to have become of it. */
const struct setting_change *setting_history(const char *name);

#endif
