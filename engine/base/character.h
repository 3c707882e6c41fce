/*
 * Characters that a person cannot see, or takes for others: what a message calls them. They come
 * along when a name is copied from a web page, a chat or a word processor. Source: Unicode
 * Standard, sections 6.2 and 23.
 */
#ifndef MF_CHARACTER_H
#define MF_CHARACTER_H

#include "text.h"

enum character_kind {
    CHARACTER_PLAIN,
    CHARACTER_BLANK,  /* looks like a blank, and is none */
    CHARACTER_HIDDEN, /* has no width, or turns the direction of the text */
    CHARACTER_QUOTE,  /* a quotation mark outside ASCII */
    CHARACTER_DASH,   /* looks like a hyphen-minus */
};

enum character_kind character_kind(uint32_t code);
/* "no-break space"; NULL for a plain character. */
const char *character_name(uint32_t code);
/* What a person does about it: "type a plain blank instead"; NULL for a plain one. */
const char *character_fix(uint32_t code);
/* May the text stand in a manifest's value as it is? 0, or the first blank or hidden character. The
 * joiners U+200C and U+200D are letters of some scripts, so IDNA decides on them. */
uint32_t character_first_unseen(struct text t);
/* The same of quotation marks and dashes, too: what may be wrong with a text that is not
 * understood. */
uint32_t character_first_odd(struct text t);
/* t without those that cannot be seen, in out, cut to size - 1 bytes: what its writer believes to
 * have written. */
struct text character_seen(struct text t, char *out, size_t size);

#endif
