/* health_command.h: whether a container's health check can bring down the server in it. */
#ifndef STEPS_CHECKS_HEALTH_COMMAND_H
#define STEPS_CHECKS_HEALTH_COMMAND_H

#include "steps/findings.h"
#include "steps/server/server.h"

/* A warning when the server is the container's first process and its health check runs by a shell:
 * one that takes too long is ended without its child; the server inherits that, and takes its exit
 * status for the crash of a session, upon which it ends all sessions and empties unlogged tables.
 * Nothing is found of a server without a container. Sources: Docker manual, HEALTHCHECK;
 * PostgreSQL's source, CleanupBackend. */
bool health_command_check(struct findings *findings, const struct server_access *access,
                          struct error *error);

#endif
