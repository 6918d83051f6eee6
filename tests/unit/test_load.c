/* test_load.c: a dump's table of contents, read and cut off everywhere, what of it may be loaded
 * when, what the process that loads is told of several dumps at once, and what such processes
 * share. */
#include "postgres/dump_alone.h"
#include "steps/restore/load_commands.h"
#include "steps/restore/load_cost.h"
#include "steps/restore/load_foreign_key.h"
#include "steps/restore/load_memory.h"
#include "steps/restore/load_queue.h"
#include "steps/restore/load_shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* An entry as pg_dump writes it. */
struct written {
    int id;
    enum toc_section section;
    const char *kind, *name, *definition, *copy, *file;
    int needs[3]; /* 0 ends them */
};

static void put_integer(struct text *toc, int value)
{
    unsigned rest = (unsigned)(value < 0 ? -value : value);
    char bytes[5] = {value < 0, (char)(rest & 255), (char)(rest >> 8 & 255),
                     (char)(rest >> 16 & 255), (char)(rest >> 24)};
    text_append(toc, bytes, sizeof bytes);
}

static void put_text(struct text *toc, const char *text)
{
    put_integer(toc, text ? (int)strlen(text) : -1);
    text_add(toc, text ? text : "");
}

static void put_head(struct text *toc, char minor, int compression, int count)
{
    const char head[] = {'P', 'G', 'D', 'M', 'P', 1, minor, 0, 4, 8, 3};
    text_append(toc, head, sizeof head);
    if (minor < 15)
        put_integer(toc, compression);
    else
        text_append(toc, &(const char){(char)compression}, 1);
    for (int i = 0; i < 7; i++)
        put_integer(toc, i);
    put_text(toc, "shop");
    put_text(toc, "15.20");
    put_text(toc, "15.20");
    put_integer(toc, count);
}

static void put_entry(struct text *toc, char minor, const struct written *entry)
{
    char number[16];
    put_integer(toc, entry->id);
    put_integer(toc, *entry->file != '\0');
    put_text(toc, "1259");
    put_text(toc, "16385");
    put_text(toc, entry->name);
    put_text(toc, entry->kind);
    put_integer(toc, (int)entry->section);
    put_text(toc, entry->definition);
    put_text(toc, "");
    put_text(toc, *entry->copy ? entry->copy : NULL);
    put_text(toc, "public");
    put_text(toc, NULL);
    put_text(toc, "heap");
    if (minor >= 16)
        put_integer(toc, 'r');
    put_text(toc, "owner");
    put_text(toc, "false");
    for (size_t i = 0; i < 3 && entry->needs[i]; i++) {
        snprintf(number, sizeof number, "%d", entry->needs[i]);
        put_text(toc, number);
    }
    put_text(toc, NULL);
    put_text(toc, entry->file);
}

#define COPY(table) "COPY public." table " (id) FROM stdin;\n"
static const struct written shop[] = {
    {1, TOC_PRE_DATA, "TABLE", "large", "CREATE TABLE", "", "", {0}},
    {2, TOC_PRE_DATA, "TABLE", "small", "CREATE TABLE", "", "", {0}},
    {3, TOC_NONE, "ACL", "TABLE small", "GRANT", "", "", {2, 0}},
    {10, TOC_DATA, "TABLE DATA", "large", "", COPY("large"), "10.dat", {1, 0}},
    {11, TOC_DATA, "TABLE DATA", "small", "", COPY("small"), "11.dat", {2, 0}},
    {12, TOC_DATA, "TABLE DATA", "of_an_extension", "", COPY("e"), "12.dat", {99, 0}},
    {13, TOC_DATA, "BLOBS", "BLOBS", "", "", "blobs.toc", {0}},
    {14, TOC_DATA, "SEQUENCE SET", "seq", "SELECT setval", "", "", {0}},
    {20,
     TOC_POST_DATA,
     "CONSTRAINT",
     "large_pkey",
     "ALTER TABLE ADD CONSTRAINT large_pkey PRIMARY KEY (a)",
     "",
     "",
     {1, 0}},
    {21, TOC_POST_DATA, "INDEX", "large_a", "CREATE INDEX USING btree (a)", "", "", {1, 0}},
    {22, TOC_POST_DATA, "INDEX", "large_v", "CREATE INDEX USING hnsw (v)", "", "", {1, 0}},
    {23, TOC_POST_DATA, "INDEX", "small_a", "CREATE INDEX", "", "", {2, 20, 0}},
    {24, TOC_POST_DATA, "INDEX", "of_a_key", "CREATE INDEX", "", "", {2, 25, 0}},
    {25, TOC_POST_DATA, "FK CONSTRAINT", "fk", "ALTER TABLE", "", "", {1, 2, 0}},
};
#define SHOP (sizeof shop / sizeof shop[0])

