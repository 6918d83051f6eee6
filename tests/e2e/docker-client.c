/* docker-client.c: the Docker client against a real engine. docker-client.sh gives it the name of a
 * container that runs, in the environment variable BOX, and a prefix for what it makes, in PREFIX.
 */
#include "base/clock.h"
#include "base/json.h"
#include "docker/image.h"
#include "docker/lifecycle.h"
#include "docker/logs.h"
#include "docker/network.h"
#include "docker/system.h"
#include "docker/volume.h"
#include "docker/watch.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ASSERT_DONE(call)                                                                          \
    do {                                                                                           \
        bool done = (call);                                                                        \
        if (!done)                                                                                 \
            print_message("%s\n", error.message);                                                  \
        assert_true(done);                                                                         \
    } while (0)

struct world {
    struct docker *docker;
    const char *box;
    char *volume, *container;
};

static int set_up(void **state)
{
    struct world *world = xcalloc(1, sizeof *world);
    struct error error = ERROR_INIT;
    const char *prefix = getenv("PREFIX");
    world->box = getenv("BOX");
    world->docker = docker_open(&error);
    if (!world->docker || !world->box || !prefix) {
        print_message("%s\n", error.message);
        return -1;
    }
    world->volume = xprintf("%s-volume", prefix);
    world->container = xprintf("%s-made", prefix);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    docker_close(world->docker);
    free(world->volume);
    free(world->container);
    free(world);
    return 0;
}

static void the_engine_says_who_it_is(void **state)
{
    struct world *world = *state;
    struct docker_system system;
    struct error error = ERROR_INIT;
    ASSERT_DONE(docker_system_read(world->docker, &system, &error));
    assert_true(docker_version_compare(system.version, "20.10") >= 0);
    assert_true(*system.id && *system.name);
    assert_true(system.directory[0] == '/');
    docker_system_free(&system);
}

static void containers_there_and_not(void **state)
{
    struct world *world = *state;
    struct docker_container container;
    struct error error = ERROR_INIT;
    ASSERT_DONE(docker_inspect(world->docker, world->box, &container, &error));
    assert_true(container.exists);
    assert_string_equal(container.name, world->box);
    assert_string_equal(container.state, "running");
    assert_true(container.started_ms > 0 && container.started_ms <= clock_wall_ms());
    assert_true(container.process > 0);
    docker_container_free(&container);
    ASSERT_DONE(docker_inspect(world->docker, "no/such?container", &container, &error));
    assert_false(container.exists);
    docker_container_free(&container);
}

static void the_nearest_name_is_the_remedy(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_INIT;
    char *wrong = xprintf("%sx", world->box);
    assert_false(docker_no_container(world->docker, wrong, &error));
    assert_non_null(strstr(error.remedy, world->box));
    free(wrong);
}

static void both_outputs_and_the_exit_status(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"sh", "-c", "echo out; echo oops >&2; exit 7", NULL};
    struct text output = {0}, error_output = {0};
    struct error error = ERROR_INIT;
    int exit_status = 0;
    ASSERT_DONE(docker_exec_collect(world->docker, world->box, arguments, &output, &error_output,
                                    &exit_status, &error));
    assert_int_equal(exit_status, 7);
    assert_string_equal(text_string(&output), "out\n");
    assert_string_equal(text_string(&error_output), "oops\n");
    text_free(&output);
    text_free(&error_output);
}

/* Numbered bytes in, the same bytes out. */
struct echo {
    size_t left, given, taken;
    bool wrong;
    size_t stop_after; /* write refuses then; 0: never */
};

static char byte_at(size_t place)
{
    return (char)((place * 31 + place / 4099) & 0xFF);
}

static long give(void *context, char *buffer, size_t size, struct error *error)
{
    struct echo *echo = context;
    size_t count = echo->left < size ? echo->left : size;
    (void)error;
    for (size_t i = 0; i < count; i++)
        buffer[i] = byte_at(echo->given + i);
    echo->given += count;
    echo->left -= count;
    return (long)count;
}

