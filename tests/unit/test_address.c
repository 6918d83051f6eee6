/* test_address.c: an address more, and telling the neighbours of it, between two network namespaces
 * of this process's own. Only root may make them: without it they are skipped. */
#include "base/address.h"
#include "base/announce.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COMMON "10.99.0.9"

struct world {
    int left, right; /* namespaces that a cable joins: 10.99.0.1 and 10.99.0.2 */
};

static void enter(int namespace)
{
    assert_int_equal(setns(namespace, CLONE_NEWNET), 0);
}

static void run(const char *command)
{
    assert_int_equal(system(command), 0);
}

static int make_namespace(void)
{
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_world(void **state)
{
    static struct world world;
    char command[200];
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
        return 0;
    world.left = make_namespace();
    run("ip link add here type veth peer name there && ip link set lo up && ip link set here up "
        "&& ip addr add 10.99.0.1/24 dev here");
    world.right = make_namespace();
    enter(world.left);
    snprintf(command, sizeof command, "ip link set there netns /proc/%d/fd/%d", (int)getpid(),
             world.right);
    run(command);
    enter(world.right);
    run("ip link set lo up && ip link set there up && ip addr add 10.99.0.2/24 dev there");
    *state = &world;
    return 0;
}

static struct world *world_of(void **state)
{
    if (!*state)
        skip();
    return *state;
}

/* Who was asked in vain isn't asked again for a second. */
static void forget_neighbours(const struct world *world)
{
    enter(world->left);
    run("ip neigh flush all");
}

/* What a client on the left gets: 0 or errno. */
static int connect_to(int namespace, const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5432)};
    enter(namespace);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval limit = {.tv_usec = 500000};
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    int result = connect(client, (const void *)&to, sizeof to) == 0 ? 0 : errno;
    close(client);
    return result;
}

static void test_refuses_for_an_address_more(void **state)
{
    struct world *world = world_of(state);
    struct error error = ERROR_INIT;
    assert_int_not_equal(connect_to(world->left, COMMON), ECONNREFUSED);
    enter(world->right);
    assert_true(address_add(COMMON, &error));
    assert_false(address_add(COMMON, &error));
    forget_neighbours(world);
    assert_int_equal(connect_to(world->left, COMMON), ECONNREFUSED);
    enter(world->right);
    assert_true(address_remove(COMMON, &error));
    forget_neighbours(world);
    assert_int_not_equal(connect_to(world->left, COMMON), ECONNREFUSED);
}

static void test_announces_the_new_owner(void **state)
{
    struct world *world = world_of(state);
    struct error error = ERROR_INIT;
    size_t count = 0;
    enter(world->left);
    run("ip neigh replace " COMMON " lladdr 02:00:00:00:00:01 dev here nud reachable");
    enter(world->right);
    assert_true(address_add(COMMON, &error));
    assert_int_not_equal(connect_to(world->left, COMMON), ECONNREFUSED);
    enter(world->right);
    assert_true(announce_addresses(&count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(connect_to(world->left, COMMON), ECONNREFUSED);
    enter(world->right);
    assert_true(address_remove(COMMON, &error));
}

static void test_needs_an_interface_of_that_subnet(void **state)
{
    struct world *world = world_of(state);
    struct error error = ERROR_INIT;
    enter(world->right);
    assert_false(address_add("192.0.2.7", &error));
    assert_non_null(strstr(error.message, "192.0.2.7 can't be taken"));
    assert_false(address_add("2001:db8::1", &error));
    assert_false(address_remove(COMMON, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_for_an_address_more),
        cmocka_unit_test(test_announces_the_new_owner),
        cmocka_unit_test(test_needs_an_interface_of_that_subnet),
    };
    return cmocka_run_group_tests(tests, make_world, NULL);
}
