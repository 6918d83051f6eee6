/* message.h: what psql and pg_restore say while they restore a dump: harmless, worth a look, or a
 * failure with a known cause. */
#ifndef POSTGRES_MESSAGE_H
#define POSTGRES_MESSAGE_H

#include "base/text.h"

#include <stdbool.h>

enum message_class {
    MESSAGE_PART,        /* goes on with the message before: DETAIL, HINT, LINE, STATEMENT */
    MESSAGE_INFORMATION, /* NOTICE, INFO, LOG */
    MESSAGE_HARMLESS,    /* an error or a warning that every restore has */
    MESSAGE_WARNING,
    MESSAGE_ERROR,
};

struct message {
    enum message_class class;
    long line;          /* of the dump, 0 unknown */
    const char *text;   /* without "psql:<stdin>:12: "; part of what was classified */
    const char *reason; /* why it's harmless, or what causes the error; NULL unknown */
    const char *remedy; /* NULL unknown */
};

/* What makes more of the messages harmless. */
struct message_setting {
    const char *user; /* the superuser that the new server was made with */
    bool again;       /* an attempt before, or its first start, has left roles on the server */
};

/* One line of their standard error, without its end. */
struct message message_classify(const char *line, const struct message_setting *setting);

/* Appends `line` with every PASSWORD '...' as PASSWORD '***', and the passwords in connection
 * strings and addresses masked as well. */
void message_without_password(struct text *text, const char *line);

#endif
