/* test_loading.c: the command of a server that is tuned for loading, and when the data that was
 * loaded into it may be gone on with. */
#include "steps/docker/loading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_command(const char *own, const char *settings, const char *wanted)
{
    struct error error = ERROR_INIT;
    cJSON *image = own ? cJSON_Parse(own) : NULL, *map = cJSON_Parse(settings);
    cJSON *command = loading_command(image, map, &error);
    if (wanted) {
        char *text = cJSON_PrintUnformatted(command);
        assert_string_equal(text, wanted);
        cJSON_free(text);
    } else {
        assert_null(command);
        assert_non_null(strstr(error.message, "isn't the name of a setting"));
    }
    cJSON_Delete(command);
    cJSON_Delete(map);
    cJSON_Delete(image);
}

static void commands(void **state)
{
    (void)state;
    assert_command(NULL, "{\"fsync\":\"off\"}", "[\"postgres\",\"-c\",\"fsync=off\"]");
    assert_command("[]", "{}", "[\"postgres\"]");
    /* What the image sets by its command has to stay. */
    assert_command("[\"postgres\",\"-c\",\"shared_preload_libraries=x\"]",
                   "{\"fsync\":\"off\",\"max_wal_size\":\"64GB\"}",
                   "[\"postgres\",\"-c\",\"shared_preload_libraries=x\",\"-c\",\"fsync=off\","
                   "\"-c\",\"max_wal_size=64GB\"]");
    assert_command(NULL, "{\"fsync off\":\"off\"}", NULL);
    assert_command(NULL, "{\"-x\":\"off\"}", NULL);
    assert_command(NULL, "{\"\":\"off\"}", NULL);
}

static void names(void **state)
{
    (void)state;
    cJSON *settings = cJSON_Parse("{\"fsync\":\"off\",\"max_wal_size\":\"64GB\"}");
    cJSON *command = cJSON_Parse("[\"postgres\",\"-c\",\"max_wal_size=1GB\"]");
    char *label = loading_names(settings);
    char *all = loading_names_not_in(label, NULL), *rest = loading_names_not_in(label, command);
    assert_string_equal(label, "fsync,max_wal_size");
    assert_string_equal(all, "{fsync,max_wal_size}");
    assert_string_equal(rest, "{fsync}");
    free(rest);
    free(all);
    free(label);
    cJSON_Delete(command);
    cJSON_Delete(settings);
}

#define TUNED "{\"Config\":{\"Labels\":{\"org.pgrunbook.loading\":\"fsync\"}}}"
#define PLAIN "{\"Config\":{\"Labels\":{}}}"
#define BEGUN "{\"loading.c\":{\"container\":\"id\",\"started_ms\":1000,\"durable\":false}}"
#define DURABLE "{\"loading.c\":{\"durable\":true}}"

static enum loading_state state_of(const char *facts, const char *inspect, const char *id,
                                   int64_t started_ms, const char *status)
{
    char identity[8], name[] = "c", status_copy[16];
    strcpy(identity, id);
    strcpy(status_copy, status);
    struct docker_container container = {.exists = inspect != NULL,
                                         .id = identity,
                                         .name = name,
                                         .state = status_copy,
                                         .started_ms = started_ms,
                                         .inspect = inspect ? cJSON_Parse(inspect) : NULL};
    struct step_run run = {.facts = cJSON_Parse(facts)};
    enum loading_state state = loading_state(&run, "c", &container);
    cJSON_Delete((cJSON *)(uintptr_t)run.facts);
    cJSON_Delete(container.inspect);
    return state;
}

static void states(void **state)
{
    (void)state;
    assert_int_equal(state_of("{}", PLAIN, "id", 1000, "running"), LOADING_NEVER);
    assert_int_equal(state_of("{}", NULL, "", 0, ""), LOADING_NEVER);
    assert_int_equal(state_of(BEGUN, TUNED, "id", 1000, "running"), LOADING_GOES_ON);
    /* Another container, another run of it, none, or one that nobody knows about. */
    assert_int_equal(state_of(BEGUN, TUNED, "other", 1000, "running"), LOADING_INTERRUPTED);
    assert_int_equal(state_of(BEGUN, TUNED, "id", 1001, "running"), LOADING_INTERRUPTED);
    assert_int_equal(state_of(BEGUN, TUNED, "id", 1000, "exited"), LOADING_INTERRUPTED);
    assert_int_equal(state_of(BEGUN, NULL, "", 0, ""), LOADING_INTERRUPTED);
    assert_int_equal(state_of("{}", TUNED, "id", 1000, "running"), LOADING_INTERRUPTED);
    /* The ordinary one is in its place, but nothing says that all was synced. */
    assert_int_equal(state_of(BEGUN, PLAIN, "new", 2000, "running"), LOADING_INTERRUPTED);
    assert_int_equal(state_of(DURABLE, PLAIN, "new", 2000, "running"), LOADING_DURABLE);
    assert_int_equal(state_of(DURABLE, PLAIN, "new", 3000, "exited"), LOADING_DURABLE);
    assert_int_equal(state_of(DURABLE, TUNED, "id", 1000, "running"), LOADING_INTERRUPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(names),
        cmocka_unit_test(states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
