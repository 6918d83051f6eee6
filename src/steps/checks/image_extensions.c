/* image_extensions.c: extensions that the old server uses, and the versions that the image has of
 * them. */
#include "steps/checks/image_check.h"

#include "base/json.h"
#include "postgres/extension_path.h"

#include <stdlib.h>
#include <string.h>

/* Extensions that PostgreSQL itself has dropped. Source: PostgreSQL manual, release notes. */
static const struct {
    const char *name;
    int major;
    const char *remedy;
} dropped[] = {
    {"adminpack", 17, "Only pgAdmin used it: DROP EXTENSION adminpack on the old server."},
    {"old_snapshot", 17, "Nothing replaces it: DROP EXTENSION old_snapshot on the old server."},
    {"plpythonu", 15, "Move its functions to plpython3u on the old server."},
    {"plpython2u", 15, "Move its functions to plpython3u on the old server."},
    {"timetravel", 12, "Nothing replaces it: DROP EXTENSION timetravel on the old server."},
};

static const struct {
    enum verdict verdict;
    const char *words; /* after "version 1 in use, 2 in the image" */
    const char *remedy;
} fits[] = {
    [EXTENSION_SAME] = {VERDICT_PASS, "", NULL},
    [EXTENSION_NEWER] = {VERDICT_WARN, ": the new server will have the newer one",
                         "Read the extension's notes on what changed."},
    [EXTENSION_OLDER] = {VERDICT_WARN,
                         ": a restore makes the older one, the one in use is there too",
                         "After the restore: ALTER EXTENSION ... UPDATE TO the version in use."},
    [EXTENSION_NO_WAY] =
        {VERDICT_FAIL, ", and no script leads from the one to the other",
         "Update the extension on the old server first, or use an image that knows "
         "the version in use (variable new_image)."},
    [EXTENSION_NEWER_USED] =
        {VERDICT_FAIL, ": an older one, and the one in use isn't there",
         "Use an image with that version or a newer one (variable new_image)."},
};

static void report(struct image_check *check, const char *database, const cJSON *extension,
                   const char *offered)
{
    char *name = xprintf("%s: extension %s", database, extension->string);
    enum extension_fit fit =
        extension_fit(check->contents.scripts, extension->string, extension->valuestring, offered);
    struct finding finding = {extension->string, name, fits[fit].remedy, fits[fit].verdict};
    finding_add(&check->findings, &finding, "version %s in use, %s in the image%s",
                extension->valuestring, offered, fits[fit].words);
    free(name);
}

static const char *dropped_remedy(const char *name, int major)
{
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++)
        if (!strcmp(dropped[i].name, name) && major >= dropped[i].major)
            return dropped[i].remedy;
    return NULL;
}

/* `uses`: "limor_prod 0.8.0, other 0.7.4". */
static void report_missing(struct image_check *check, const char *extension, const char *uses)
{
    int major = check->contents.release.major;
    char *name = xprintf("extension %s", extension);
    const char *known = dropped_remedy(extension, major);
    char *remedy =
        known ? xstrdup(known)
              : xprintf("Use an image that carries it (variable new_image); for vector that is "
                        "pgvector/pgvector:pg%d, not postgres:%d.",
                        major, major);
    struct finding finding = {extension, name, remedy, VERDICT_FAIL};
    finding_add(&check->findings, &finding,
                "image %s lacks extensions that the old server uses: %s (%s)", check->image,
                extension, uses);
    free(remedy);
    free(name);
}

static void note_missing(cJSON *missing, const char *database, const cJSON *extension)
{
    const char *before = json_text(missing, extension->string);
    char *uses = xprintf("%s%s%s %s", before ? before : "", before ? ", " : "", database,
                         extension->valuestring);
    cJSON_DeleteItemFromObjectCaseSensitive(missing, extension->string);
    cJSON_AddStringToObject(missing, extension->string, uses);
    free(uses);
}

void image_check_extensions(struct image_check *check)
{
    const cJSON *database, *extension;
    cJSON *missing = cJSON_CreateObject();
    cJSON_ArrayForEach(database, json_at(check->server, "extensions"))
    {
        cJSON_ArrayForEach(extension, database)
        {
            const char *offered = json_text(check->contents.extensions, extension->string);
            if (offered)
                report(check, database->string, extension, offered);
            else
                note_missing(missing, database->string, extension);
        }
    }
    cJSON_ArrayForEach(extension, missing)
    {
        report_missing(check, extension->string, extension->valuestring);
    }
    cJSON_Delete(missing);
}
