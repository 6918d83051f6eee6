/* test_message.c: which of psql's and pg_restore's messages are harmless, which fail a restore, and
 * why. */
#include "postgres/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define AT "psql:<stdin>:12: "
#define RESTORE "pg_restore: "

static const struct message_setting first = {.user = "postgres"};
static const struct message_setting again = {.user = "postgres", .again = true};
static const struct message_setting other_user = {.user = "ad*min"};

static const struct {
    const char *line;
    const struct message_setting *setting;
    enum message_class class;
} rows[] = {
    {AT "ERROR:  role \"postgres\" already exists", &first, MESSAGE_HARMLESS},
    {"ERROR:  role \"postgres\" already exists", &first, MESSAGE_HARMLESS},
    {AT "ERROR:  role \"postgres\" already exists", &other_user, MESSAGE_ERROR},
    {AT "ERROR:  role \"ad*min\" already exists", &other_user, MESSAGE_HARMLESS},
    {AT "ERROR:  role \"adXmin\" already exists", &other_user, MESSAGE_ERROR},
    {AT "ERROR:  role \"limor_app\" already exists", &first, MESSAGE_ERROR},
    {AT "ERROR:  role \"limor_app\" already exists", &again, MESSAGE_HARMLESS},
    {AT "ERROR:  database \"postgres\" already exists", &first, MESSAGE_HARMLESS},
    {AT "ERROR:  database \"limor_prod\" already exists", &again, MESSAGE_ERROR},
    {AT "ERROR:  schema \"public\" already exists", &first, MESSAGE_HARMLESS},
    {AT "ERROR:  schema \"shop\" already exists", &first, MESSAGE_ERROR},
    {AT "WARNING:  no privileges were granted for \"public\"", &first, MESSAGE_HARMLESS},
    {AT "WARNING:  database \"x\" has a collation version mismatch", &first, MESSAGE_WARNING},
    {AT "NOTICE:  extension \"vector\" already exists, skipping", &first, MESSAGE_INFORMATION},
    {AT "error: invalid command \\N", &first, MESSAGE_ERROR},
    {"psql: error: connection to server failed", &first, MESSAGE_ERROR},
    {AT "FATAL:  the database system is shutting down", &first, MESSAGE_ERROR},
    {AT "something that psql has never said", &first, MESSAGE_ERROR},
    {"DETAIL:  Key (id)=(1) already exists.", &first, MESSAGE_PART},
    {AT "STATEMENT:  CREATE ROLE postgres;", &first, MESSAGE_PART},
    {"LINE 1: CREATE ROLE postgres;", &first, MESSAGE_PART},
    {"CONTEXT:  COPY orders, line 3", &first, MESSAGE_PART},
    {"    a second line of a statement with ERROR:  in it", &first, MESSAGE_PART},
    {"", &first, MESSAGE_PART},
    {RESTORE "error: could not execute query: ERROR:  database \"postgres\" already exists", &first,
     MESSAGE_HARMLESS},
    {RESTORE "error: could not execute query: ERROR:  relation \"x\" already exists", &first,
     MESSAGE_ERROR},
    {RESTORE "error: COPY failed for table \"x\": ERROR:  missing data", &first, MESSAGE_ERROR},
    {RESTORE "error: a worker process died unexpectedly", &first, MESSAGE_ERROR},
    {RESTORE "FATAL:  the database system is shutting down", &first, MESSAGE_ERROR},
    {RESTORE "warning: errors ignored on restore: 1", &first, MESSAGE_INFORMATION},
    {RESTORE "warning: restoring tables WITH OIDS is not supported anymore", &first,
     MESSAGE_WARNING},
    {RESTORE "WARNING:  no privileges were granted for \"public\"", &first, MESSAGE_HARMLESS},
    {RESTORE "creating INDEX \"shop.error: ERROR:  x\"", &first, MESSAGE_INFORMATION},
    {RESTORE "from TOC entry 3346; 1262 5 DATABASE postgres postgres", &first, MESSAGE_INFORMATION},
    {"pg_restore:pg_restore:  finished item 12", &first, MESSAGE_INFORMATION},
    {"pg_restore:pg_restore: error: could not execute query: ERROR:  no", &first, MESSAGE_ERROR},
    {" error: could not execute query: ERROR:  no", &first, MESSAGE_ERROR},
    {"Command was: CREATE DATABASE postgres;", &first, MESSAGE_PART},
};

