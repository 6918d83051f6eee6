/* image_settings.h: asks an image's PostgreSQL whether it takes a setting's name and value. */
#ifndef STEPS_CHECKS_IMAGE_SETTINGS_H
#define STEPS_CHECKS_IMAGE_SETTINGS_H

#include "docker/docker.h"

enum image_answer {
    IMAGE_TAKES,
    IMAGE_LACKS,   /* it doesn't know the name */
    IMAGE_REFUSES, /* it knows the name and not this value: `message` says why */
};

struct image_question {
    const char *name;
    const char *value; /* NULL asks for the name alone, as for a value that may be secret */
    enum image_answer answer;
    char *message; /* the server's own words, or NULL; free with image_questions_free */
};

/* One throw-away container answers all of them: its own postgres checks each value as a start
 * would, so that ranges, enumerations, locales and time zones are the image's. Source: PostgreSQL
 * manual, "postgres", options -C and -c. */
bool image_ask_settings(struct docker *docker, const char *image, struct image_question *questions,
                        size_t count, struct error *error);
void image_questions_free(struct image_question *questions, size_t count);

/* One line of the answer, "NUMBER: MESSAGE"; any other line is left out. */
void image_take_answer(const char *line, struct image_question *questions, size_t count);

#endif
