/* hba.h: the rules of pg_hba.conf: read, held against another server's, and which of them a client
 * meets. */
#ifndef POSTGRES_HBA_H
#define POSTGRES_HBA_H

#include "postgres/connection.h"

struct hba_rule {
    int line;
    char *type; /* "local", "host", "hostssl", ... */
    struct text_list databases, users;
    char *address; /* "all", "10.0.0.0", "samenet", a host's name; "" for local */
    char *netmask; /* "" when the address is no number */
    char *method;  /* "scram-sha-256", "md5", "trust", ... */
    char *options; /* "a=b c=d" */
};

struct hba_rules {
    struct hba_rule *items; /* as they stand in the file */
    size_t count;
    char *file;    /* its path on the server */
    bool inside;   /* it stands in the data directory */
    char *trouble; /* the first line that can't be read, "line 12: why"; or NULL */
};

/* From pg_hba_file_rules, which shows the file and not what was loaded; for superusers. Free in any
 * case. Source: PostgreSQL manual, "pg_hba_file_rules". */
bool hba_read(struct pg_connection *connection, struct hba_rules *rules, struct error *error);
void hba_rules_free(struct hba_rules *rules);

/* Appends the rule in one line, without what may be secret in its options. */
void hba_rule_text(struct text *text, const struct hba_rule *rule);
/* Whether `rules` have the same rule. */
bool hba_has(const struct hba_rules *rules, const struct hba_rule *rule);

struct hba_client {
    const char *database, *user;
    const struct text_list *roles; /* that the user is a member of, directly or not */
    const char *address;           /* as the server sees it */
    bool encrypted;                /* by TLS */
};

/* The first rule that fits a client which connects by TCP; NULL when none does, or when that can't
 * be told as a rule names a host or a network of the server's. Source: PostgreSQL manual, "The
 * pg_hba.conf File". */
const struct hba_rule *hba_match(const struct hba_rules *rules, const struct hba_client *client);

#endif
