/*
 * The family's view of SPF: the walk shared by spf_check and spf_survey, and the parts of the walk.
 */
#ifndef MF_SPF_WALK_H
#define MF_SPF_WALK_H

#include "spf.h"

void spf_walk_init(struct spf_walk *w);
void spf_walk_clear(struct spf_walk *w);
void spf_walk_start(struct spf_walk *w, enum spf_walk_mode mode, const struct spf_mail *mail);
bool spf_walk_next(struct spf_walk *w, struct dns_question *question, uint32_t *number);
void spf_walk_reply(struct spf_walk *w, uint32_t number, const struct dns_reply *reply);

/* Ends the walk. reason is a printf format. */
void spf_walk_end(struct spf_walk *w, enum spf_result result, const char *reason, ...)
    __attribute__((format(printf, 3, 4)));
/* Begins a look-up; `state` handles the end. */
void spf_walk_look_up(struct spf_walk *w, enum spf_walk_state state, struct text name,
                      uint16_t type);
/* Counts one void look-up. False: the walk has ended. */
bool spf_walk_count_void(struct spf_walk *w);
/* Trouble ends the walk, or in a survey the term; a void look-up is counted. False: the caller has
 * nothing to do any more. */
bool spf_walk_lookup_is_usable(struct spf_walk *w);
/* The term at hand matches, or does not. */
void spf_walk_judge(struct spf_walk *w, bool matches);
const struct spf_term *spf_walk_term(const struct spf_walk *w);
/* A survey remembers the network of the term at hand. */
void spf_walk_note_network(struct spf_walk *w, const struct spf_address *address, uint8_t bits);
/* The term at hand matches every client. */
void spf_walk_passes_all(struct spf_walk *w);
/* A or AAAA, whichever the client's address is. */
uint16_t spf_walk_address_type(const struct spf_walk *w);
/* Does one of the addresses just looked up agree with the client's? */
bool spf_walk_client_is_there(struct spf_walk *w, unsigned ip4_bits, unsigned ip6_bits);
/* Expands a domain-spec of the present record. False: the walk has ended. */
bool spf_walk_expand(struct spf_walk *w, struct text spec, struct text *domain);

/* spf_addresses.c: the look-up of SPF_AT_ADDRESSES, SPF_AT_MX, SPF_AT_MX_HOST has ended. */
void spf_addresses_take(struct spf_walk *w);
void spf_mx_take(struct spf_walk *w);
void spf_mx_host_take(struct spf_walk *w);

/* spf_ptr.c: validation of the client's names. When `letters` hold p and the names are unknown,
 * begins the validation and returns false; the walk comes back to `then`. */
bool spf_ptr_is_ready(struct spf_walk *w, spf_letters letters, enum spf_walk_state then);
void spf_ptr_names_take(struct spf_walk *w); /* SPF_AT_PTR has ended */
void spf_ptr_host_take(struct spf_walk *w);  /* SPF_AT_PTR_HOST has ended */
/* %{p} for a record of this domain: "unknown" without a validated name (section 7.3). */
struct text spf_ptr_name_for(const struct spf_walk *w, struct text domain);
bool spf_ptr_matches(const struct spf_walk *w, struct text target);

/* spf_explanation.c: exp= (section 6.2). Whatever goes wrong, the result stays fail. */
void spf_explanation_begin(struct spf_walk *w);  /* SPF_AT_EXP */
void spf_explanation_take(struct spf_walk *w);   /* SPF_AT_EXP_TEXT has ended */
void spf_explanation_expand(struct spf_walk *w); /* SPF_AT_EXP_MACROS */

#endif
