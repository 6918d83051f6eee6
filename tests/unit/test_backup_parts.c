/* test_backup_parts.c: a backup directory's manifest, its files, what pg_restore lists of it, the
 * setting of compression, what a change of a table looks like, and a database's share of the jobs.
 */
#include "postgres/shape.h"
#include "steps/backup/backup.h"
#include "steps/backup/backup_compression.h"
#include "steps/backup/backup_contents.h"
#include "steps/backup/backup_manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MANIFEST(version, files, end)                                                              \
    "{\"pgrunbook_backup\": " version ", \"databases\": [{\"name\": \"a\", \"directory\": "        \
    "\"01-a\", \"tables\": [[\"s\", \"t\", 3, \"\"]]}], \"files\": [" files "]" end "}"
#define FILE_ENTRY(path) "{\"path\": \"" path "\", \"bytes\": 3, \"sha256\": \"" HASH "\"}"
#define END ", \"complete\": true"

static char *directory;

static int make_directory(void **state)
{
    char pattern[] = "/tmp/pgrunbook-unit.XXXXXX";
    *state = NULL;
    const char *made = mkdtemp(pattern);
    directory = made ? xstrdup(made) : NULL;
    return directory ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    struct error ignored = ERROR_INIT;
    char *link = file_join(directory, "link");
    unlink(link);
    backup_tree_clear(directory, &ignored);
    free(link);
    free(directory);
    return 0;
}

static void put(const char *name, const char *content)
{
    struct error error = ERROR_INIT;
    char *path = file_join(directory, name);
    assert_true(file_write_atomic(path, content, strlen(content), 0600, &error));
    free(path);
}

static void make_inner(const char *name)
{
    char *path = file_join(directory, name);
    assert_int_equal(mkdir(path, 0700), 0);
    free(path);
}

static bool there(const char *name)
{
    char *path = file_join(directory, name);
    bool exists = file_exists(path);
    free(path);
    return exists;
}

