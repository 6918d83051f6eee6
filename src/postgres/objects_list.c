/* objects_list.c: lists of objects, and the fields of one. */
#include "postgres/objects_list.h"

#include <stdlib.h>
#include <string.h>

bool objects_add(struct pg_object_list *list, const char *kind, const char *identity,
                 const char *fields)
{
    const char *known = objects_known_kind(kind);
    if (!known)
        return false;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = xrealloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] =
        (struct pg_object){.kind = known, .identity = xstrdup(identity), .fields = xstrdup(fields)};
    list->sorted = false;
    return true;
}

void objects_free(struct pg_object_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].identity);
        free(list->items[i].fields);
    }
    free(list->items);
    *list = (struct pg_object_list){0};
}

int objects_order(const struct pg_object *left, const struct pg_object *right)
{
    int order = strcmp(left->kind, right->kind);
    return order ? order : strcmp(left->identity, right->identity);
}

static int by_order(const void *left, const void *right)
{
    return objects_order(left, right);
}

void objects_sort(struct pg_object_list *list)
{
    if (!list->sorted && list->count)
        qsort(list->items, list->count, sizeof *list->items, by_order);
    list->sorted = true;
}

static const char escapes[] = "\\\\\tt\nn\rr"; /* each character, then its letter */

void objects_escape(struct text *text, const char *value)
{
    for (size_t plain; *value; value++) {
        plain = strcspn(value, "\\\t\n\r");
        text_append(text, value, plain);
        value += plain;
        if (!*value)
            return;
        const char *escape = strchr(escapes, *value);
        const char pair[2] = {'\\', (char)(*value == '\\' ? '\\' : escape[1])};
        text_append(text, pair, 2);
    }
}

static char unescaped(char letter)
{
    switch (letter) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    default:
        return letter;
    }
}

static char *unescape(const char *value, size_t length)
{
    struct text text = {0};
    for (size_t i = 0; i < length; i++) {
        char byte = value[i];
        if (byte == '\\' && i + 1 < length)
            byte = unescaped(value[++i]);
        text_append(&text, &byte, 1);
    }
    return text_take(&text);
}

char *objects_unescape(const char *value)
{
    return unescape(value, strlen(value));
}

bool objects_next_field(const char *fields, size_t *at, char **name, char **value)
{
    const char *from = fields + *at, *equals = strchr(from, '=');
    size_t length = strcspn(from, "\t");
    if (!equals || equals > from + length)
        return false;
    *name = xstrndup(from, (size_t)(equals - from));
    *value = unescape(equals + 1, (size_t)(from + length - equals - 1));
    *at += length + (from[length] == '\t');
    return true;
}

char *objects_field(const struct pg_object *object, const char *name)
{
    size_t at = 0;
    char *found, *value;
    while (objects_next_field(object->fields, &at, &found, &value)) {
        bool same = !strcmp(found, name);
        free(found);
        if (same)
            return value;
        free(value);
    }
    return NULL;
}
