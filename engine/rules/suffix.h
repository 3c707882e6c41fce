/*
 * The Public Suffix List (publicsuffix.org): names with public registration below. Both sections of
 * the list count, so "github.io" is a public suffix too. A list remembers what it was asked lately,
 * so one thread at a time may use it: the deciding one.
 */
#ifndef MF_SUFFIX_H
#define MF_SUFFIX_H

#include "base/error.h"
#include "base/text.h"

struct suffix_list;

/* path NULL: libpsl's built-in list. ERR_INPUT: the file is no such list. */
enum err suffix_list_open(struct suffix_list **list, const char *path, struct why *why);
void suffix_list_close(struct suffix_list *list); /* NULL is fine */

/* Names in lower case, A-labels. A top-level domain missing in the list is no suffix here: the
 * list's fallback rule "*" is left out. */
bool suffix_is_public(const struct suffix_list *list, struct text name);
/* The suffix and one label: RFC 7489's organizational domain, borrowed from name. Here the fallback
 * rule holds. Empty when name is itself a suffix. */
struct text suffix_registrable(const struct suffix_list *list, struct text name);

#endif
