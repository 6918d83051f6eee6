/* image_contents.c: a look at the files of a PostgreSQL image. */
#include "steps/image_contents.h"

#include "docker/once.h"

#include <stdlib.h>
#include <string.h>

/* postgres may not be in PATH, and an image may hold several majors: what its PATH finds counts,
 * else the newest. pg_config is absent from small images. */
static const char look[] =
    "bin=$(command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | "
    "tail -n 1)\n"
    "[ -n \"$bin\" ] || exit 3\n"
    "echo \"server: $(\"$bin\" --version)\"\n"
    "share=$(\"$(dirname \"$bin\")/pg_config\" --sharedir 2>/dev/null || pg_config --sharedir "
    "2>/dev/null)\n"
    "if [ ! -d \"$share/extension\" ]; then\n"
    "  major=$(\"$bin\" --version | sed 's/^[^0-9]*//; s/[^0-9].*//')\n"
    "  for share in \"/usr/share/postgresql/$major\" /usr/local/share/postgresql "
    "/usr/share/postgresql /usr/pgsql-$major/share; do\n"
    "    [ ! -d \"$share/extension\" ] || break\n"
    "  done\n"
    "fi\n"
    "for file in \"$share\"/extension/*.control; do\n"
    "  echo \"extension: $file: $(grep -E '^ *default_version' \"$file\")\"\n"
    "done\n";

#define NO_SERVER 3

static void add_extension(struct image_contents *contents, const char *line, size_t length)
{
    char *copy = xstrndup(line, length);
    char *suffix = strstr(copy, ".control: ");
    char *quote = suffix ? strchr(suffix, '\'') : NULL;
    char *end = quote ? strchr(quote + 1, '\'') : NULL;
    if (suffix)
        *suffix = '\0';
    if (end)
        *end = '\0';
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy;
    if (suffix && !cJSON_HasObjectItem(contents->extensions, name))
        cJSON_AddStringToObject(contents->extensions, name, end ? quote + 1 : "");
    free(copy);
}

bool image_contents_parse(const char *output, struct image_contents *contents)
{
    static const char server[] = "server: ", extension[] = "extension: ";
    bool known = false;
    contents->extensions = cJSON_CreateObject();
    while (*output) {
        size_t length = strcspn(output, "\n");
        if (text_starts(output, server)) {
            char *version = xstrndup(output + strlen(server), length - strlen(server));
            known = release_parse(version, &contents->release);
            free(version);
        } else if (text_starts(output, extension)) {
            add_extension(contents, output + strlen(extension), length - strlen(extension));
        }
        output += length + (output[length] == '\n');
    }
    return known;
}

bool image_contents_read(struct docker *docker, const char *image, struct image_contents *contents,
                         struct error *error)
{
    static const char *const arguments[] = {"sh", "-c", look, NULL};
    struct text output = {0};
    int status = -1;
    *contents = (struct image_contents){0};
    if (!docker_once(docker, image, arguments, 0, &output, &status, error)) {
        text_free(&output);
        return false;
    }
    bool known = status == 0 && image_contents_parse(text_string(&output), contents);
    text_free(&output);
    if (known)
        return true;
    error_set(error, ERROR_OTHER,
              status == NO_SERVER ? "image %s holds no PostgreSQL server"
                                  : "image %s doesn't say which PostgreSQL it holds",
              image);
    return error_remedy(error, "Check the image's name (variable new_image).");
}

void image_contents_free(struct image_contents *contents)
{
    cJSON_Delete(contents->extensions);
    *contents = (struct image_contents){0};
}