static void write_all(struct text *bytes, char minor, int compression, const struct written *items,
                      size_t count)
{
    put_head(bytes, minor, compression, (int)count);
    for (size_t i = 0; i < count; i++)
        put_entry(bytes, minor, &items[i]);
}

static void write_shop(struct text *bytes, char minor, int compression)
{
    write_all(bytes, minor, compression, shop, SHOP);
}

static void read_shop(struct toc *toc, char minor)
{
    struct text bytes = {0};
    struct error error = ERROR_INIT;
    write_shop(&bytes, minor, 0);
    assert_true(toc_parse(bytes.bytes, bytes.length, toc, &error));
    text_free(&bytes);
}

static void test_reads_every_form(void **state)
{
    (void)state;
    for (char minor = 14; minor <= 16; minor++) {
        struct toc toc;
        read_shop(&toc, minor);
        assert_int_equal(toc.count, SHOP);
        assert_false(toc.compressed);
        const struct toc_entry *entry = toc_find(&toc, 11);
        assert_non_null(entry);
        assert_string_equal(entry->kind, "TABLE DATA");
        assert_string_equal(entry->copy, COPY("small"));
        assert_string_equal(entry->file, "11.dat");
        assert_int_equal(entry->needed, 1);
        assert_int_equal(entry->needs[0], 2);
        assert_int_equal(toc_find(&toc, 3)->section, TOC_PRE_DATA);
        assert_null(toc_find(&toc, 99));
        toc_free(&toc);
    }
}

static void test_says_that_it_is_compressed(void **state)
{
    (void)state;
    for (char minor = 14; minor <= 16; minor++) {
        struct text bytes = {0};
        struct toc toc;
        struct error error = ERROR_INIT;
        write_shop(&bytes, minor, 1);
        assert_true(toc_parse(bytes.bytes, bytes.length, &toc, &error));
        assert_true(toc.compressed);
        toc_free(&toc);
        text_free(&bytes);
    }
}

static void test_no_part_is_taken_for_the_whole(void **state)
{
    struct text bytes = {0};
    (void)state;
    write_shop(&bytes, 16, 0);
    for (size_t length = 0; length < bytes.length; length++) {
        char *part = xmalloc(length + 1); /* of its own, so that a read beyond its end shows */
        struct toc toc;
        struct error error = ERROR_INIT;
        memcpy(part, bytes.bytes, length);
        assert_false(toc_parse(part, length, &toc, &error));
        toc_free(&toc);
        free(part);
    }
    text_free(&bytes);
}

static void test_refuses_what_it_does_not_know(void **state)
{
    static const size_t places[] = {0, 5, 6, 8, 10};
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct text bytes = {0};
        struct toc toc;
        struct error error = ERROR_INIT;
        write_shop(&bytes, 16, 0);
        bytes.bytes[places[i]] = 17;
        assert_false(toc_parse(bytes.bytes, bytes.length, &toc, &error));
        toc_free(&toc);
        text_free(&bytes);
    }
}

static int next_id(struct load_queue *queue, struct load_item **item)
{
    *item = load_queue_next(queue);
    return *item ? (*item)->entry->id : 0;
}

