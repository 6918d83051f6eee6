/* objects_verdict.h: the verdict on differences between two servers' objects: shown, counted, and
 * all of it on record. */
#ifndef STEPS_PARITY_OBJECTS_VERDICT_H
#define STEPS_PARITY_OBJECTS_VERDICT_H

#include "postgres/objects_expected.h"
#include "steps/parity/objects_scope.h"

#define REASONS_MAX 16

struct objects_reason {
    const struct expected_difference *difference;
    size_t count;
    char first[200]; /* the first object that it holds for */
};

/* Zero-initialise but for `run`, `setting` and `against_backup`. */
struct objects_verdict {
    struct step_run *run;
    struct objects_setting setting;
    bool against_backup;  /* a sequence may stand anywhere between its two readings */
    const char *database; /* whose objects are compared now, "" for the cluster's */
    size_t compared, failures;
    char first[400]; /* the first failure */
    struct objects_reason reasons[REASONS_MAX];
    size_t reason_count;
    struct text evidence; /* to be freed */
};

/* Compares one database's objects; those of an absent database are one difference. */
void objects_verdict_scope(struct objects_verdict *verdict, struct objects_scope *old,
                           struct objects_scope *new);
void objects_verdict_secrets(struct objects_verdict *verdict, const char *database,
                             struct pg_object_list *old, struct pg_object_list *new);
/* A failure that is none of an object's. */
void objects_verdict_fail(struct objects_verdict *verdict, const char *name, const char *detail);
/* The checks that sum up, and evidence/objects-STEP.tsv (not while planning). False when that can't
 * be written. */
bool objects_verdict_finish(struct objects_verdict *verdict, struct error *error);

#endif
