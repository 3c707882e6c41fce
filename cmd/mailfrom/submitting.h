/*
 * A run of a shared journal, from its beginning to its exit code: it is put there for workers, and
 * unless --submit says that this is all, this process is one of them, and follows the journal as
 * status --watch does.
 */
#ifndef MF_SUBMITTING_H
#define MF_SUBMITTING_H

#include "session.h"

/* Instead of session_carry_out(), of a run that is no plan. */
int submitting_carry_out(struct session *s, struct why *why);
/* What the options wish for and a run that several workers carry cannot have. */
enum err submitting_vet(const struct options *o, option_set verb, struct why *why);

#endif
