/*
 * SPF macros (RFC 7208, section 7): %{d}, %{ir}, %{l1r-}, %%, %_, %-.
 */
#ifndef MF_SPF_MACRO_H
#define MF_SPF_MACRO_H

#include "base/arena.h"
#include "spf_address.h"

/* The letters used in a macro-string, without regard to case. */
typedef uint32_t spf_letters;
#define SPF_LETTER(c) ((spf_letters)1 << ((c) - 'a'))

enum spf_place {
    SPF_IN_DOMAIN,      /* domain-spec and unknown modifiers: letters s l o d i p v h */
    SPF_IN_EXPLANATION, /* c, r, t and spaces too (section 6.2) */
};

/* Is s a macro-string? *letters gets the letters for the expansion. */
bool spf_macro_check(struct text s, enum spf_place place, spf_letters *letters);
/* Is s a domain-spec: a macro-string ending in a macro or in a dot and a top label (section 7.1)?
 */
bool spf_macro_check_domain(struct text s, spf_letters *letters);

struct spf_macro_values {
    struct text sender, local_part, sender_domain; /* s, l, o */
    struct text domain;                            /* d: of the record at hand */
    struct text helo, receiver;                    /* h, r */
    struct text validated;                         /* p */
    struct spf_address client;                     /* i, v, c */
    int64_t time_s;                                /* t */
};

/* Expands s, which has passed the check. at == NULL: longer than SPF_EXPANSION_MAX, or out of
   memory.
 */
struct text spf_macro_expand(struct arena *arena, struct text s, const struct spf_macro_values *v);
/* Expands s as a domain name: no final dot, and labels dropped from the left down to 253 characters
 * (section 7.3). */
struct text spf_macro_expand_domain(struct arena *arena, struct text s,
                                    const struct spf_macro_values *v);

#endif
