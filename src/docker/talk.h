/* talk.h: a command inside a container that stays, is asked and answers, line by line. */
#ifndef DOCKER_TALK_H
#define DOCKER_TALK_H

#include "docker/docker.h"

struct docker_talk;

/* Starts `exec` (container, arguments, environment, user; the rest of it isn't used). `docker`
 * stays the caller's and has to outlive it. The command outlives the container's leaving its
 * networks; its standard input ends when this process does. NULL on failure. */
struct docker_talk *docker_talk_open(struct docker *docker, const struct docker_exec *exec,
                                     struct error *error);
/* Sends all of the bytes. */
bool docker_talk_say(struct docker_talk *talk, const char *bytes, size_t length,
                     struct error *error);
/* The next line of its standard output, without its end, the talk's until the next call. False when
 * the command has ended, says nothing for `silence_ms`, or writes a line longer than 1 MB; its last
 * words on standard error are part of the error then. */
bool docker_talk_hear(struct docker_talk *talk, long silence_ms, const char **line,
                      struct error *error);
/* Ends its standard input and the connection. NULL is fine. */
void docker_talk_close(struct docker_talk *talk);

#endif
