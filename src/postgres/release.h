/* release.h: which of two PostgreSQL minor releases came out first. */
#ifndef POSTGRES_RELEASE_H
#define POSTGRES_RELEASE_H

#include <stdbool.h>

struct release {
    int major, minor;
};

/* "17.12", or a longer text that holds it after a space ("postgres (PostgreSQL) 17.12 (Debian
 * ...)"). False when there is none; "18beta1" and "18devel" are none. */
bool release_parse(const char *text, struct release *release);

/* server_version_num to a release: 150020 is 15.20. */
struct release release_of(int version_num);

enum release_order { RELEASE_EARLIER, RELEASE_SAME_DAY, RELEASE_LATER, RELEASE_UNKNOWN };

/* When `release` came out, seen from `other`. RELEASE_UNKNOWN when a major isn't in the table. */
enum release_order release_compare(struct release release, struct release other);

/* The minor release of `major` that came out on the same day as `other`; 0 when there is none. */
int release_counterpart(int major, struct release other);

#endif
