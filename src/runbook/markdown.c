/* markdown.c: text that is put into Markdown without becoming markup. */
#include "runbook/markdown.h"

#include <stdbool.h>
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

static void add_code(struct text *output, const char *text, bool cell)
{
    size_t fence = longest_ticks(text) + 1;
    bool pad = !*text || *text == '`' || text[strlen(text) - 1] == '`';
    for (size_t i = 0; i < fence; i++)
        text_add(output, "`");
    text_add(output, pad ? " " : "");
    for (; *text; text++) {
        if (cell && *text == '|')
            text_add(output, "\\");
        text_append(output, *text == '\n' ? " " : text, 1);
    }
    text_add(output, pad ? " " : "");
    for (size_t i = 0; i < fence; i++)
        text_add(output, "`");
}

void markdown_code(struct text *output, const char *text)
{
    add_code(output, text, false);
}

void markdown_code_cell(struct text *output, const char *text)
{
    add_code(output, text, true);
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