static void test_order_of_loading(void **state)
{
    struct toc toc;
    struct load_item *item, *rows, *hnsw, *other;
    (void)state;
    read_shop(&toc, 15);
    struct load_queue *queue = load_queue_new(&toc);
    assert_int_equal(load_queue_left(queue), 8);
    assert_int_equal(next_id(queue, &item), 14);
    load_queue_finished(queue, item);
    assert_int_equal(next_id(queue, &item), 0); /* nothing is dumped */
    assert_null(load_queue_follow(queue, 12));
    rows = load_queue_follow(queue, 10);
    assert_non_null(rows);
    assert_false(rows->dumped);
    assert_null(load_queue_follow(queue, 10));
    load_queue_dumped(queue, 10, 1000);
    assert_true(rows->dumped);
    load_queue_dumped(queue, 11, 10);
    load_queue_dumped(queue, 12, 10);
    load_queue_dumped(queue, 4711, 10);
    assert_int_equal(next_id(queue, &item), 11);
    load_queue_finished(queue, rows);
    assert_int_equal(next_id(queue, &hnsw), 22); /* before the other builds */
    assert_true(load_build_is_parallel(hnsw->entry));
    assert_false(load_build_is_sort(hnsw->entry));
    assert_int_equal(next_id(queue, &other), 21); /* the key would lock it out */
    assert_true(load_build_is_sort(other->entry));
    assert_int_equal(next_id(queue, &rows), 0);
    load_queue_finished(queue, hnsw);
    assert_int_equal(next_id(queue, &rows), 0);
    load_queue_finished(queue, other);
    assert_int_equal(next_id(queue, &other), 20);
    assert_true(load_build_is_sort(other->entry));
    load_queue_finished(queue, item);
    assert_int_equal(next_id(queue, &rows), 0); /* one waits for the key, which locks the other */
    load_queue_finished(queue, other);
    assert_int_equal(next_id(queue, &item), 23);
    assert_int_equal(next_id(queue, &rows), 0); /* the foreign key locks both tables */
    load_queue_finished(queue, item);
    assert_int_equal(next_id(queue, &item), 25);
    assert_true(load_build_is_foreign_key(item->entry));
    load_queue_finished(queue, item);
    assert_int_equal(load_queue_left(queue), 0);
    load_queue_free(queue);
    toc_free(&toc);
}

static void test_the_rest_is_pg_restores(void **state)
{
    struct toc toc;
    struct restore_lists rest = {0};
    bool files = false;
    (void)state;
    read_shop(&toc, 16);
    struct load_queue *queue = load_queue_new(&toc);
    assert_int_equal(load_queue_rest(queue, &rest, &files), 3);
    assert_string_equal(text_string(&rest.beside), "12;\n13;\n24;\n");
    assert_string_equal(text_string(&rest.alone), "");
    assert_true(files);
    restore_lists_free(&rest);
    load_queue_free(queue);
    assert_null(toc_alone(&toc));
    toc_free(&toc);
}

static const struct written tree[] = {
    {1, TOC_PRE_DATA, "TABLE", "root", "CREATE TABLE", "", "", {0}},
    {2, TOC_PRE_DATA, "TABLE", "leaf", "CREATE TABLE", "", "", {0}},
    {3, TOC_PRE_DATA, "TABLE", "refers", "CREATE TABLE", "", "", {0}},
    {4, TOC_PRE_DATA, "FUNCTION", "fires()", "CREATE FUNCTION", "", "", {0}},
    {12, TOC_DATA, "TABLE DATA", "leaf", "", COPY("leaf"), "12.dat", {2, 0}},
    {13, TOC_DATA, "TABLE DATA", "refers", "", COPY("refers"), "13.dat", {3, 0}},
    {20, TOC_POST_DATA, "CONSTRAINT", "root_pkey", "ALTER TABLE", "", "", {1, 0}},
    {21, TOC_POST_DATA, "CONSTRAINT", "leaf_pkey", "ALTER TABLE", "", "", {2, 0}},
    {22, TOC_POST_DATA, "INDEX ATTACH", "leaf_pkey", "ALTER INDEX", "", "", {20, 21, 0}},
    {23, TOC_POST_DATA, "EVENT TRIGGER", "fires", "CREATE EVENT TRIGGER", "", "", {4, 0}},
    {24, TOC_NONE, "COMMENT", "EVENT TRIGGER fires", "COMMENT", "", "", {23, 0}},
    {25, TOC_POST_DATA, "TRIGGER", "root touched", "CREATE TRIGGER", "", "", {1, 0}},
    {26, TOC_POST_DATA, "FK CONSTRAINT", "to_root", "ALTER TABLE", "", "", {3, 1, 22}},
    {27, TOC_NONE, "COMMENT", "CONSTRAINT to_root ON refers", "COMMENT", "", "", {26, 0}},
    {28, TOC_NONE, "DEFAULT ACL", "DEFAULT PRIVILEGES", "ALTER DEFAULT", "", "", {0}},
    {29, TOC_POST_DATA, "MATERIALIZED VIEW DATA", "view", "REFRESH", "", "", {1, 0}},
};
#define TREE (sizeof tree / sizeof tree[0])

