/* test_postgres_parts.c: the parts of the PostgreSQL steps that need no server. */
#include "docker/docker.h"
#include "postgres/extension_path.h"
#include "postgres/trouble.h"
#include "steps/backup/pg_dump_filter.h"
#include "steps/checks/image_contents.h"
#include "steps/compare/pg_compare_rows.h"
#include "steps/compare/pg_rows.h"
#include "steps/restore/restore_tuning.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_holds(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("\"%s\" has no \"%s\"", text, words);
}

/* ---- failed connections and statements ---- */

static void assert_connecting(const char *message, bool passes, const char *remedy)
{
    struct error error = ERROR_INIT;
    assert_false(trouble_connecting(&error, "limor-postgres (127.0.0.1:5432)", message));
    assert_int_equal(error.kind, ERROR_SERVER);
    assert_holds(error.message, "limor-postgres (127.0.0.1:5432)");
    assert_null(strchr(error.message, '\n'));
    assert_holds(error.remedy, remedy);
    assert_int_equal(pg_may_come_up(&error), passes);
}

static void connecting(void **state)
{
    (void)state;
    assert_connecting(
        "connection to server at \"127.0.0.1\", port 5432 failed: Connection refused\n"
        "\tIs the server running on that host?\n",
        true, "docker ps");
    assert_connecting("FATAL:  password authentication failed for user \"postgres\"\n", false,
                      "user and password");
    assert_connecting("fe_sendauth: no password supplied\n", false, "password");
    assert_connecting("FATAL:  database \"nope\" does not exist\n", false, "name of the database");
    assert_connecting("FATAL:  role \"nope\" does not exist\n", false, "no such role");
    assert_connecting("FATAL:  the database system is starting up\n", true, "wait a moment");
    assert_connecting("FATAL:  sorry, too many clients already\n", true, "max_connections");
    assert_connecting("FATAL:  too many connections for role \"reader\"\n", true,
                      "CONNECTION LIMIT");
    assert_connecting("no answer within 300 ms", true, "doesn't answer");
    assert_connecting("received invalid response to SSL negotiation: H\n", false, "not PostgreSQL");
}

static void statements(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    trouble_statement(&error, "42501", "permission denied for table t", "SELECT 1");
    assert_holds(error.message, "permission denied for table t (SQLSTATE 42501) in: SELECT 1");
    assert_holds(error.remedy, "superuser");
    trouble_statement(&error, NULL, "lost", NULL);
    assert_string_equal(error.message, "lost");
    assert_string_equal(error.remedy, "");
}

/* ---- comparing rows ---- */

struct reports {
    int checks[3];
    struct text all;
};

static void take_report(void *context, cJSON *message)
{
    struct reports *reports = context;
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(message, "verdict");
    if (cJSON_IsNumber(verdict))
        reports->checks[verdict->valueint]++;
    char *text = cJSON_PrintUnformatted(message);
    text_printf(&reports->all, "%s\n", text);
    free(text);
    cJSON_Delete(message);
}

static void add(struct row_counts *counts, const char *database, const char *table, long long rows,
                enum pg_table_kind kind)
{
    struct pg_table item = {
        .schema = (char *)"s", .name = (char *)table, .rows = rows, .kind = kind, .digest = "7"};
    row_counts_add(counts, database, &item);
}

static struct rows_verdict compare(struct row_counts *old, struct row_counts *new, bool equal,
                                   struct reports *reports, struct text *evidence)
{
    char directory[] = "/tmp/pgrunbook-unit.XXXXXX";
    struct error error = ERROR_INIT;
    struct rows_verdict verdict;
    assert_non_null(mkdtemp(directory));
    struct step_run run = {.path = "prepare/verify",
                           .directory = directory,
                           .report = take_report,
                           .context = reports};
    const struct rows_comparison rows = {.old = old, .new = new, .equal = equal};
    assert_true(compare_row_counts(&run, &rows, &verdict, &error));
    char *sub = file_join(directory, "evidence");
    char *path = file_join(sub, "rows-prepare-verify.tsv");
    assert_true(file_read(path, 1 << 20, evidence, &error));
    unlink(path);
    rmdir(sub);
    rmdir(directory);
    free(path);
    free(sub);
    row_counts_free(old);
    row_counts_free(new);
    return verdict;
}