static bool take(void *context, const char *bytes, size_t length, struct error *error)
{
    struct echo *echo = context;
    for (size_t i = 0; i < length; i++)
        echo->wrong = echo->wrong || bytes[i] != byte_at(echo->taken + i);
    echo->taken += length;
    if (echo->stop_after && echo->taken >= echo->stop_after)
        return error_set(error, ERROR_OTHER, "enough");
    return true;
}

static void much_goes_in_and_comes_out_whole(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"cat", NULL};
    struct echo echo = {.left = (size_t)48 << 20};
    struct docker_exec exec = {.container = world->box,
                               .arguments = arguments,
                               .read = give,
                               .write = take,
                               .context = &echo,
                               .timeout_ms = 20000};
    struct error error = ERROR_INIT;
    int exit_status = -1;
    ASSERT_DONE(docker_exec_run(world->docker, &exec, &exit_status, &error));
    assert_int_equal(exit_status, 0);
    assert_true(echo.taken == (size_t)48 << 20);
    assert_false(echo.wrong);
}

/* A command that takes ten bytes of much more. */
static bool takes_ten(const struct world *world, bool reads_all, struct error *error)
{
    static const char *const arguments[] = {"head", "-c", "10", NULL};
    struct echo echo = {.left = (size_t)32 << 20};
    struct docker_exec exec = {.container = world->box,
                               .arguments = arguments,
                               .read = give,
                               .write = take,
                               .context = &echo,
                               .timeout_ms = 20000,
                               .reads_all = reads_all};
    int exit_status = -1;
    bool done = docker_exec_run(world->docker, &exec, &exit_status, error);
    assert_int_equal(exit_status, 0);
    assert_true(echo.taken == 10);
    return done;
}

static void a_command_may_end_before_its_input(void **state)
{
    struct error error = ERROR_INIT;
    ASSERT_DONE(takes_ten(*state, false, &error));
}

static void one_that_reads_all_has_not_succeeded_then(void **state)
{
    struct error error = ERROR_INIT;
    assert_false(takes_ten(*state, true, &error));
    assert_non_null(strstr(error.message, "broke off"));
}

static void the_caller_may_stop_it(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"cat", "/dev/zero", NULL};
    struct echo echo = {.stop_after = 100000};
    struct docker_exec exec = {.container = world->box,
                               .arguments = arguments,
                               .write = take,
                               .context = &echo,
                               .timeout_ms = 20000};
    struct error error = ERROR_INIT;
    int exit_status = -1;
    assert_false(docker_exec_run(world->docker, &exec, &exit_status, &error));
    assert_non_null(strstr(error.message, "enough"));
}

static void silence_ends_it(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"sleep", "30", NULL};
    struct docker_exec exec = {.container = world->box, .arguments = arguments, .timeout_ms = 300};
    struct error error = ERROR_INIT;
    int exit_status = -1;
    int64_t start = clock_monotonic_ms();
    assert_false(docker_exec_run(world->docker, &exec, &exit_status, &error));
    assert_true(clock_monotonic_ms() - start < 20000);
}

#define BOTH 2

static bool take_mark(void *context, const char *bytes, size_t length, struct error *error)
{
    (void)error;
    text_append(context, bytes, length);
    return true;
}

/* Turns both until they have ended; false at the first failure. */
static bool turn_both(struct docker_running *running[BOTH], struct error *error)
{
    bool ended[BOTH] = {false, false}, well = running[0] && running[1];
    while (well && (!ended[0] || !ended[1])) {
        struct pollfd entries[BOTH];
        int wait = 1000;
        for (int i = 0; i < BOTH; i++) {
            int patience = docker_exec_waits_for(running[i], &entries[i]);
            if (ended[i])
                entries[i].fd = -1;
            else if (patience >= 0 && patience < wait)
                wait = patience;
        }
        poll(entries, BOTH, wait);
        for (int i = 0; i < BOTH && well; i++)
            well = ended[i] || docker_exec_turn(running[i], &ended[i], error);
    }
    return well;
}