static void test_what_mustnt_go_beside_others(void **state)
{
    struct text bytes = {0};
    struct toc toc;
    struct error error = ERROR_INIT;
    struct restore_lists rest = {0};
    bool files = false;
    (void)state;
    write_all(&bytes, 15, 0, tree, TREE);
    assert_true(toc_parse(bytes.bytes, bytes.length, &toc, &error));
    bool *alone = toc_alone(&toc);
    assert_non_null(alone);
    for (size_t i = 0; i < TREE; i++)
        assert_int_equal(alone[i], tree[i].id >= 22 && tree[i].id != 25 && tree[i].id != 29);
    struct load_queue *queue = load_queue_new(&toc);
    assert_int_equal(load_queue_rest(queue, &rest, &files), 8);
    assert_string_equal(text_string(&rest.beside), "25;\n29;\n");
    assert_string_equal(text_string(&rest.alone), "22;\n23;\n24;\n26;\n27;\n28;\n");
    assert_false(files);
    restore_lists_free(&rest);
    text_free(&bytes);
    load_queue_free(queue);
    free(alone);
    toc_free(&toc);
}

static void say(int file, const char *words)
{
    assert_int_equal(write(file, words, strlen(words)), strlen(words));
}

static void check_database(const struct load_database *database, const char *name,
                           const char *directory, bool contents, bool dumped)
{
    assert_string_equal(database->name, name);
    assert_string_equal(database->directory, directory);
    assert_int_equal(database->contents, contents);
    assert_int_equal(database->dumped, dumped);
}

static void test_dumps_of_several_databases_at_once(void **state)
{
    struct load_commands commands = {0};
    struct error error = ERROR_INIT;
    int files[2];
    (void)state;
    assert_int_equal(pipe(files), 0);
    commands.file = files[0];
    say(files[1],
        "{\"roles\": true}\n{\"database\": \"shop\", \"directory\": \"01-shop\", \"bytes\": 4711}\n"
        "{\"database\": \"a \\\"b\\n\", \"directory\": \"02-a\"}\n"
        "{\"database\": \"shop\", \"contents\": true}\n"
        "{\"database\": \"a \\\"b\\n\", \"item\": 7}\n"
        "{\"database\": \"unknown\", \"item\": 8}\n{\"item\": 9}\n"
        "{\"database\": \"shop\", \"item\": 10}\n"
        "{\"database\": \"a \\\"b\\n\", \"dumped\": true}\n{\"database\": \"shop\", ");
    assert_true(load_commands_take(&commands, true, &error));
    assert_int_equal(commands.count, 2);
    assert_true(commands.roles);
    check_database(&commands.databases[0], "shop", "01-shop", true, false);
    check_database(&commands.databases[1], "a \"b\n", "02-a", false, true);
    assert_true(commands.databases[0].bytes == 4711);
    assert_int_equal(commands.databases[0].row_count, 1);
    assert_int_equal(commands.databases[0].rows[0], 10);
    assert_int_equal(commands.databases[1].row_count, 1);
    assert_int_equal(commands.databases[1].rows[0], 7);
    say(files[1], "\"dumped\": true}\n{\"complete\": true}\n");
    assert_true(load_commands_take(&commands, true, &error));
    assert_true(commands.databases[0].dumped && commands.complete);
    close(files[1]);
    assert_false(load_commands_take(&commands, false, &error));
    close(files[0]);
    load_commands_free(&commands);
}