static void all_equal(void **state)
{
    (void)state;
    struct reports reports = {0};
    struct text evidence = {0};
    struct row_counts old = {0}, new = {0};
    add(&old, "b", "x", 5, TABLE_ORDINARY);
    add(&old, "a", "x\ty", 0, TABLE_ORDINARY);
    add(&new, "a", "x\ty", 0, TABLE_ORDINARY);
    add(&new, "b", "x", 5, TABLE_ORDINARY);
    struct rows_verdict verdict = compare(&old, &new, true, &reports, &evidence);
    assert_int_equal(verdict.compared, 2);
    assert_int_equal(verdict.failures, 0);
    assert_int_equal(reports.checks[VERDICT_PASS], 1);
    assert_holds(text_string(&evidence), "a\ts\tx y\t0\t0\tequal\t7\t7\n");
    text_free(&reports.all);
    text_free(&evidence);
}

/* One row more, one less, a table missing, one too many: each is found; a view is only mentioned.
 */
static void fill_differences(struct row_counts *old, struct row_counts *new)
{
    add(old, "a", "less", 5, TABLE_ORDINARY);
    add(new, "a", "less", 4, TABLE_ORDINARY);
    add(old, "a", "more", 5, TABLE_ORDINARY);
    add(new, "a", "more", 6, TABLE_ORDINARY);
    add(old, "a", "missing", 0, TABLE_ORDINARY);
    add(new, "a", "extra", 0, TABLE_ORDINARY);
    add(old, "a", "view", 5, TABLE_MATERIALISED);
    add(new, "a", "view", 6, TABLE_MATERIALISED);
    add(old, "a", "same", 7, TABLE_ORDINARY);
    add(new, "a", "same", 7, TABLE_ORDINARY);
}

/* A difference is explained by what the table is on both sides, and by no more than that. */
static void some_differences_lose_nothing(void **state)
{
    (void)state;
    struct reports reports = {0};
    struct text evidence = {0};
    struct row_counts old = {0}, new = {0};
    add(&new, "a", "new_version's", 3, TABLE_EXTENSION);
    add(&old, "a", "old_version's", 0, TABLE_EXTENSION);
    struct rows_verdict verdict = compare(&old, &new, true, &reports, &evidence);
    assert_int_equal(verdict.failures, 0);
    assert_int_equal(verdict.warnings, 2);
    add(&old, "a", "gone", 1, TABLE_EXTENSION);
    add(&old, "a", "less", 2, TABLE_EXTENSION);
    add(&new, "a", "less", 1, TABLE_EXTENSION);
    add(&old, "a", "was_a_table", 2, TABLE_ORDINARY);
    add(&new, "a", "was_a_table", 1, TABLE_MATERIALISED);
    verdict = compare(&old, &new, true, &reports, &evidence);
    assert_int_equal(verdict.failures, 3);
    assert_int_equal(verdict.warnings, 0);
    text_free(&reports.all);
    text_free(&evidence);
}

static void differences_fail(void **state)
{
    (void)state;
    struct reports reports = {0};
    struct text evidence = {0};
    struct row_counts old = {0}, new = {0};
    fill_differences(&old, &new);
    struct rows_verdict verdict = compare(&old, &new, true, &reports, &evidence);
    assert_int_equal(verdict.compared, 6);
    assert_int_equal(verdict.failures, 4);
    assert_int_equal(verdict.warnings, 1);
    assert_holds(verdict.first, "a: s.extra");
    assert_holds(text_string(&reports.all), "5 rows in the backup, 4 on the new server (-1)");
    assert_holds(text_string(&evidence), "a\ts\tmissing\t0\t-\tMISSING\t7\t\n");
    assert_holds(text_string(&evidence), "a\ts\textra\t-\t0\tEXTRA\t\t7\n");
    text_free(&reports.all);
    text_free(&evidence);
}

static void differences_reported(void **state)
{
    (void)state;
    struct reports reports = {0};
    struct text evidence = {0};
    struct row_counts old = {0}, new = {0};
    fill_differences(&old, &new);
    struct rows_verdict verdict = compare(&old, &new, false, &reports, &evidence);
    assert_int_equal(verdict.failures, 1);
    assert_int_equal(verdict.warnings, 4);
    assert_holds(verdict.first, "a: s.missing");
    text_free(&reports.all);
    text_free(&evidence);
}

