/* markdown.c: text that is put into Markdown without becoming markup. */
#include "runbook/markdown.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add_escaped(struct text *output, const char *text, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\n') {
            text_add(output, text[1] ? " " : "");
            continue;
        }
        if (strchr(escaped, *text))
            text_add(output, "\\");
        text_append(output, text, 1);
    }
}

void markdown_text(struct text *output, const char *text)
{
    add_escaped(output, text, "\\`*<>[]|#");
}

void markdown_cell(struct text *output, const char *text)
{
    add_escaped(output, text, "|<");
}

/* The longest row of backticks, since a code span's fence has to differ from it (CommonMark 6.1).
 */
static size_t longest_ticks(const char *text)
{
    size_t longest = 0;
    for (; *text; text++) {
        size_t ticks = strspn(text, "`");
        longest = ticks > longest ? ticks : longest;
    }
    return longest;
}

void markdown_code(struct text *output, const char *text)
{
    size_t fence = longest_ticks(text) + 1;
    bool pad = !*text || *text == '`' || text[strlen(text) - 1] == '`';
    for (size_t i = 0; i < fence; i++)
        text_add(output, "`");
    text_add(output, pad ? " " : "");
    for (; *text; text++) {
        if (*text == '|')
            text_add(output, "\\");
        text_append(output, *text == '\n' ? " " : text, 1);
    }
    text_add(output, pad ? " " : "");
    for (size_t i = 0; i < fence; i++)
        text_add(output, "`");
}

void markdown_codef(struct text *output, const char *format, ...)
{
    struct text code = {0};
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&code, format, arguments);
    va_end(arguments);
    markdown_code(output, text_string(&code));
    text_free(&code);
}

void markdown_paragraphs(struct text *output, const char *text, const char *indent)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = xstrndup(text, length);
        if (length)
            text_add(output, indent);
        markdown_text(output, line);
        text_add(output, "\n");
        free(line);
        text += length + (text[length] == '\n');
    }
}