static char names[][10] = {"a", "b", "c", "d", "e", "postgres", "template1"};
#define MB ((long long)1 << 20)
static struct pg_database_entry uneven[] = {
    {names[5], 7 * MB, false, true},   {names[0], 100 * MB, false, true},
    {names[1], -1, false, false},      {names[6], 8 * MB, true, true},
    {names[2], 10 * MB, false, true},  {names[3], 300 * MB, false, true},
    {names[4], 500 * MB, false, true}, {names[1], 8 * MB, false, true}};

static void check_shares_of(const struct restore_machine *machine, size_t databases, long jobs,
                            size_t count, long long at_once)
{
    const struct pg_database_list list = {uneven, databases};
    struct load_shares shares = load_shares(&list, jobs, machine);
    assert_int_equal(shares.count, count);
    assert_true(shares.at_once == (double)at_once);
}

static void check_shares(size_t databases, long jobs, size_t count, long long at_once)
{
    check_shares_of(&(const struct restore_machine){0}, databases, jobs, count, at_once);
}

static void test_databases_at_once(void **state)
{
    (void)state;
    check_shares(0, 2, 1, 0);
    check_shares(4, 8, 1, 0); /* two that every server has, one that can't be dumped */
    check_shares(5, 8, 2, 110 * MB);
    check_shares(8, 1, 1, 0); /* one thing at once */
    check_shares(8, 2, 2, 800 * MB);
    check_shares(8, 8, 4, 910 * MB);
    check_shares(8, 20, 3, 900 * MB); /* connections of all of them together */
    check_shares(8, 64, 1, 0);
    uneven[0].bytes = 200 * MB; /* somebody works in "postgres" */
    check_shares(4, 8, 2, 300 * MB);
    uneven[0].bytes = 7 * MB;
    const struct restore_machine little = {(unsigned long long)(4096 * MB), 0, 8};
    check_shares_of(&little, 8, 8, 2, 800 * MB); /* sixteen with 64 MB are a quarter of it */
    check_shares_of(&little, 8, 20, 1, 0);
}

static void test_shares_are_no_more_than_the_whole(void **state)
{
    const struct pg_database_list list = {uneven, sizeof uneven / sizeof uneven[0]};
    struct load_shares shares = load_shares(&list, 2, &(const struct restore_machine){0});
    unsigned long long largest = 0, second = 0;
    (void)state;
    for (size_t i = 0; i < list.count; i++) {
        struct restore_machine machine = {8000, 1600, 4};
        load_shares_limit((double)list.items[i].bytes, shares.at_once, &machine);
        assert_int_equal(machine.cores, 4);
        assert_in_range(machine.shared, machine.available / 5, machine.available / 5 + 1);
        if (list.items[i].bytes == 500 * MB)
            largest = machine.available;
        else if (machine.available > second)
            second = machine.available;
    }
    assert_int_equal(largest, 5000);
    assert_int_equal(second, 3000);
    struct restore_machine machine = {8000, 1600, 4};
    load_shares_limit(0, 0, &machine);
    assert_int_equal(machine.available, 8000);
}

static double cost_of(const char *table, const char *kind, const char *definition)
{
    char *parts[] = {xstrdup(table), xstrdup(kind), xstrdup(definition)};
    struct toc_entry of_table = {.definition = parts[0]};
    struct toc_entry build = {.kind = parts[1], .definition = parts[2]};
    double cost = load_cost_of_build(&build, &of_table);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        free(parts[i]);
    return cost;
}