/* The first one ends only when the second has said its word, and fails. */
static void two_go_on_side_by_side(void **state)
{
    struct world *world = *state;
    static const char *const waits[] = {
        "sh", "-c", "until test -e /tmp/said; do sleep 0.1; done; echo one; exit 3", NULL};
    static const char *const says[] = {"sh", "-c", "echo two; touch /tmp/said", NULL};
    struct text heard = {0};
    struct docker_exec exec = {
        .container = world->box, .write = take_mark, .context = &heard, .timeout_ms = 20000};
    struct error error = ERROR_INIT;
    struct docker_running *running[BOTH];
    int exit_status[BOTH] = {-1, -1};
    exec.arguments = waits;
    running[0] = docker_exec_begin(world->docker, &exec, &error);
    exec.arguments = says;
    running[1] = docker_exec_begin(world->docker, &exec, &error);
    ASSERT_DONE(turn_both(running, &error));
    for (int i = 0; i < BOTH; i++)
        ASSERT_DONE(docker_exec_end(running[i], &exit_status[i], &error));
    assert_string_equal(text_string(&heard), "two\none\n");
    assert_int_equal(exit_status[0], 3);
    assert_int_equal(exit_status[1], 0);
    text_free(&heard);
}

static void secrets_go_in_the_environment(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"sh", "-c", "test \"$SECRET\" = 'a b\"c'", NULL};
    static const char *const environment[] = {"SECRET=a b\"c", NULL};
    struct docker_exec exec = {.container = world->box,
                               .arguments = arguments,
                               .environment = environment,
                               .timeout_ms = 20000};
    struct error error = ERROR_INIT;
    int exit_status = -1;
    ASSERT_DONE(docker_exec_run(world->docker, &exec, &exit_status, &error));
    assert_int_equal(exit_status, 0);
}

static void commands_that_cannot_be_run(void **state)
{
    struct world *world = *state;
    static const char *const arguments[] = {"/no/such/program", NULL};
    struct text output = {0};
    struct error error = ERROR_INIT;
    int exit_status = 0;
    if (docker_exec_collect(world->docker, world->box, arguments, &output, NULL, &exit_status,
                            &error))
        assert_int_not_equal(exit_status, 0);
    text_free(&output);
    assert_false(docker_exec_collect(world->docker, "no-such-container", arguments, NULL, NULL,
                                     &exit_status, &error));
    assert_non_null(strstr(error.message, "no-such-container"));
    assert_true(error.remedy[0] != '\0');
}

static void volumes_from_birth_to_end(void **state)
{
    struct world *world = *state;
    struct docker_volume volume;
    struct error error = ERROR_INIT;
    cJSON *labels = cJSON_Parse("{\"org.pgrunbook.test\":\"1\"}");
    bool empty = false, removed = false;
    ASSERT_DONE(docker_volume_create(world->docker, world->volume, labels, &error));
    cJSON_Delete(labels);
    ASSERT_DONE(docker_volume_inspect(world->docker, world->volume, &volume, &error));
    assert_true(volume.exists);
    assert_string_equal(docker_volume_label(&volume, "org.pgrunbook.test"), "1");
    ASSERT_DONE(docker_volume_empty(world->docker, &volume, &empty, &error));
    assert_true(empty);
    docker_volume_free(&volume);
    ASSERT_DONE(docker_volume_remove(world->docker, world->volume, &removed, &error));
    assert_true(removed);
    ASSERT_DONE(docker_volume_remove(world->docker, world->volume, &removed, &error));
    assert_false(removed);
    ASSERT_DONE(docker_volume_inspect(world->docker, world->volume, &volume, &error));
    assert_false(volume.exists);
    docker_volume_free(&volume);
}

/* A container of the box's image, with a volume, made but not started yet. */
static char *make(struct world *world, int port, struct error *error)
{
    struct docker_container box;
    char *id = NULL;
    if (!docker_inspect(world->docker, world->box, &box, error))
        return NULL;
    struct docker_creation creation = {.name = world->container,
                                       .image = box.image,
                                       .volume = world->volume,
                                       .mount = "/data",
                                       .port = port,
                                       .container_port = 6379,
                                       .address = "127.0.0.1"};
    bool made = docker_create(world->docker, &creation, &id, error);
    docker_container_free(&box);
    return made ? id : NULL;
}