static void few_are_shown(void **state)
{
    (void)state;
    struct reports reports = {0};
    struct text evidence = {0};
    struct row_counts old = {0}, new = {0};
    for (int i = 0; i < 5000; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        add(&old, "a", name, i, TABLE_ORDINARY);
        add(&new, "a", name, i + 1, TABLE_ORDINARY);
    }
    struct rows_verdict verdict = compare(&old, &new, true, &reports, &evidence);
    assert_int_equal(verdict.failures, 5000);
    assert_int_equal(reports.checks[VERDICT_FAIL], 21);
    assert_holds(text_string(&evidence), "a\ts\tt4999\t4999\t5000\tDIFFERENT\t7\t7\n");
    text_free(&reports.all);
    text_free(&evidence);
}

/* Equal counts of other rows, of rows that nobody read, of rows that hang elsewhere. */
static void contents_count(void **state)
{
    (void)state;
    static const char *const digests[][3] = {
        {"other", "1", "2"}, {"unread", "1", ""}, {"cut", "1@ab", "1"}, {"same", "1@ab", "1@ab"}};
    struct reports reports = {0};
    struct text evidence = {0};
    struct row_counts old = {0}, new = {0};
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        add(&old, "a", digests[i][0], 1000, TABLE_ORDINARY);
        add(&new, "a", digests[i][0], 1000, TABLE_ORDINARY);
        text_copy(old.items[i].digest, PG_DIGEST_SIZE, digests[i][1]);
        text_copy(new.items[i].digest, PG_DIGEST_SIZE, digests[i][2]);
    }
    struct rows_verdict verdict = compare(&old, &new, true, &reports, &evidence);
    assert_int_equal(verdict.failures, 3);
    assert_holds(text_string(&reports.all), "count 1 000 = 1 000, contents differ");
    assert_holds(text_string(&reports.all), "but the contents weren't read on the new server");
    assert_holds(text_string(&reports.all), "not a partition or child of the same tables");
    assert_holds(text_string(&evidence), "a\ts\tunread\t1000\t1000\tUNPROVEN\t1\t\n");
    assert_holds(text_string(&evidence), "a\ts\tsame\t1000\t1000\tequal\t1@ab\t1@ab\n");
    text_free(&reports.all);
    text_free(&evidence);
}

static void known_rows(void **state)
{
    (void)state;
    cJSON *rows = cJSON_Parse("[{\"column\":0,\"database\":\"d\",\"schema\":\"s\",\"table\":\"t\","
                              "\"rows\":3},{\"column\":1,\"database\":\"d\",\"schema\":\"s\","
                              "\"table\":\"t\",\"rows\":4},{\"column\":0},{}]");
    struct step_run run = {.rows = rows};
    struct row_counts counts = {0};
    row_counts_known(&run, ROWS_SNAPSHOT, &counts);
    assert_int_equal(counts.count, 1);
    assert_int_equal(counts.items[0].rows, 3);
    row_counts_free(&counts);
    cJSON_Delete(rows);
}

/* ---- the filter of dumps ---- */

static bool append(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    text_append(context, bytes, length);
    return true;
}

static void filter(const char *database, const char *dump, size_t piece, struct text *result)
{
    struct dump_filter filter;
    struct error error = ERROR_INIT;
    dump_filter_begin(&filter, database, append, result);
    for (size_t at = 0; at < strlen(dump); at += piece) {
        size_t left = strlen(dump) - at;
        assert_true(dump_filter_feed(&filter, dump + at, left < piece ? left : piece, &error));
    }
    assert_true(dump_filter_end(&filter, &error));
}

static void filtering(void **state)
{
    (void)state;
    static const char dump[] = "--\nSET a;\nCREATE DATABASE postgres WITH TEMPLATE = template0;\n"
                               "ALTER DATABASE postgres OWNER TO app;\n\\connect postgres\n"
                               "CREATE DATABASE postgres WITH;\nlast";
    static const char wanted[] = "--\nSET a;\n-- every server has this database\n"
                                 "ALTER DATABASE postgres OWNER TO app;\n\\connect postgres\n"
                                 "CREATE DATABASE postgres WITH;\nlast";
    for (size_t piece = 1; piece < 70; piece++) {
        struct text result = {0};
        filter("postgres", dump, piece, &result);
        assert_string_equal(text_string(&result), wanted);
        text_consume(&result, result.length);
        filter("limor", dump, piece, &result);
        assert_string_equal(text_string(&result), dump);
        text_free(&result);
    }
    struct text empty = {0};
    filter("template1", "", 1, &empty);
    assert_int_equal(empty.length, 0);
    text_free(&empty);
}

