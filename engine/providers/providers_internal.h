/*
 * Shared by the providers that speak HTTP: types, names, growing lists, and whom a provider blames.
 * For the family.
 */
#ifndef MF_PROVIDERS_INTERNAL_H
#define MF_PROVIDERS_INTERNAL_H

#include "base/quoted.h"
#include "providers.h"

/* route53.c, cloudflare.c: as provider_request_make() and provider_reply_decode(). */
enum err route53_request_make(struct aws_request *r, const struct call *c,
                              const struct provider_at *at, const struct credentials *cred,
                              instant_us now, struct why *why);
void route53_reply_decode(struct call *c, const struct aws_reply *r);
enum err cloudflare_request_make(struct aws_request *r, const struct call *c,
                                 const struct provider_at *at, struct why *why);
void cloudflare_reply_decode(struct call *c, const struct aws_reply *r);

/* The number of a type by its name, and back. 0 and NULL: not in our table. */
uint16_t record_type_of(struct text name);
const char *record_type_name(uint16_t type);

/* A name as a provider writes it, in our form: no final dot, lower case, octal escapes (\052)
 * undone where the character means nothing else in a name. at == NULL: no memory. */
struct text record_name_read(struct arena *arena, struct text written);
/* An MX or TXT value in quotes, read into *v. False: of another form, or no memory; v->data then
 * has the value as it is written, or at == NULL. Of other types v->data is always as written. */
bool record_mx_read(struct arena *arena, struct text written, struct record_value *v);
bool record_txt_read(struct arena *arena, struct text written, enum quoted_digits digits,
                     struct record_value *v);

/* A list of len elements of a size, in *cap of room, with room for one more. NULL: no memory; the
 * list is as it was. */
void *list_room(struct arena *arena, void *list, size_t size, uint32_t len, uint32_t *cap);

/* Is the change of a form that can be sent: values, types we know, no special set? ERR_INPUT. */
enum err change_vet(const struct record_change *change, struct why *why);
/* One segment of a path, from a provider's own ID. ERR_INPUT: empty, or a dot segment. */
enum err id_add(struct buf *path, struct text id, struct why *why);

/* Adds a fault for each change whose name and type the words name; whose name they name, where none
 * has the type; or one of no change. change UINT32_MAX: not known from elsewhere either. False: no
 * memory, or PROVIDER_FAULTS_MAX are there. */
bool faults_add(struct call *c, uint32_t change, struct text words);

/* Drops zones, sets and the next page, so half an answer never counts as a whole one. */
void provider_answer_drop(struct call *c);

#endif