static void containers_from_birth_to_end(void **state)
{
    struct world *world = *state;
    struct docker_container container;
    struct error error = ERROR_INIT;
    struct text users = {0};
    bool removed = false;
    char *id = make(world, 0, &error);
    ASSERT_DONE(id != NULL);
    ASSERT_DONE(docker_start(world->docker, world->container, &error));
    ASSERT_DONE(docker_start(world->docker, world->container, &error));
    assert_false(docker_volume_remove(world->docker, world->volume, &removed, &error));
    assert_non_null(strstr(error.message, world->container));
    ASSERT_DONE(docker_volume_users(world->docker, world->volume, &users, &error));
    assert_string_equal(text_string(&users), world->container);
    ASSERT_DONE(docker_restart(world->docker, world->container, 5000, &error));
    ASSERT_DONE(docker_stop(world->docker, world->container, 5000, &error));
    ASSERT_DONE(docker_stop(world->docker, world->container, 5000, &error));
    ASSERT_DONE(docker_inspect(world->docker, id, &container, &error));
    assert_string_equal(container.state, "exited");
    docker_container_free(&container);
    ASSERT_DONE(docker_remove(world->docker, world->container, false, &error));
    ASSERT_DONE(docker_remove(world->docker, world->container, false, &error));
    ASSERT_DONE(docker_volume_remove(world->docker, world->volume, &removed, &error));
    text_free(&users);
    free(id);
}

/* Below the ports that the kernel gives out by itself, above those of tests/lib/ports.sh. */
static int free_port(void)
{
    int first = (int)(clock_monotonic_us() % 1700);
    for (int i = 0; i < 1700; i++) {
        int port = 31000 + (first + i) % 1700;
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons((uint16_t)port)};
        int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int bound = bind(file, (const struct sockaddr *)&address, sizeof address);
        close(file);
        if (!bound)
            return port;
    }
    fail_msg("no port is free");
    return -1;
}

/* What compose.apply relies on: a container can start outside of its network, and join it while it
 * runs, and its port is bound then. */
static void a_running_container_joins_its_network(void **state)
{
    struct world *world = *state;
    struct docker_container container;
    struct error error = ERROR_INIT;
    char *holder = NULL;
    bool removed = false;
    int port = free_port();
    const struct docker_host_port wanted = {.protocol = "tcp", .port = port};
    char *id = make(world, port, &error);
    ASSERT_DONE(id != NULL);
    ASSERT_DONE(docker_network_leave(world->docker, "bridge", id, &error));
    ASSERT_DONE(docker_start(world->docker, id, &error));
    ASSERT_DONE(docker_port_holder(world->docker, &wanted, NULL, &holder, &error));
    assert_null(holder);
    ASSERT_DONE(docker_network_join(world->docker, "bridge", id, NULL, &error));
    ASSERT_DONE(docker_port_holder(world->docker, &wanted, NULL, &holder, &error));
    assert_string_equal(holder, world->container);
    ASSERT_DONE(docker_inspect(world->docker, id, &container, &error));
    assert_int_equal(docker_container_published(&container, 6379, NULL, 0), port);
    docker_container_free(&container);
    assert_false(docker_network_join(world->docker, "bridge", id, NULL, &error));
    assert_non_null(strstr(error.message, "already exists in network"));
    ASSERT_DONE(docker_remove(world->docker, id, true, &error));
    ASSERT_DONE(docker_volume_remove(world->docker, world->volume, &removed, &error));
    free(holder);
    free(id);
}

static void images_there_and_not(void **state)
{
    struct world *world = *state;
    struct docker_container box;
    struct docker_image image;
    struct error error = ERROR_INIT;
    bool removed = true;
    ASSERT_DONE(docker_inspect(world->docker, world->box, &box, &error));
    ASSERT_DONE(docker_image_inspect(world->docker, box.image, &image, &error));
    assert_true(image.exists);
    assert_string_equal(image.id, box.image_id);
    docker_image_free(&image);
    assert_false(docker_image_remove(world->docker, box.image, &removed, &error));
    assert_non_null(strstr(error.remedy, world->box));
    docker_container_free(&box);
    ASSERT_DONE(docker_image_inspect(world->docker, "no/such/image:1", &image, &error));
    assert_false(image.exists);
    docker_image_free(&image);
    ASSERT_DONE(docker_image_remove(world->docker, "no/such/image:1", &removed, &error));
    assert_false(removed);
    assert_false(docker_image_pull(world->docker, "127.0.0.1:1/no/such:1", NULL, NULL, &error));
    assert_non_null(strstr(error.message, "can't be had"));
}