static void test_what_builds_cost(void **state)
{
    static const char table[] = "CREATE TABLE public.t (\n    id bigint NOT NULL,\n    note text,\n"
                                "    noted date,\n    code character varying(9),\n"
                                "    \"Odd (\" citext,\n    \"text\" integer\n);\n";
    static const struct {
        const char *columns;
        double cost;
    } indexes[] = {{"id", 1},          {"note", 4},      {"noted", 1},    {"code DESC", 4},
                   {"\"Odd (\"", 4},   {"note, id", 4},  {"id, note", 1}, {"\"text\"", 1},
                   {"lower(note)", 4}, {"((id + 1))", 4}};
    struct text definition = {0};
    (void)state;
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        text_consume(&definition, definition.length);
        text_printf(&definition, "CREATE INDEX i ON public.t USING btree (%s);\n",
                    indexes[i].columns);
        assert_true(cost_of(table, "INDEX", text_string(&definition)) == indexes[i].cost);
    }
    text_free(&definition);
    assert_true(cost_of(table, "CONSTRAINT",
                        "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT p PRIMARY KEY (id);\n") ==
                1);
    assert_true(cost_of(table, "CONSTRAINT",
                        "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT u UNIQUE (note);\n") == 4);
    assert_true(cost_of(table, "INDEX", "CREATE INDEX i ON public.t USING gin (id);\n") == 4);
    assert_true(cost_of(table, "FK CONSTRAINT", "ALTER TABLE ONLY public.t") < 1);
    assert_true(cost_of("CREATE TABLE cut_off", "INDEX", "CREATE INDEX USING btree (id") == 4);
    assert_true(cost_of("", "INDEX", "CREATE INDEX USING btree (") == 4);
}

#define KEY                                                                                        \
    "ALTER TABLE ONLY public.a\n    ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES public.b(id)"
static void check_key(const char *definition, const char *made, bool checked)
{
    struct text sql = {0};
    load_foreign_key_add(&sql, definition);
    assert_true(text_starts(text_string(&sql), made));
    assert_int_equal(strstr(text_string(&sql), "VALIDATE CONSTRAINT") != NULL, checked);
    assert_int_equal(sql.length > strlen(made), checked);
    text_free(&sql);
}

static void test_foreign_keys_are_checked_or_left_as_they_are(void **state)
{
    static const char of_partitions[] = "ALTER TABLE public.a\n    ADD CONSTRAINT k FOREIGN KEY "
                                        "(b) REFERENCES public.b(id);\n";
    (void)state;
    check_key(KEY ";\n", KEY " NOT VALID;\n", true);
    check_key(KEY " DEFERRABLE INITIALLY DEFERRED;\n",
              KEY " DEFERRABLE INITIALLY DEFERRED NOT VALID;\n", true);
    check_key(KEY " NOT VALID;\n", KEY " NOT VALID;\n", false);
    check_key(KEY " NOT ENFORCED;\n", KEY " NOT ENFORCED;\n", false);
    check_key(KEY "; -- odd", KEY "; -- odd", false);
    check_key(of_partitions, of_partitions, false);
}

static long memory_of(const char *how, double bytes, double rows, long most, long helpers)
{
    struct text definition = {0};
    text_printf(&definition, "CREATE INDEX i ON t USING %s (a)", how);
    struct toc_entry entry = {.definition = definition.bytes};
    const struct load_item item = {.entry = &entry, .bytes = bytes, .rows = rows};
    long memory = load_memory(&item, most, helpers);
    text_free(&definition);
    return memory;
}

static void test_memory_of_builds(void **state)
{
    (void)state;
    assert_int_equal(memory_of("btree", 0, 0, 512, 0), 8);
    assert_int_equal(memory_of("btree", 1e8, 1e6, 512, 0), 8);
    assert_int_equal(memory_of("btree", 1e8, 1e6, 512, 1), 64); /* each has half of it */
    assert_int_equal(memory_of("btree", 1e8, 1e6, 4, 0), 4);
    assert_int_equal(memory_of("btree", 1e8, 1e6, 48, 1), 48);
    assert_int_equal(memory_of("hnsw", 1e8, 1e6, 512, 0), 512);
    assert_int_equal(memory_of("gin", 1e8, 1e6, 512, 3), 512);
}

/* One go is enough: memory for a buffer of each run, and not more runs than PostgreSQL merges at
 * once; and no more memory than that takes. Keys of narrow rows take more than their rows do. */
