/* docker_images.c: docker.pull, docker.remove_image, docker.prune_images. */
#include "steps/actions.h"
#include "steps/docker/docker_common.h"

#include "base/text.h"

#include <stdlib.h>

static void tell_progress(void *context, double done, double total)
{
    step_progress(context, done, total, "bytes", "layers fetched");
}

/* An image that is present isn't pulled again: it is the one that was looked at and tested. */
static bool have_image(struct step_run *run, struct docker *docker, const char *name,
                       struct docker_image *image, struct error *error)
{
    if (!docker_image_inspect(docker, name, image, error))
        return false;
    if (image->exists) {
        step_log(run, "image %s is present", name);
        return true;
    }
    step_log(run, "pulling image %s", name);
    if (!docker_image_pull(docker, name, tell_progress, run, error) ||
        !docker_image_inspect(docker, name, image, error))
        return false;
    return image->exists ||
           error_set(error, ERROR_OTHER, "image %s was pulled, but Docker doesn't have it", name);
}

static bool run_pull(struct step_run *run, struct error *error)
{
    struct docker_image image = {0};
    struct docker *docker = docker_open(error);
    const char *name = step_text(run, "image");
    bool done = docker && have_image(run, docker, name, &image, error);
    if (done)
        step_record_image(run, name, &image);
    docker_image_free(&image);
    docker_close(docker);
    return done;
}

static bool run_remove_image(struct step_run *run, struct error *error)
{
    struct docker *docker = docker_open(error);
    const char *name = step_text(run, "name");
    bool removed = false;
    bool done = docker && docker_image_remove(docker, name, &removed, error);
    if (done)
        step_log(run, removed ? "removed image %s" : "image %s is gone already", name);
    docker_close(docker);
    return done;
}

static bool run_prune_images(struct step_run *run, struct error *error)
{
    struct docker *docker = docker_open(error);
    double freed = 0;
    int count = 0;
    char size[32];
    bool done = docker && docker_image_prune(docker, &freed, &count, error);
    if (done)
        step_log(run, "removed %d dangling image layers, %s", count,
                 text_bytes(size, sizeof size, freed));
    docker_close(docker);
    return done;
}

static const struct argument pull_arguments[] = {
    {"image", ARGUMENT_TEXT, true, NULL, NULL, "the image, NAME:TAG or NAME@sha256:DIGEST"},
    {0},
};

const struct action docker_pull_action = {
    .name = "docker.pull",
    .danger = DANGER_CHANGE,
    .help = "get an image from its registry, unless it is present",
    .arguments = pull_arguments,
    .run = run_pull,
};

static const struct argument remove_arguments[] = {
    {"name", ARGUMENT_TEXT, true, NULL, NULL, "the image; one that is absent is fine"},
    {0},
};

const struct action docker_remove_image_action = {
    .name = "docker.remove_image",
    .danger = DANGER_DESTRUCTIVE,
    .help = "remove an image that no container uses",
    .arguments = remove_arguments,
    .run = run_remove_image,
};

static const struct argument no_arguments[] = {{0}};

const struct action docker_prune_images_action = {
    .name = "docker.prune_images",
    .danger = DANGER_DESTRUCTIVE,
    .help = "remove the images that have neither a name nor a container",
    .arguments = no_arguments,
    .run = run_prune_images,
};
