/* part_file.c: PATH.RUN.part. */
#include "steps/part_file.h"

#include "base/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The run's directory is named as the run. */
char *part_name(const struct step_run *run, const char *path)
{
    const char *slash = strrchr(run->directory, '/');
    return xprintf("%s.%s.part", path, slash ? slash + 1 : run->directory);
}

int part_create(const char *part, mode_t mode, struct error *error)
{
    unlink(part);
    int file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0)
        error_errno(error, "can't write %s", part);
    return file;
}