static void classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message message = message_classify(rows[i].line, rows[i].setting);
        if (message.class != rows[i].class)
            print_error("%s\n", rows[i].line);
        assert_int_equal(message.class, rows[i].class);
        if (message.class == MESSAGE_HARMLESS)
            assert_non_null(message.reason);
    }
}

static void places(void **state)
{
    (void)state;
    struct message message = message_classify(AT "ERROR:  boom", &first);
    assert_int_equal(message.line, 12);
    assert_string_equal(message.text, "ERROR:  boom");
    assert_null(message.reason);
    assert_int_equal(message_classify("psql:<stdin>:x: ERROR:  boom", &first).line, 0);
}

static void assert_remedy(const char *line, const char *words)
{
    struct message message = message_classify(line, &first);
    assert_int_equal(message.class, MESSAGE_ERROR);
    assert_non_null(message.reason);
    assert_non_null(message.remedy);
    if (!strstr(message.remedy, words))
        fail_msg("\"%s\" has no \"%s\"", message.remedy, words);
}

static void causes(void **state)
{
    (void)state;
    assert_remedy(AT "ERROR:  could not open extension control file "
                     "\"/usr/share/postgresql/17/extension/vector.control\": No such file",
                  "pgvector/pgvector");
    assert_remedy(AT "ERROR:  extension \"vector\" is not available", "pgvector/pgvector");
    assert_remedy(AT "ERROR:  type \"public.vector\" does not exist", "pgvector/pgvector");
    assert_remedy(AT "ERROR:  unrecognized parameter \"pg_attver\"", "newer minor");
    assert_remedy(AT
                  "ERROR:  could not resize shared memory segment \"/PostgreSQL.1\" to 134 bytes: "
                  "No space left on device",
                  "--shm-size");
    assert_remedy(AT "ERROR:  could not extend file \"base/5/1\": No space left on device",
                  "Make room");
    assert_remedy(AT "ERROR:  unrecognized configuration parameter \"transaction_timeout\"",
                  "RESET");
    assert_remedy(AT "error: invalid command \\restrict", "newer minor");
    assert_remedy(AT "ERROR:  role \"app\" does not exist", "pg_dumpall");
}

static void assert_masked(const char *line, const char *expected)
{
    struct text text = {0};
    message_without_password(&text, line);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void passwords(void **state)
{
    (void)state;
    assert_masked("ALTER ROLE a PASSWORD 'SCRAM-SHA-256$4096:x' LOGIN",
                  "ALTER ROLE a PASSWORD '***' LOGIN");
    assert_masked("password   'it''s'' me' x", "password '***' x");
    assert_masked("PASSWORD E'a\\'b' x", "PASSWORD '***' x");
    assert_masked("PASSWORD 'cut off", "PASSWORD '***'");
    assert_masked("PASSWORD NULL", "PASSWORD NULL");
    assert_masked("password authentication failed", "password authentication failed");
    assert_masked("CREATE SUBSCRIPTION s CONNECTION 'host=a password=hush dbname=d' PUBLICATION p;",
                  "CREATE SUBSCRIPTION s CONNECTION 'host=a password=*** dbname=d' PUBLICATION p;");
    assert_masked("CONNECTION 'password = hush' PUBLICATION p",
                  "CONNECTION 'password=***' PUBLICATION p");
    assert_masked("CONNECTION 'password=''hush \\''hush'' host=a' x",
                  "CONNECTION 'password=*** host=a' x");
    assert_masked("password='hush hush' host=a", "password=*** host=a");
    assert_masked("CONNECTION 'host=a sslpassword=hush' x",
                  "CONNECTION 'host=a sslpassword=***' x");
    assert_masked("SET x = 'postgres://me:hu@sh@h/d'", "SET x = 'postgres://me:***@h/d'");
    assert_masked("see https://www.postgresql.org:80/x@y", "see https://www.postgresql.org:80/x@y");
    assert_masked("postgres://me@h:5432/d", "postgres://me@h:5432/d");
    assert_masked("SET password_encryption = 'md5'", "SET password_encryption = 'md5'");
    assert_masked("password=", "password=***");
    assert_masked("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(places),
        cmocka_unit_test(causes),
        cmocka_unit_test(passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
