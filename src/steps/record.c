/* record.c: a JSON object in a file of the run's directory. */
#include "steps/record.h"

#include "base/file.h"

#include <string.h>

#define FILE_MAX ((size_t)1 << 20)

bool record_read(const char *path, cJSON **record, struct error *error)
{
    struct text bytes = {0};
    bool read = file_read(path, FILE_MAX, &bytes, error);
    *record = read ? cJSON_ParseWithLength(text_string(&bytes), bytes.length) : NULL;
    text_free(&bytes);
    if (!read || cJSON_IsObject(*record))
        return read;
    cJSON_Delete(*record);
    *record = NULL;
    return error_set(error, ERROR_OTHER, "%s isn't what was written there", path);
}

bool record_write(const char *path, const cJSON *record, struct error *error)
{
    char *json = cJSON_Print(record);
    bool done = json && file_write_atomic(path, json, strlen(json), 0600, error);
    cJSON_free(json);
    return done;
}