static void test_sorts_are_merged_in_one_go(void **state)
{
    (void)state;
    for (double rows = 1e7; rows < 1e12; rows *= 10)
        for (double width = 10; width < 1000; width *= 3) {
            double memory =
                (double)memory_of("btree", rows * width, rows, 1L << 40, 0) * (double)MB;
            double keys = rows * (44 + width / 2), runs = keys / memory;
            assert_true(runs < 1.1 * memory / (272 << 10) && runs < 550);
            assert_true(memory < 10.0 * (double)MB || runs > 0.5 * memory / (272 << 10) ||
                        runs > 350);
        }
    assert_true(memory_of("btree", 1e9, 0, 512, 0) >= memory_of("btree", 1e9, 1e7, 512, 0));
    assert_true(memory_of("btree", 1e9, 1e8, 512, 0) > memory_of("btree", 1e9, 1e7, 512, 0));
}

/* What is behind a table counts: its own rows are few, its indexes are of texts. */
static const struct written urgent[] = {
    {1, TOC_PRE_DATA, "TABLE", "plain", "CREATE TABLE plain (\n    id bigint\n)", "", "", {0}},
    {2,
     TOC_PRE_DATA,
     "TABLE",
     "texts",
     "CREATE TABLE texts (\n    t text,\n    u text\n)",
     "",
     "",
     {0}},
    {3, TOC_PRE_DATA, "TABLE", "few", "CREATE TABLE few (\n    id bigint\n)", "", "", {0}},
    {10, TOC_DATA, "TABLE DATA", "plain", "", COPY("plain"), "10.dat", {1, 0}},
    {11, TOC_DATA, "TABLE DATA", "texts", "", COPY("texts"), "11.dat", {2, 0}},
    {12, TOC_DATA, "TABLE DATA", "few", "", COPY("few"), "12.dat", {3, 0}},
    {20, TOC_POST_DATA, "INDEX", "by_id", "CREATE INDEX USING btree (id)", "", "", {1, 0}},
    {21, TOC_POST_DATA, "INDEX", "by_t", "CREATE INDEX USING btree (t)", "", "", {2, 0}},
    {22, TOC_POST_DATA, "INDEX", "by_u", "CREATE INDEX USING btree (u)", "", "", {2, 0}},
    {23, TOC_POST_DATA, "FK CONSTRAINT", "fk", "ALTER TABLE ONLY", "", "", {1, 2, 0}},
};

static void test_the_longest_begins_first(void **state)
{
    struct text bytes = {0};
    struct toc toc;
    struct error error = ERROR_INIT;
    struct load_item *plain, *texts, *few, *build;
    (void)state;
    write_all(&bytes, 16, 0, urgent, sizeof urgent / sizeof urgent[0]);
    assert_true(toc_parse(bytes.bytes, bytes.length, &toc, &error));
    struct load_queue *queue = load_queue_new(&toc);
    load_queue_dumped(queue, 10, 20e6);
    load_queue_dumped(queue, 12, 2e6);
    load_queue_dumped(queue, 11, 10e6);
    assert_int_equal(next_id(queue, &texts), 11); /* (2.5 + 4 + 4) * 10 */
    assert_int_equal(next_id(queue, &plain), 10); /* (2.5 + 1) * 20 */
    load_queue_finished(queue, plain);
    assert_int_equal(next_id(queue, &build), 20); /* 20, before 2.5 * 2 */
    load_queue_finished(queue, build);
    assert_int_equal(next_id(queue, &few), 12);
    load_queue_finished(queue, few);
    /* left: rows of texts 25, its two indexes 40 each, the key 0.5 * 20 */
    assert_true(load_queue_others(queue, texts) * 25 == 90);
    assert_int_equal(next_id(queue, &build), 0);
    load_queue_finished(queue, texts);
    assert_int_equal(next_id(queue, &build), 21);
    assert_int_equal(next_id(queue, &texts), 22); /* before the key, which locks the table */
    assert_true(load_queue_others(queue, build) * 40 == 50);
    load_queue_finished(queue, build);
    assert_int_equal(next_id(queue, &build), 0);
    load_queue_finished(queue, texts);
    assert_int_equal(next_id(queue, &build), 23);
    assert_true(load_queue_others(queue, build) == 0);
    load_queue_finished(queue, build);
    load_queue_free(queue);
    toc_free(&toc);
    text_free(&bytes);
}

