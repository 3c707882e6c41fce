/*
 * Borrowed text: a pointer and a length, never owned, not NUL-terminated. The owner of the bytes
 * states the lifetime. ASCII rules only: DNS names and protocol words need no locale.
 */
#ifndef MF_TEXT_H
#define MF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at;
    size_t len;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
#define TEXT_NONE     ((struct text){NULL, 0})
#define TEXT_FMT      "%.*s"
#define TEXT_ARG(t)   (int)(t).len, ((t).len ? (t).at : "")

/* The smallest are inlined: a large fleet is compared and classified byte by byte. */

/* NULL gives the empty text. */
static inline struct text text_of(const char *cstr)
{
    return cstr ? (struct text){cstr, strlen(cstr)} : TEXT_NONE;
}

static inline bool text_eq(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Clamped. */
static inline struct text text_slice(struct text t, size_t start, size_t end)
{
    if (end > t.len)
        end = t.len;
    if (start >= end)
        return (struct text){t.at, 0};
    return (struct text){t.at + start, end - start};
}

/* All from start on. */
static inline struct text text_from(struct text t, size_t start)
{
    return start < t.len ? (struct text){t.at + start, t.len - start} : (struct text){t.at, 0};
}

bool text_eq_nocase(struct text a, struct text b);
int text_cmp(struct text a, struct text b); /* bytewise, the shorter first */
bool text_starts(struct text t, struct text prefix);
bool text_ends(struct text t, struct text suffix);
bool text_ends_nocase(struct text t, struct text suffix);
struct text text_trim(struct text t); /* without spaces and tabs at both ends */

/* ASCII without blanks and control characters, as allowed in a header or a URL. True for "". */
bool text_is_visible(struct text t);

/* Index of the first (last) c, or t.len when there is none. */
size_t text_find(struct text t, char c);
size_t text_rfind(struct text t, char c);
/* Index of the first occurrence of needle, or t.len. */
size_t text_find_text(struct text t, struct text needle);

/* Cuts *rest at the first sep: returns the part before sep and leaves the part after in *rest.
 * Without sep, returns the whole of *rest, and *rest becomes TEXT_NONE (at == NULL). */
struct text text_cut(struct text *rest, char sep);

/* Columns on a terminal: one for each character of UTF-8. */
size_t text_columns(struct text t);
/* Cuts a line off *rest: as many words as fit into so many columns, one at least, without the blank
 * behind them. */
struct text text_cut_line(struct text *rest, size_t columns);

/* Decimal digits only, whole text, no sign. False on any other text and on overflow. */
bool text_to_u64(struct text t, uint64_t *out);

/* ASCII. */
static inline char char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool char_is_alpha(char c)
{
    c = char_lower(c);
    return c >= 'a' && c <= 'z';
}

static inline bool char_is_alnum(char c)
{
    return char_is_digit(c) || char_is_alpha(c);
}

/* Distance in single edits (insert, delete, replace, swap of neighbours) between a and b, at most
 * limit + 1. For near misses: "mail_form" is 1 away from "mail_from". Texts over 64 bytes give
 * limit + 1. */
unsigned text_distance(struct text a, struct text b, unsigned limit);

/* The search for the word that was meant. A guess at random helps nobody: a word of three letters
 * may have one slip, one of five two. Begin with {name, limit + 1, NULL}. */
struct text_near {
    struct text name;
    unsigned nearest; /* fewer edits than these are wanted */
    const char *word; /* the best so far */
};
void text_near_try(struct text_near *near, const char *word);

#endif
