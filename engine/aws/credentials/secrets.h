/*
 * The live secrets of this process. All text from outside passes here before display, log, journal
 * or report: bodies and headers of answers, DNS text, output of credential programs. Any thread;
 * has a lock of its own.
 *
 * A secret lives as long as its owner uses the secret: one not named in the owner's last two
 * renewals is forgotten, so a run of many days holds few.
 */
#ifndef MF_SECRETS_H
#define MF_SECRETS_H

#include "base/arena.h"
#include "base/error.h"

struct secrets;

enum err secrets_open(struct secrets **out, struct why *why);
void secrets_close(struct secrets *s); /* wipes; NULL is fine */

/* Below, s == NULL stands for no secrets at all: nothing is remembered and nothing hidden. */

/* Call before the first use. owner: the later caller of secrets_renewed. Keeps a copy. A text under
 * REDACT_MIN characters is not remembered. ERR_NOMEM. */
enum err secrets_put(struct secrets *s, const void *owner, struct text secret, struct why *why);
/* The owner has new keys. */
void secrets_renewed(struct secrets *s, const void *owner);

/* In place; the new length. */
size_t secrets_hide(struct secrets *s, char *at, size_t len);
void secrets_hide_string(struct secrets *s, char *cstr);
/* t itself without secrets inside; otherwise a copy in *arena, or the bare mark when *arena is
 * full.
 */
struct text secrets_hidden(struct secrets *s, struct text t, struct arena *arena);

#endif