/* ---- settings of a restore ---- */

static void assert_tuning(unsigned long long available, unsigned long long shared, long cores,
                          const struct restore_load *load, const char *wanted)
{
    struct restore_machine machine = {available << 20, shared << 20, cores};
    struct text options = {0};
    restore_tuning(&machine, load, &options);
    assert_string_equal(text_string(&options), wanted);
    text_free(&options);
}

static void tuning(void **state)
{
    static const struct restore_load unknown = {0}, two = {.jobs = 2}, eight = {.jobs = 8},
                                     little = {.bytes = 100 << 20, .jobs = 2};
    (void)state;
    assert_tuning(0, 0, 0, &unknown,
                  "-c maintenance_work_mem=64MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=0");
    /* Docker's 64 MB of shared memory hold no parallel build. */
    assert_tuning(4096, 64, 4, &unknown,
                  "-c maintenance_work_mem=512MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=0");
    assert_tuning(4096, 256, 0, &unknown,
                  "-c maintenance_work_mem=224MB -c synchronous_commit=off");
    /* Two builds at once fit into it together. */
    assert_tuning(24576, 4096, 2, &two,
                  "-c maintenance_work_mem=2016MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=1");
    assert_tuning(24576, 4096, 1, &two,
                  "-c maintenance_work_mem=2016MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=0");
    assert_tuning(24576, 4096, 2, &little,
                  "-c maintenance_work_mem=200MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=1");
    assert_tuning(65536, 65536, 64, &eight,
                  "-c maintenance_work_mem=2048MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=8");
    /* Eight wouldn't fit into it. */
    assert_tuning(65536, 512, 64, &eight,
                  "-c maintenance_work_mem=2048MB -c synchronous_commit=off "
                  "-c max_parallel_maintenance_workers=0");
}

/* ---- what an image holds ---- */

static void image_contents(void **state)
{
    (void)state;
    struct image_contents contents = {0};
    static const char output[] =
        "server: postgres (PostgreSQL) 17.12 (Debian 17.12-0+deb13u1)\n"
        "extension: /usr/share/postgresql/17/extension/vector.control: default_version = '0.8.0'\n"
        "extension: /usr/share/postgresql/17/extension/uuid-ossp.control: default_version = '1.1'\n"
        "extension: /x/odd.control: \nextension: nonsense\nnoise\n"
        "script: vector--0.8.0.sql\nscript: vector--0.7.4--0.8.0.sql\nscript: odd\n"
        "library: vector.so\nlibrary: _int.so\nlibc: glibc 2.41\n";
    assert_true(image_contents_parse(output, &contents));
    assert_int_equal(contents.release.major, 17);
    assert_int_equal(contents.release.minor, 12);
    assert_int_equal(cJSON_GetArraySize(contents.extensions), 3);
    const cJSON *vector = cJSON_GetObjectItemCaseSensitive(contents.extensions, "vector");
    assert_string_equal(cJSON_GetStringValue(vector), "0.8.0");
    assert_true(extension_updates(contents.scripts, "vector", "0.7.4", "0.8.0"));
    assert_true(cJSON_HasObjectItem(contents.libraries, "vector"));
    assert_true(cJSON_HasObjectItem(contents.libraries, "_int"));
    assert_string_equal(contents.libc, "glibc 2.41");
    image_contents_free(&contents);
    assert_false(image_contents_parse("extension: /x/vector.control: v\n", &contents));
    image_contents_free(&contents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connecting),       cmocka_unit_test(statements),
        cmocka_unit_test(all_equal),        cmocka_unit_test(some_differences_lose_nothing),
        cmocka_unit_test(differences_fail), cmocka_unit_test(differences_reported),
        cmocka_unit_test(few_are_shown),    cmocka_unit_test(contents_count),
        cmocka_unit_test(known_rows),       cmocka_unit_test(filtering),
        cmocka_unit_test(tuning),           cmocka_unit_test(image_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
