/* markdown.h: text that is put into Markdown without becoming markup. */
#ifndef RUNBOOK_MARKDOWN_H
#define RUNBOOK_MARKDOWN_H

#include "base/text.h"

/* Plain text: markup's characters are escaped, a line's end becomes a space. */
void markdown_text(struct text *output, const char *text);
/* A cell of a table that may hold markup of its own. */
void markdown_cell(struct text *output, const char *text);
/* Code, in as many backticks as the text needs. */
void markdown_code(struct text *output, const char *text);
/* The same in a table's cell, where '|' has to be escaped even in code. */
void markdown_code_cell(struct text *output, const char *text);
/* Paragraphs that a runbook's author wrote: taken over line by line, with `indent` before each. */
void markdown_paragraphs(struct text *output, const char *text, const char *indent);

#endif
