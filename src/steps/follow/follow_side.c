/* follow_side.c: a thread for each database. */
#include "steps/follow/follow_parts.h"

#include <pthread.h>
#include <stdlib.h>

struct side {
    struct follow_database *database;
    bool (*work)(struct follow_database *database, struct error *error);
    pthread_t thread;
    bool threaded;
};

static void *run(void *context)
{
    struct side *side = context;
    struct follow_database *database = side->database;
    database->error = (struct error)ERROR_INIT;
    database->failed = !side->work(database, &database->error);
    return NULL;
}

/* The first database's work is this thread's own, as is that of one that gets no thread. */
bool follow_side_by_side(struct follow *follow,
                         bool (*work)(struct follow_database *database, struct error *error),
                         struct error *error)
{
    bool good = true;
    struct side *sides = xcalloc(follow->count + 1, sizeof *sides);
    for (size_t i = 0; i < follow->count; i++) {
        sides[i] = (struct side){.database = &follow->databases[i], .work = work};
        sides[i].threaded = i && pthread_create(&sides[i].thread, NULL, run, &sides[i]) == 0;
    }
    for (size_t i = 0; i < follow->count; i++)
        if (!sides[i].threaded)
            run(&sides[i]);
    for (size_t i = 0; i < follow->count; i++) {
        struct follow_database *database = &follow->databases[i];
        if (sides[i].threaded)
            pthread_join(sides[i].thread, NULL);
        if (good && database->failed) {
            *error = database->error;
            good = error_wrap(error, "database \"%s\"", database->name);
        }
    }
    free(sides);
    return good;
}