/* The shop's queue with the large table dumped, and its sequence set. */
static struct load_queue *begin_shop(struct toc *toc, double bytes)
{
    struct load_item *sequence;
    read_shop(toc, 15);
    struct load_queue *queue = load_queue_new(toc);
    load_queue_dumped(queue, 10, bytes);
    assert_int_equal(next_id(queue, &sequence), 14);
    load_queue_finished(queue, sequence);
    return queue;
}

/* How many rows there are is known to the builds that wait for them, of the larger table. */
static void test_builds_know_their_rows(void **state)
{
    struct toc toc;
    struct load_item *rows, *small, *build;
    (void)state;
    struct load_queue *queue = begin_shop(&toc, 9e6);
    load_queue_dumped(queue, 11, 8e6);
    assert_int_equal(next_id(queue, &rows), 10);
    assert_int_equal(next_id(queue, &small), 11);
    rows->rows = 900;
    small->rows = 800;
    load_queue_finished(queue, rows);
    load_queue_finished(queue, small);
    static const double known[][2] = {{22, 900}, {20, 900}, {23, 800}, {21, 900}, {25, 900}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(next_id(queue, &build), (int)known[i][0]);
        assert_true(build->rows == known[i][1]);
        load_queue_finished(queue, build);
    }
    load_queue_free(queue);
    toc_free(&toc);
}

/* Builds of small tables don't pile up behind the rows of all the others. */
static void test_small_builds_do_not_wait(void **state)
{
    struct toc toc;
    struct load_item *item;
    (void)state;
    struct load_queue *queue = begin_shop(&toc, 1000);
    assert_int_equal(next_id(queue, &item), 10);
    load_queue_finished(queue, item);
    load_queue_dumped(queue, 11, 1000000);
    assert_int_equal(next_id(queue, &item), 22);
    load_queue_finished(queue, item);
    assert_int_equal(next_id(queue, &item), 20); /* less work than the rows */
    load_queue_free(queue);
    toc_free(&toc);
}

static void test_nobody_is_alone_while_rows_are_dumped(void **state)
{
    struct toc toc;
    struct load_item *rows, *build;
    (void)state;
    struct load_queue *queue = begin_shop(&toc, 1000);
    assert_int_equal(next_id(queue, &rows), 10);
    load_queue_finished(queue, rows);
    assert_int_equal(next_id(queue, &build), 22);
    assert_true(load_queue_others(queue, build) > 1e300);
    load_queue_dumped(queue, 11, 10);
    assert_true(load_queue_others(queue, build) < 10);
    load_queue_free(queue);
    toc_free(&toc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_every_form),
        cmocka_unit_test(test_says_that_it_is_compressed),
        cmocka_unit_test(test_no_part_is_taken_for_the_whole),
        cmocka_unit_test(test_refuses_what_it_does_not_know),
        cmocka_unit_test(test_order_of_loading),
        cmocka_unit_test(test_the_longest_begins_first),
        cmocka_unit_test(test_builds_know_their_rows),
        cmocka_unit_test(test_small_builds_do_not_wait),
        cmocka_unit_test(test_nobody_is_alone_while_rows_are_dumped),
        cmocka_unit_test(test_what_builds_cost),
        cmocka_unit_test(test_memory_of_builds),
        cmocka_unit_test(test_sorts_are_merged_in_one_go),
        cmocka_unit_test(test_foreign_keys_are_checked_or_left_as_they_are),
        cmocka_unit_test(test_the_rest_is_pg_restores),
        cmocka_unit_test(test_what_mustnt_go_beside_others),
        cmocka_unit_test(test_dumps_of_several_databases_at_once),
        cmocka_unit_test(test_databases_at_once),
        cmocka_unit_test(test_shares_are_no_more_than_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