static void logs_since_and_tail(void **state)
{
    struct world *world = *state;
    struct text all = {0}, none = {0}, last = {0};
    struct error error = ERROR_INIT;
    ASSERT_DONE(docker_logs(world->docker, world->box, 0, 0, 1 << 20, &all, &error));
    assert_true(all.length > 0);
    ASSERT_DONE(
        docker_logs(world->docker, world->box, clock_wall_ms() + 60000, 0, 1 << 20, &none, &error));
    assert_int_equal(none.length, 0);
    ASSERT_DONE(docker_logs(world->docker, world->box, 0, 1, 1 << 20, &last, &error));
    assert_true(last.length > 0 && last.length < all.length);
    assert_false(docker_logs(world->docker, "no-such-container", 0, 0, 100, &none, &error));
    text_free(&all);
    text_free(&none);
    text_free(&last);
}

static void live_figures(void **state)
{
    struct world *world = *state;
    const char *const names[] = {world->box, "no-such-container", ""};
    struct docker_watched watched[3];
    struct docker_watch *watch = docker_watch_new();
    struct error error = ERROR_INIT;
    for (int look = 0; look < 2; look++) {
        ASSERT_DONE(docker_watch_look(world->docker, watch, names, 3, watched, &error));
        assert_string_equal(watched[0].state, "running");
        assert_true(watched[0].memory_bytes > 0);
        assert_true(watched[0].started_ms > 0);
        assert_true(look == 0 ? watched[0].cpu_percent < 0 : watched[0].cpu_percent >= 0);
        assert_string_equal(watched[1].state, "absent");
        for (size_t i = 0; i < 3; i++)
            docker_watched_free(&watched[i]);
        clock_sleep_ms(200);
    }
    docker_watch_free(watch);
}

static void an_engine_that_is_not_there(void **state)
{
    (void)state;
    static const char *const addresses[] = {"unix:///no/such/socket", "tcp://127.0.0.1:1",
                                            "ssh://host", "nonsense"};
    char *before = getenv("DOCKER_HOST") ? xstrdup(getenv("DOCKER_HOST")) : NULL;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct error error = ERROR_INIT;
        setenv("DOCKER_HOST", addresses[i], 1);
        assert_null(docker_open(&error));
        assert_int_equal(error.kind, ERROR_DOCKER);
        assert_true(error.remedy[0] != '\0');
    }
    if (before)
        setenv("DOCKER_HOST", before, 1);
    else
        unsetenv("DOCKER_HOST");
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_says_who_it_is),
        cmocka_unit_test(containers_there_and_not),
        cmocka_unit_test(the_nearest_name_is_the_remedy),
        cmocka_unit_test(both_outputs_and_the_exit_status),
        cmocka_unit_test(much_goes_in_and_comes_out_whole),
        cmocka_unit_test(a_command_may_end_before_its_input),
        cmocka_unit_test(one_that_reads_all_has_not_succeeded_then),
        cmocka_unit_test(the_caller_may_stop_it),
        cmocka_unit_test(silence_ends_it),
        cmocka_unit_test(two_go_on_side_by_side),
        cmocka_unit_test(secrets_go_in_the_environment),
        cmocka_unit_test(commands_that_cannot_be_run),
        cmocka_unit_test(volumes_from_birth_to_end),
        cmocka_unit_test(containers_from_birth_to_end),
        cmocka_unit_test(a_running_container_joins_its_network),
        cmocka_unit_test(images_there_and_not),
        cmocka_unit_test(logs_since_and_tail),
        cmocka_unit_test(live_figures),
        cmocka_unit_test(an_engine_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
