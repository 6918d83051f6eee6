/* definition.h: whether two servers of different majors print one and the same definition. */
#ifndef POSTGRES_DEFINITION_H
#define POSTGRES_DEFINITION_H

#include <stdbool.h>

/* Besides white space these are the same, as a restore of the one gives the other:
 * - where `unqualified` is true, a column with and without its table's name. From 16 on a query of
 *   one table has none; a column without one can be of nothing else than the only table there is.
 * - (ARRAY['a'::varchar, ...])::text[] and ARRAY[('a'::varchar)::text, ...]: the parser hands a
 *   cast of an array constructor on to its elements.
 * - ((a AND b) AND c) and (a AND b AND c), and with OR: the parser makes one of both.
 * - XMLSERIALIZE with NO INDENT, which 16 spells out.
 * `old` is the older server's. */
bool definition_equal(const char *old, const char *new, bool unqualified);

#endif
