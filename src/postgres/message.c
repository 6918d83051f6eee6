/* message.c: the table of what psql and pg_restore are known to say during a restore. */
#include "postgres/message.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* `*` stands for any text. `${user}` stands for the bootstrap superuser. */
static const struct {
    const char *pattern;
    bool again; /* only where roles may be there already */
    const char *reason;
} harmless[] = {
    {"ERROR:  role \"${user}\" already exists", false,
     "the new server was made with this superuser"},
    {"ERROR:  role \"*\" already exists", true,
     "an attempt before, or the first start, has made it"},
    {"ERROR:  tablespace \"*\" already exists", true,
     "an attempt before, or the first start, has made it"},
    {"ERROR:  database \"postgres\" already exists", false, "every new server has it"},
    {"ERROR:  database \"template1\" already exists", false, "every new server has it"},
    {"ERROR:  schema \"public\" already exists", false, "every new database has it"},
    {"ERROR:  extension \"plpgsql\" already exists", false, "every new database has it"},
    {"WARNING:  no privileges were granted for \"*\"", false,
     "the grant repeats what is there already"},
    {"WARNING:  no privileges could be revoked for \"*\"", false, "there was nothing to revoke"},
};

#define USE_PGVECTOR                                                                               \
    "Use an image that carries the extension: pgvector/pgvector:pg17 instead of postgres:17 "      \
    "(variable new_image). Roll back, set it and start again."
#define NEWER_IMAGE                                                                                \
    "Use a newer minor release of the target image: docker pull it, then roll back and start "     \
    "again."
#define FREE_DISK                                                                                  \
    "Make room where Docker keeps its volumes (df -h, docker system df), then retry the step."

