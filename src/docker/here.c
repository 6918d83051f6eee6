/* here.c: whether an engine's containers are processes of this machine. */
#include "docker/docker.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)4 << 20)

static bool holds(int process, const char *name, const char *wanted)
{
    struct text content = {0};
    struct error ignored = ERROR_INIT; /* another user's process, or none */
    char *path = xprintf("/proc/%d/%s", process, name);
    bool found = file_read(path, FILE_MAX, &content, &ignored) &&
                 strstr(text_string(&content), wanted) != NULL;
    text_free(&content);
    free(path);
    return found;
}

/* An engine's pids mean something only where the engine runs, and its address doesn't tell where
 * that is: a socket may be forwarded. The id is 256 random bits, so a process here that is in the
 * control group of that name (which every user may read), or has the file mounted that the engine
 * makes for it, is the container's. The engine's own mounts hold the id as well, elsewhere. */
bool docker_container_is_here(const struct docker_container *container)
{
    if (container->process <= 0 || strlen(container->id) < 64)
        return false;
    char *mount = xprintf("/%s/hostname /etc/hostname ", container->id);
    bool here = holds(container->process, "cgroup", container->id) ||
                holds(container->process, "mountinfo", mount);
    free(mount);
    return here;
}
