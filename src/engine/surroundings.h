/* surroundings.h: what a run takes from the shell it was started in and needs again when it is gone
 * on with from another: the working directory, which relative paths count from, and the Docker
 * engine it works on. */
#ifndef ENGINE_SURROUNDINGS_H
#define ENGINE_SURROUNDINGS_H

#include "base/error.h"
#include "runbook/runbook.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Adds this process's to the run's first event: "directory", and in "docker" the environment
 * variables that are set of those that name a Docker engine; none of them is a secret. */
void surroundings_record(cJSON *event);

/* The environment variables of this process that name a Docker engine, as an object, and back. */
cJSON *surroundings_docker(void);
bool surroundings_set_docker(const cJSON *docker, struct error *error);
/* Names the Docker engine of one of a runbook's environments in them; what it doesn't say stays as
 * it is. */
bool surroundings_use_environment(const struct environment *environment, struct error *error);
/* A stack's name, and where Docker is when that isn't this machine; the caller frees. */
char *surroundings_target(const char *stack);

/* Sets this process's environment to the Docker engine on record in the run's directory: what
 * wasn't set then isn't afterwards. A run without a record leaves it as it is. Source: Docker
 * manual, docker CLI, "Environment variables". */
bool surroundings_use_docker(const char *run_directory, struct error *error);

/* Both: the Docker engine, and changes to the working directory on record. ERROR_OTHER when that is
 * gone. A run that has no journal yet is where it should be. */
bool surroundings_enter(const char *run_directory, struct error *error);

#endif
