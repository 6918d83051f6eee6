/* watch.h: the live figures of a few containers, asked for again and again. */
#ifndef DOCKER_WATCH_H
#define DOCKER_WATCH_H

#include "docker/docker.h"

struct docker_watched {
    const char *name; /* the caller's */
    char *image;
    char *state;         /* "running", "exited", ...; "absent" when there is no such container */
    char *health;        /* "", "starting", "healthy", "unhealthy" */
    double cpu_percent;  /* of one processor, since the last look; -1 unknown */
    double memory_bytes; /* without the page cache; -1 unknown */
    int64_t started_ms;  /* wall, 0 unknown */
};

/* What a look keeps for the next one: the processor's counters and the time of the start. */
struct docker_watch;
struct docker_watch *docker_watch_new(void);
void docker_watch_free(struct docker_watch *watch);

/* One list call, then one call for each that runs. Fills `watched` (`count` of them, in the order
 * of `names`; free each with docker_watched_free). */
bool docker_watch_look(struct docker *docker, struct docker_watch *watch, const char *const *names,
                       size_t count, struct docker_watched *watched, struct error *error);
void docker_watched_free(struct docker_watched *watched);

#endif
