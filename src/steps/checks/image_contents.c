/* image_contents.c: a look at the files of a PostgreSQL image. */
#include "steps/checks/image_contents.h"

#include "docker/once.h"
#include "postgres/extension_path.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_LIBC                                                                                  \
    "libc=$(ldd --version 2>&1)\n"                                                                 \
    "case $libc in\n"                                                                              \
    "*musl*) echo \"libc: musl $(echo \"$libc\" | sed -n 's/^Version //p')\" ;;\n"                 \
    "*GLIBC* | *GNU*) echo \"libc: glibc $(echo \"$libc\" | sed -n '1s/.* //p')\" ;;\n"            \
    "esac\n"

/* postgres may not be in PATH, and an image may hold several majors: what its PATH finds counts,
 * else the newest. pg_config is absent from small images. Scripts may stand in a directory below
 * that the control file names. */
static const char look[] =
    "bin=$(command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | "
    "tail -n 1)\n"
    "[ -n \"$bin\" ] || exit 3\n"
    "echo \"server: $(\"$bin\" --version)\"\n"
    "major=$(\"$bin\" --version | sed 's/^[^0-9]*//; s/[^0-9].*//')\n"
    "config() { \"$(dirname \"$bin\")/pg_config\" \"$1\" 2>/dev/null || pg_config \"$1\" "
    "2>/dev/null; "
    "}\n"
    "share=$(config --sharedir)\n"
    "if [ ! -d \"$share/extension\" ]; then\n"
    "  for share in \"/usr/share/postgresql/$major\" /usr/local/share/postgresql "
    "/usr/share/postgresql /usr/pgsql-$major/share; do\n"
    "    [ ! -d \"$share/extension\" ] || break\n"
    "  done\n"
    "fi\n"
    "lib=$(config --pkglibdir)\n"
    "if [ ! -d \"$lib\" ]; then\n"
    "  for lib in \"/usr/lib/postgresql/$major/lib\" /usr/local/lib/postgresql "
    "/usr/lib/postgresql /usr/pgsql-$major/lib; do\n"
    "    [ ! -f \"$lib/plpgsql.so\" ] || break\n"
    "  done\n"
    "fi\n"
    "for file in \"$share\"/extension/*.control; do\n"
    "  echo \"extension: $file: $(grep -E '^ *default_version' \"$file\")\"\n"
    "done\n"
    "for file in \"$share\"/extension/*--*.sql \"$share\"/extension/*/*--*.sql; do\n"
    "  [ ! -f \"$file\" ] || echo \"script: ${file##*/}\"\n"
    "done\n"
    "for file in \"$lib\"/*.so; do\n"
    "  [ ! -f \"$file\" ] || echo \"library: ${file##*/}\"\n"
    "done\n" LOOK_LIBC;

static const char look_libc[] = LOOK_LIBC;

#define NO_SERVER 3

static void add_extension(struct image_contents *contents, char *line)
{
    char *suffix = strstr(line, ".control: ");
    char *quote = suffix ? strchr(suffix, '\'') : NULL;
    char *end = quote ? strchr(quote + 1, '\'') : NULL;
    if (!suffix)
        return;
    *suffix = '\0';
    if (end)
        *end = '\0';
    char *slash = strrchr(line, '/');
    const char *name = slash ? slash + 1 : line;
    if (!cJSON_HasObjectItem(contents->extensions, name))
        cJSON_AddStringToObject(contents->extensions, name, end ? quote + 1 : "");
}

static void add_script(struct image_contents *contents, char *file)
{
    extension_add_script(contents->scripts, file);
}

static void add_library(struct image_contents *contents, char *file)
{
    if (text_ends(file, ".so"))
        file[strlen(file) - strlen(".so")] = '\0';
    if (!cJSON_GetObjectItemCaseSensitive(contents->libraries, file))
        cJSON_AddTrueToObject(contents->libraries, file);
}

static void take_server(struct image_contents *contents, char *version)
{
    if (!release_parse(version, &contents->release))
        contents->release = (struct release){0};
}

static void take_libc(struct image_contents *contents, char *name)
{
    text_copy(contents->libc, sizeof contents->libc, name);
}

static const struct {
    const char *prefix;
    void (*take)(struct image_contents *contents, char *rest);
} lines[] = {
    {"server: ", take_server},  {"extension: ", add_extension}, {"script: ", add_script},
    {"library: ", add_library}, {"libc: ", take_libc},
};

static void parse_line(struct image_contents *contents, char *line)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (text_starts(line, lines[i].prefix)) {
            lines[i].take(contents, line + strlen(lines[i].prefix));
            return;
        }
}

bool image_contents_parse(const char *output, struct image_contents *contents)
{
    *contents = (struct image_contents){.extensions = cJSON_CreateObject(),
                                        .scripts = cJSON_CreateObject(),
                                        .libraries = cJSON_CreateObject()};
    while (*output) {
        size_t length = strcspn(output, "\n");
        char *line = xstrndup(output, length);
        parse_line(contents, line);
        free(line);
        output += length + (output[length] == '\n');
    }
    return contents->release.major > 0;
}

bool container_libc(struct docker *docker, const char *container, char *libc, size_t size,
                    struct error *error)
{
    static const char *const arguments[] = {"sh", "-c", look_libc, NULL};
    static const char prefix[] = "libc: ";
    struct text output = {0};
    int status = -1;
    bool asked = docker_exec_collect(docker, container, arguments, &output, NULL, &status, error);
    const char *found = text_string(&output);
    char *name = text_starts(found, prefix)
                     ? xstrndup(found + strlen(prefix), strcspn(found, "\n") - strlen(prefix))
                     : NULL;
    text_copy(libc, size, name ? name : "");
    free(name);
    text_free(&output);
    return asked;
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
    cJSON_Delete(contents->scripts);
    cJSON_Delete(contents->libraries);
    *contents = (struct image_contents){0};
}
