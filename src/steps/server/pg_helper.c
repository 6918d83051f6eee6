/* pg_helper.c: making a helper, and proving that it sees the backup's directory. */
#include "steps/server/pg_helper.h"

#include "base/file.h"
#include "steps/backup/backup_manifest.h"
#include "steps/docker/leftovers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE "probe"
#define PROBE_COPY PROBE ".copy"

static const char probe_inside[] = HELPER_DIRECTORY "/" PROBE,
                  manifest_inside[] = HELPER_DIRECTORY "/" BACKUP_MANIFEST;

static bool no_directory(const struct pg_helper_setting *setting, struct error *error)
{
    return error_remedy(error,
                        "A container can't use %s: the Docker engine is on another machine, maps "
                        "users, or isn't allowed to read there. Use format: plain, or another "
                        "directory (variable backup_dir).",
                        setting->directory);
}

bool pg_helper_ask(struct docker *docker, const struct docker_helper *helper,
                   const char *const *arguments, struct text *answer, struct error *error)
{
    struct text words = {0};
    int status = -1;
    bool ran = docker_exec_collect(docker, docker_helper_id(helper), arguments, answer, &words,
                                   &status, error);
    if (ran && status != 0)
        ran = error_set(error, ERROR_OTHER, "%s ended with status %d: %s", arguments[0], status,
                        text_string(&words));
    text_free(&words);
    return ran;
}

/* The helper reads what stands on this side: `arguments` begin with its SHA-256. */
static bool same_file(struct docker *docker, const struct docker_helper *helper,
                      const char *directory, const char *name, const char *const *arguments,
                      struct error *error)
{
    char here[SHA256_HEX_SIZE];
    char *path = file_join(directory, name);
    struct text answer = {0};
    bool same =
        sha256_file(path, here, error) && pg_helper_ask(docker, helper, arguments, &answer, error);
    if (same && !text_starts(text_string(&answer), here))
        same =
            error_set(error, ERROR_OTHER, "the engine has another file %s than this machine", path);
    text_free(&answer);
    free(path);
    return same;
}

/* What the helper writes arrives on this side, and belongs to us. */
static bool copied(struct docker *docker, const struct docker_helper *helper, const char *directory,
                   struct error *error)
{
    static const char *const arguments[] = {
        "sh", "-c", "sha256sum \"$1\" && cp \"$1\" \"$1.copy\"", "sh", probe_inside, NULL};
    struct stat status;
    char *path = file_join(directory, PROBE_COPY);
    bool done = same_file(docker, helper, directory, PROBE, arguments, error);
    if (done && (stat(path, &status) < 0 || status.st_uid != geteuid()))
        done = error_set(error, ERROR_OTHER,
                         "a file that a container made isn't this user's on this machine");
    unlink(path);
    free(path);
    return done;
}

static bool probe_writing(struct docker *docker, const struct docker_helper *helper,
                          const char *directory, struct error *error)
{
    unsigned char token[32] = {0};
    char *path = file_join(directory, PROBE);
    bool done = getrandom(token, sizeof token, 0) == (ssize_t)sizeof token ||
                error_errno(error, "the kernel gives no random bytes");
    done = done && file_write_new(path, token, sizeof token, 0600, error) &&
           copied(docker, helper, directory, error);
    unlink(path);
    free(path);
    return done;
}

static struct docker_helper *make(struct step_run *run, struct docker *docker,
                                  const struct pg_helper_setting *setting, struct error *error)
{
    char *user = xprintf("%ld:%ld", (long)geteuid(), (long)getegid());
    char *network = setting->container ? xprintf("container:%s", setting->container) : NULL;
    cJSON *labels = step_helper_labels(run);
    struct docker_helper_creation creation = {
        .image = setting->image,
        .network = network ? network : "none",
        .directory = setting->directory,
        .read_only = setting->read_only,
        .user = user,
        .labels = labels,
    };
    struct docker_helper *helper = docker_helper_open(docker, &creation, error);
    cJSON_Delete(labels);
    free(network);
    free(user);
    return helper;
}

struct docker_helper *pg_helper_open(struct step_run *run, struct docker *docker,
                                     const struct pg_helper_setting *setting, struct error *error)
{
    static const char *const manifest[] = {"sha256sum", manifest_inside, NULL};
    if (!setting->beside && !step_remove_leftovers(run, docker, error))
        return NULL;
    struct docker_helper *helper = make(run, docker, setting, error);
    bool sees =
        helper && (setting->beside      ? true
                   : setting->read_only ? same_file(docker, helper, setting->directory,
                                                    BACKUP_MANIFEST, manifest, error)
                                        : probe_writing(docker, helper, setting->directory, error));
    if (sees)
        return helper;
    if (!*error->remedy)
        no_directory(setting, error);
    docker_helper_close(helper);
    return NULL;
}