static void manifest_forms(void **state)
{
    static const struct {
        const char *json;
        const char *words; /* of the error, NULL for none */
    } rows[] = {
        {MANIFEST("1", FILE_ENTRY("01-a/toc.dat"), END), NULL},
        {MANIFEST("1", FILE_ENTRY("01-a/toc.dat") "," FILE_ENTRY("globals.sql"), END), NULL},
        {MANIFEST("1", FILE_ENTRY("01-a/toc.dat"), ""), "mark of its end"},
        {MANIFEST("2", FILE_ENTRY("01-a/toc.dat"), END), "another version"},
        {MANIFEST("1", FILE_ENTRY("../toc.dat"), END), "wrong form"},
        {MANIFEST("1", FILE_ENTRY("/etc/passwd"), END), "wrong form"},
        {MANIFEST("1", FILE_ENTRY("a/b/c"), END), "wrong form"},
        {MANIFEST("1", FILE_ENTRY("a/.."), END), "wrong form"},
        {MANIFEST("1", FILE_ENTRY("a/"), END), "wrong form"},
        {MANIFEST("1", FILE_ENTRY("manifest.json"), END), "wrong form"},
        {MANIFEST("1", "{\"path\": \"a\", \"bytes\": 3}", END), "wrong form"},
        {"{\"pgrunbook_backup\": 1, \"databases\": [], \"files\": [], \"complete\": true}",
         "no databases"},
        {"{\"pgrunbook_backup\": 1, \"databases\": [{\"name\"", "can't be read to its end"},
        {"", "can't be read to its end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = ERROR_INIT;
        cJSON *manifest =
            backup_manifest_parse(rows[i].json, strlen(rows[i].json), "/backup", &error);
        if ((manifest == NULL) != (rows[i].words != NULL))
            fail_msg("%s", rows[i].json);
        if (rows[i].words && !strstr(error.message, rows[i].words))
            fail_msg("\"%s\" has no \"%s\"", error.message, rows[i].words);
        cJSON_Delete(manifest);
    }
}

static void make_backup(void)
{
    make_inner("01-a");
    put("01-a/toc.dat", "toc");
    put("globals.sql", "sql");
    put(BACKUP_MANIFEST,
        MANIFEST("1", FILE_ENTRY("01-a/toc.dat") "," FILE_ENTRY("globals.sql"), END));
}

static bool fits(struct error *error)
{
    struct backup_tree tree;
    assert_true(backup_tree_read(directory, &tree, error));
    cJSON *manifest = backup_manifest_read(directory, error);
    assert_non_null(manifest);
    bool fit = backup_manifest_fits(manifest, directory, &tree, error);
    cJSON_Delete(manifest);
    backup_tree_free(&tree);
    return fit;
}

static void files_held_against_the_manifest(void **state)
{
    struct error error = ERROR_INIT;
    (void)state;
    make_backup();
    assert_true(fits(&error));
    put("globals.sql", "sq");
    assert_false(fits(&error));
    assert_non_null(strstr(error.message, "globals.sql has 2 bytes instead of 3"));
    put("globals.sql", "sql");
    put("01-a/more", "x");
    assert_false(fits(&error));
    assert_non_null(strstr(error.message, "holds 01-a/more"));
}

static void nothing_else_is_removed(void **state)
{
    struct error error = ERROR_INIT;
    (void)state;
    make_backup();
    put("photo", "x");
    assert_false(backup_manifest_remove(directory, &error));
    assert_non_null(strstr(error.message, "nothing was removed"));
    assert_true(there("01-a/toc.dat") && there("photo") && there(BACKUP_MANIFEST));
    char *photo = file_join(directory, "photo"), *link = file_join(directory, "link");
    unlink(photo);
    assert_int_equal(symlink("/etc", link), 0);
    assert_false(backup_manifest_remove(directory, &error));
    assert_true(there("01-a/toc.dat"));
    unlink(link);
    assert_true(backup_manifest_remove(directory, &error));
    assert_false(file_exists(directory));
    free(photo);
    free(link);
}

/* After a crash in the middle of a removal: some files are gone, then all but the directory. */
static void removal_goes_on(void **state)
{
    struct error error = ERROR_INIT;
    (void)state;
    make_backup();
    char *path = file_join(directory, "01-a/toc.dat");
    unlink(path);
    free(path);
    assert_true(backup_manifest_remove(directory, &error));
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_true(backup_manifest_remove(directory, &error));
    assert_false(file_exists(directory));
}

static void trees(void **state)
{
    struct error error = ERROR_INIT;
    struct backup_tree tree;
    (void)state;
    make_backup();
    assert_true(backup_tree_read(directory, &tree, &error));
    assert_int_equal(tree.count, 4);
    assert_non_null(backup_tree_find(&tree, "01-a/toc.dat"));
    assert_null(backup_tree_find(&tree, "01-a/toc"));
    assert_true(backup_tree_find(&tree, "01-a")->directory);
    backup_tree_free(&tree);
    make_inner("01-a/deeper");
    assert_false(backup_tree_read(directory, &tree, &error));
    assert_non_null(strstr(error.message, "01-a/deeper is neither"));
    backup_tree_free(&tree);
    char *deeper = file_join(directory, "01-a/deeper");
    rmdir(deeper);
    free(deeper);
}

static void compression(void **state)
{
    static const struct {
        const char *setting;
        int major;
        const char *option; /* NULL: an error */
    } rows[] = {
        {"none", 13, "--compress=0"},
        {"gzip:1", 13, "--compress=1"},
        {"gzip:9", 17, "--compress=9"},
        {"gzip", 15, "--compress=1"},
        {"gzip:0", 15, NULL},
        {"gzip:10", 15, NULL},
        {"gzip:x", 15, NULL},
        {"gzip:", 15, NULL},
        {"zstd:3", 16, "--compress=zstd:3"},
        {"zstd:3", 15, NULL},
        {"zstd:23", 17, NULL},
        {"lz4", 17, "--compress=lz4:1"},
        {"lz4", 13, NULL},
        {"none:1", 17, NULL},
        {"", 17, NULL},
        {"zstd:3 --file=x", 17, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct error error = ERROR_INIT;
        char *option = backup_compression_option(rows[i].setting, rows[i].major, &error);
        if (!text_equal(option, rows[i].option))
            fail_msg("%s: %s", rows[i].setting, option ? option : error.message);
        assert_true(option || *error.remedy);
        free(option);
    }
}

static const char list[] = ";     dbname: a\n;\n; Selected TOC Entries:\n;\n"
                           "3746; 0 16747 TABLE DATA shop customers limor_owner\n"
                           "245; 1259 16875 TABLE shop nothing limor_owner\n"
                           "3750; 0 16750 TABLE DATA odd na me two owner\n"
                           "3756; 0 16799 MATERIALIZED VIEW DATA shop view limor_owner\n";

static bool holds(const struct backup_contents *contents, const char *tables)
{
    struct error error = ERROR_INIT;
    char *json = xprintf("{\"tables\": %s}", tables);
    cJSON *database = cJSON_Parse(json);
    assert_non_null(database);
    bool hold = backup_contents_hold(contents, database, &error);
    cJSON_Delete(database);
    free(json);
    return hold;
}

static void contents(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 60; piece += 7) {
        struct backup_contents contents = {0};
        for (size_t at = 0; at < strlen(list); at += piece)
            backup_contents_take(&contents, list + at,
                                 strlen(list) - at < piece ? strlen(list) - at : piece);
        backup_contents_sort(&contents);
        assert_int_equal(contents.tables.count, 2);
        assert_true(holds(&contents, "[]"));
        assert_true(holds(&contents, "[[\"shop\", \"customers\", 1, \"\"]]"));
        assert_true(holds(&contents, "[[\"odd\", \"na me\\ntwo\", 1, \"\"]]"));
        assert_false(holds(&contents, "[[\"shop\", \"customer\", 1, \"\"]]"));
        assert_false(holds(&contents, "[[\"shop\", \"nothing\", 1, \"\"]]"));
        assert_false(holds(&contents, "[[\"shop\", \"view\", 1, \"\"]]"));
        backup_contents_free(&contents);
    }
}

#define OID(number) "00000" number
#define MARK "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *change(const char *const *before, const char *const *after)
{
    struct shape left = {0}, right = {0};
    for (; *before; before++)
        text_list_add(&left.tables, *before);
    for (; *after; after++)
        text_list_add(&right.tables, *after);
    char *table = shape_first_change(&left, &right);
    shape_free(&left);
    shape_free(&right);
    return table;
}

static void shapes(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const two[] = {OID("10001") MARK "s.a", OID("10005") MARK "s.b", NULL};
    static const char *const more[] = {OID("10000") MARK "s.x", OID("10001") MARK "s.a",
                                       OID("10003") MARK "s.y", OID("10005") MARK "s.b",
                                       OID("10009") MARK "s.z", NULL};
    static const char *const emptied[] = {OID("10001") MARK "s.a", OID("10005") OTHER "s.b", NULL};
    static const char *const dropped[] = {OID("10005") MARK "s.b", NULL};
    (void)state;
    char *b = change(two, emptied), *a = change(two, dropped), *all = change(two, none);
    assert_null(change(two, two));
    assert_null(change(two, more));
    assert_null(change(none, two));
    assert_string_equal(b, "s.b");
    assert_string_equal(a, "s.a");
    assert_string_equal(all, "s.a");
    free(a);
    free(b);
    free(all);
}

static int share(double total, long long bytes, int most)
{
    const struct backup backup = {.total = total};
    const struct pg_database_entry database = {.bytes = bytes};
    return backup_share(&backup, &database, most);
}

static void shares(void **state)
{
    (void)state;
    assert_int_equal(share(1000, 1000, 8), 8);
    assert_int_equal(share(1000, 500, 8), 4);
    assert_int_equal(share(1000, 501, 8), 5);
    assert_int_equal(share(1000, 1, 8), 1);
    assert_int_equal(share(1000, 0, 8), 1);
    assert_int_equal(share(1000, -1, 8), 1);
    assert_int_equal(share(1000, 2000, 8), 8); /* it has grown */
    assert_int_equal(share(1000, 1000, 1), 1);
    assert_int_equal(share(0, 0, 8), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest_forms),
        cmocka_unit_test_setup_teardown(files_held_against_the_manifest, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(nothing_else_is_removed, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(removal_goes_on, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(trees, make_directory, remove_directory),
        cmocka_unit_test(compression),
        cmocka_unit_test(contents),
        cmocka_unit_test(shapes),
        cmocka_unit_test(shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
