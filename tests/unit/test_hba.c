/* test_hba.c: which rule of pg_hba.conf a client meets, and which rules another server lacks. */
#include "postgres/hba.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct hba_rule rule(const char *type, const char *database, const char *user,
                            const char *address, const char *netmask, const char *method)
{
    struct hba_rule made = {.type = xstrdup(type),
                            .address = xstrdup(address),
                            .netmask = xstrdup(netmask),
                            .method = xstrdup(method),
                            .options = xstrdup("")};
    text_list_add(&made.databases, database);
    text_list_add(&made.users, user);
    return made;
}

static struct hba_rules rules_of(size_t count)
{
    return (struct hba_rules){.items = xcalloc(count, sizeof(struct hba_rule)), .count = count};
}

/* ---- the rule that a client meets ---- */

static const struct {
    const char *type, *database, *user, *address, *netmask;
    bool fits;
} cases[] = {
    {"host", "all", "all", "all", "", true},
    {"local", "all", "all", "", "", false},
    {"host", "shop", "app", "172.17.0.0", "255.255.0.0", true},
    {"host", "shop", "app", "172.18.0.0", "255.255.0.0", false},
    {"host", "shop", "app", "172.17.0.5", "255.255.255.255", true},
    {"host", "shop", "app", "172.17.0.6", "255.255.255.255", false},
    {"host", "all", "all", "0.0.0.0", "0.0.0.0", true},
    {"host", "all", "all", "::", "::", false},
    {"host", "all", "all", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"host", "other", "all", "all", "", false},
    {"host", "all", "other", "all", "", false},
    {"host", "all", "+staff", "all", "", true},
    {"host", "all", "+boss", "all", "", false},
    {"host", "all", "+app", "all", "", true},
    {"host", "sameuser", "all", "all", "", false},
    {"host", "samerole", "all", "all", "", true},
    {"host", "replication", "all", "all", "", false},
    {"host", "/^sh", "all", "all", "", true},
    {"host", "/^x", "all", "all", "", false},
    {"host", "all", "/p+$", "all", "", true},
    {"hostssl", "all", "all", "all", "", false},
    {"hostnossl", "all", "all", "all", "", true},
    {"hostgssenc", "all", "all", "all", "", false},
    {"hostnogssenc", "all", "all", "all", "", true},
};

static void matching(void **state)
{
    (void)state;
    struct text_list roles = {0};
    text_list_add(&roles, "app");
    text_list_add(&roles, "staff");
    text_list_add(&roles, "shop");
    struct hba_client client = {"shop", "app", &roles, "172.17.0.5", false};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hba_rules rules = rules_of(2);
        rules.items[0] = rule(cases[i].type, cases[i].database, cases[i].user, cases[i].address,
                              cases[i].netmask, "trust");
        rules.items[1] = rule("host", "all", "all", "all", "", "md5");
        const struct hba_rule *met = hba_match(&rules, &client);
        if (met != &rules.items[cases[i].fits ? 0 : 1])
            fail_msg("%s %s %s %s", cases[i].type, cases[i].database, cases[i].user,
                     cases[i].address);
        hba_rules_free(&rules);
    }
    text_list_free(&roles);
}

static void unknown(void **state)
{
    (void)state;
    struct text_list roles = {0};
    struct hba_client client = {"shop", "app", &roles, "172.17.0.5", true};
    struct hba_rules rules = rules_of(2);
    rules.items[0] = rule("host", "all", "all", "samenet", "", "trust");
    rules.items[1] = rule("host", "all", "all", "all", "", "md5");
    assert_null(hba_match(&rules, &client));
    free(rules.items[0].users.items[0]);
    rules.items[0].users.items[0] = xstrdup("other");
    assert_ptr_equal(hba_match(&rules, &client), &rules.items[1]);
    rules.count = 0;
    assert_null(hba_match(&rules, &client));
    rules.count = 2;
    hba_rules_free(&rules);
}

/* ---- two servers' rules ---- */

static void comparing(void **state)
{
    (void)state;
    struct hba_rules rules = rules_of(2);
    rules.items[0] = rule("host", "all", "all", "all", "", "md5");
    rules.items[1] = rule("host", "shop", "app", "10.0.0.0", "255.0.0.0", "ldap");
    free(rules.items[1].options);
    rules.items[1].options = xstrdup("ldapserver=x ldapbindpasswd=hush");
    struct hba_rule other = rule("host", "all", "all", "all", "", "scram-sha-256");
    assert_false(hba_has(&rules, &other));
    free(other.method);
    other.method = xstrdup("md5");
    other.line = 7;
    assert_true(hba_has(&rules, &other));
    struct hba_rules owner = {.items = xcalloc(1, sizeof other), .count = 1};
    owner.items[0] = other;
    hba_rules_free(&owner);

    struct text text = {0};
    hba_rule_text(&text, &rules.items[1]);
    assert_string_equal(text_string(&text), "host shop app 10.0.0.0 255.0.0.0 ldap ldapserver=x "
                                            "ldapbindpasswd=***");
    text_free(&text);
    /* The hidden parts count too. */
    struct hba_rules changed = rules_of(1);
    changed.items[0] = rule("host", "shop", "app", "10.0.0.0", "255.0.0.0", "ldap");
    free(changed.items[0].options);
    changed.items[0].options = xstrdup("ldapserver=x ldapbindpasswd=other");
    assert_false(hba_has(&rules, &changed.items[0]));
    hba_rules_free(&changed);
    hba_rules_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching),
        cmocka_unit_test(unknown),
        cmocka_unit_test(comparing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