static const struct {
    const char *pattern;
    const char *reason;
    const char *remedy;
} causes[] = {
    {"*could not open extension control file*",
     "the new image lacks an extension that the old server uses", USE_PGVECTOR},
    {"*extension \"*\" is not available*",
     "the new image lacks an extension that the old server uses", USE_PGVECTOR},
    {"*could not access file \"$libdir/*", "the new image lacks an extension's library",
     USE_PGVECTOR},
    {"*type \"*vector\" does not exist*", "the extension vector was not created", USE_PGVECTOR},
    {"*extension \"*\" has no installation script*",
     "the new image has another version of the extension, without a way from the old one",
     NEWER_IMAGE},
    {"*unrecognized parameter \"pg_attver\"*",
     "the new server's minor release is older than the old server's", NEWER_IMAGE},
    {"*unrecognized configuration parameter*",
     "the dump sets a parameter that this major doesn't have",
     "Reset it on the old server (ALTER ROLE or ALTER DATABASE ... RESET), or restore into the "
     "major "
     "whose own tools made the backup."},
    {"*invalid command \\restrict*", "psql in the new image is older than the backup's pg_dump",
     NEWER_IMAGE},
    {"*could not resize shared memory segment*",
     "the container's /dev/shm is too small for a parallel index build",
     "Give the new container more shared memory (docker run --shm-size=1g), then retry."},
    {"*out of shared memory*", "the server's lock table is full",
     "Raise max_locks_per_transaction on the new server and restart it, then retry."},
    {"*memory required is*maintenance_work_mem*", "an index build needs more memory",
     "Raise maintenance_work_mem on the new server, then retry."},
    {"*out of memory*", "the server got no more memory",
     "Give the container or the machine more memory, then retry."},
    {"*No space left on device*", "the disk is full", FREE_DISK},
    {"*could not extend file*", "the disk is full or over its quota", FREE_DISK},
    {"*invalid LC_COLLATE locale name*", "the new image doesn't have the old server's locale",
     "Use an image with that locale (the Debian variants have most of them)."},
    {"*invalid locale name*", "the new image doesn't have the old server's locale",
     "Use an image with that locale (the Debian variants have most of them)."},
    {"*permission denied*", "the role is no superuser on the new server",
     "Restore as the superuser that the new server was made with (variable user)."},
    {"*role \"*\" does not exist*", "the backup has no roles in it, or they failed before",
     "Take a full backup with pg_dumpall: pg_dump alone has no roles."},
    {"*password authentication failed*", "psql in the container was refused",
     "Check the variables user and password."},
    {"*server closed the connection unexpectedly*", "the new server ended while it restored",
     "Look at docker logs of the new container; an out-of-memory kill is the usual cause."},
    {"*connection to server was lost*", "the new server ended while it restored",
     "Look at docker logs of the new container; an out-of-memory kill is the usual cause."},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* Behind "psql:<stdin>:12: " and "psql: ", which psql puts before a message's first line. */
static const char *after_psql(const char *line, long *number)
{
    static const char prefix[] = "psql:<stdin>:";
    if (text_starts(line, "psql: "))
        return line + strlen("psql: ");
    if (!text_starts(line, prefix))
        return line;
    char *end;
    long value = strtol(line + strlen(prefix), &end, 10);
    if (end[0] != ':' || end[1] != ' ')
        return line;
    *number = value;
    return end + 2;
}

/* Behind "pg_restore: ", and "error: could not execute query: " before a server's own message. Its
 * jobs write in pieces, so that a line may begin with several of the first, or with a blank. */
static const char *after_pg_restore(const char *line)
{
    static const char prefix[] = "pg_restore:", query[] = "error: could not execute query: ";
    const char *text = line;
    while (text_starts(text, prefix) || (text != line && *text == ' '))
        text += *text == ' ' ? 1 : strlen(prefix);
    const char *blank = line + strspn(line, " ");
    if (text == line && (text_starts(blank, "error: ") || text_starts(blank, "warning: ")))
        text = blank;
    return text_starts(text, query) ? text + strlen(query) : text;
}

static const struct {
    const char *word;
    enum message_class class;
} severities[] = {
    {"ERROR:  ", MESSAGE_ERROR},
    {"FATAL:  ", MESSAGE_ERROR},
    {"PANIC:  ", MESSAGE_ERROR},
    {"error: ", MESSAGE_ERROR},
    {"fatal: ", MESSAGE_ERROR},
    {"invalid command ", MESSAGE_ERROR},
    {"WARNING:  ", MESSAGE_WARNING},
    {"warning: errors ignored on restore: ", MESSAGE_INFORMATION},
    {"warning: ", MESSAGE_WARNING},
    {"NOTICE:  ", MESSAGE_INFORMATION},
    {"INFO:  ", MESSAGE_INFORMATION},
    {"LOG:  ", MESSAGE_INFORMATION},
    {"DEBUG:  ", MESSAGE_INFORMATION},
};

/* psql's own messages have its prefix and no word that says how bad they are; pg_restore's without
 * such a word say what it is about to do. */
static enum message_class severity(const char *text, bool psql, bool pg_restore)
{
    static const char *const parts[] = {
        "DETAIL:",    "HINT:",     "LINE ",        "CONTEXT:", "QUERY:",
        "STATEMENT:", "LOCATION:", "Command was:", "detail: ", "hint: "};
    for (size_t i = 0; i < COUNT(severities); i++)
        if (text_starts(text, severities[i].word))
            return severities[i].class;
    for (size_t i = 0; i < COUNT(parts); i++)
        if (text_starts(text, parts[i]))
            return MESSAGE_PART;
    return psql ? MESSAGE_ERROR : pg_restore ? MESSAGE_INFORMATION : MESSAGE_PART;
}

/* The pattern with ${user} replaced and quoted; the caller frees. */
static char *with_user(const char *pattern, const char *user)
{
    static const char hole[] = "${user}";
    const char *found = strstr(pattern, hole);
    if (!found)
        return xstrdup(pattern);
    struct text text = {0};
    text_append(&text, pattern, (size_t)(found - pattern));
    for (; user && *user; user++) {
        if (strchr("*?[]\\", *user))
            text_add(&text, "\\");
        text_append(&text, user, 1);
    }
    text_add(&text, found + strlen(hole));
    return text_take(&text);
}

static const char *harmless_reason(const char *text, const struct message_setting *setting)
{
    for (size_t i = 0; i < COUNT(harmless); i++) {
        if (harmless[i].again && !setting->again)
            continue;
        char *pattern = with_user(harmless[i].pattern, setting->user);
        bool fits = fnmatch(pattern, text, 0) == 0;
        free(pattern);
        if (fits)
            return harmless[i].reason;
    }
    return NULL;
}

static void add_cause(struct message *message)
{
    for (size_t i = 0; i < COUNT(causes); i++) {
        if (fnmatch(causes[i].pattern, message->text, FNM_NOESCAPE) != 0)
            continue;
        message->reason = causes[i].reason;
        message->remedy = causes[i].remedy;
        return;
    }
}

struct message message_classify(const char *line, const struct message_setting *setting)
{
    struct message message = {0};
    const char *text = after_psql(line, &message.line);
    message.text = after_pg_restore(text);
    message.class = severity(message.text, text != line, message.text != text);
    if (message.class != MESSAGE_ERROR && message.class != MESSAGE_WARNING)
        return message;
    message.reason = harmless_reason(message.text, setting);
    if (message.reason)
        message.class = MESSAGE_HARMLESS;
    else if (message.class == MESSAGE_ERROR)
        add_cause(&message);
    return message;
}

/* Source: PostgreSQL manual, "String Constants": a quote within is doubled, or escaped in E''. */
static const char *after_constant(const char *quote)
{
    for (quote++; *quote; quote++) {
        if (*quote == '\\' && quote[1])
            quote++;
        else if (*quote == '\'' && quote[1] == '\'')
            quote++;
        else if (*quote == '\'')
            return quote + 1;
    }
    return quote;
}

/* Behind the value of a parameter in a connection string that stands in a string constant: there
 * the quotes around the value are doubled, and one quote ends the constant. Source: PostgreSQL
 * manual, "Connection Strings". */
static const char *after_parameter(const char *value)
{
    bool doubled = value[0] == '\'' && value[1] == '\'';
    if (*value == '\'' && !doubled)
        return after_constant(value);
    for (value += doubled ? 2 : 0; *value; value++) {
        if (*value == '\\' && value[1])
            value++;
        else if (doubled && value[0] == '\'' && value[1] == '\'')
            return value + 2;
        else if (!doubled && (isspace((unsigned char)*value) || *value == '\''))
            return value;
    }
    return value;
}

static const char *after_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* From behind the word on; where the password ends, or where it would have begun. */
static const char *mask_word(struct text *text, const char *line)
{
    const char *value = after_blanks(line);
    if (*value == '=') {
        text_add(text, "=***");
        return after_parameter(after_blanks(value + 1));
    }
    if ((*value == 'E' || *value == 'e') && value[1] == '\'')
        value++;
    if (*value != '\'')
        return line;
    text_add(text, " '***'");
    return after_constant(value);
}

/* "//user:password@host": from the slashes on. The same. */
static const char *mask_address(struct text *text, const char *line)
{
    size_t authority = strcspn(line + 2, "/?# \t\r\n'\""), user = strcspn(line + 2, ":");
    const char *at = memrchr(line + 2, '@', authority);
    if (!at || user >= (size_t)(at - line - 2))
        return line;
    text_append(text, line, 2 + user + 1);
    text_add(text, "***");
    return at;
}

void message_without_password(struct text *text, const char *line)
{
    static const char word[] = "PASSWORD";
    while (*line) {
        const char *before = line;
        if (!strncasecmp(line, word, strlen(word))) {
            text_append(text, line, strlen(word));
            line = mask_word(text, line + strlen(word));
        } else if (text_starts(line, "//")) {
            line = mask_address(text, line);
        }
        if (line == before)
            text_append(text, line++, 1);
    }
}
