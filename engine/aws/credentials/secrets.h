/*
 * The live secrets of this process, and the one place through which everything goes that comes from
 * outside, before it is shown, logged, kept or reported: bodies and headers of answers, DNS text,
 * what credential programs say. Any thread; has its own lock.
 *
 * A secret lives as long as its owner uses it: what an owner has not named again in its last two
 * renewals is forgotten, so that a run of many days holds few.
 */
#ifndef MF_SECRETS_H
#define MF_SECRETS_H

#include "base/arena.h"
#include "base/error.h"

struct secrets;

enum err secrets_open(struct secrets **out, struct why *why);
void secrets_close(struct secrets *s); /* wipes; NULL is fine */

/* Below, s == NULL stands for no secrets at all: nothing is remembered and nothing hidden. */

/* Before it is used for the first time. owner: whoever will call secrets_renewed. Keeps a copy. A
 * text under REDACT_MIN characters is not remembered. ERR_NOMEM. */
enum err secrets_put(struct secrets *s, const void *owner, struct text secret, struct why *why);
/* The owner has keys that are newer than all before. */
void secrets_renewed(struct secrets *s, const void *owner);

/* In place; the new length. */
size_t secrets_hide(struct secrets *s, char *at, size_t len);
void secrets_hide_string(struct secrets *s, char *cstr);
/* t itself when there is nothing to hide, else a copy in *arena, or the bare mark when that is
 * full.
 */
struct text secrets_hidden(struct secrets *s, struct text t, struct arena *arena);

#endif
