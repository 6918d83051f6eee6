/* block.h: the lines of a compose file that one key and all below it take up. */
#ifndef COMPOSE_BLOCK_H
#define COMPOSE_BLOCK_H

#include "compose/document.h"

struct compose_block {
    size_t start, end; /* of whole lines, with the last one's end where it has one */
};

/* The lines of a pair that is written in lines of its own, with comments inside, without blank
 * lines and comments behind it. False when it isn't written so. */
bool compose_block_of(const struct compose_document *document, struct fy_node_pair *pair,
                      struct compose_block *block);
/* The same for an item of a list that has its "- " at the start of a line. */
bool compose_block_of_item(const struct compose_document *document, struct fy_node *item,
                           struct compose_block *block);
/* Whether the line that ends at `place`, or begins there, is blank. */
bool compose_blank_before(const struct compose_document *document, size_t place);
bool compose_blank_at(const struct compose_document *document, size_t place);
/* "\r\n" or "\n", as the first line has it. */
const char *compose_line_end(const struct compose_document *document);

#endif
