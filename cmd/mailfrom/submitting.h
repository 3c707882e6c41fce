/*
 * A run of a shared journal, from its beginning to its exit code: it is put there for workers, and
 * unless --submit says that this is all, this process is one of them, and follows the journal as
 * status --watch does.
 */
#ifndef MF_SUBMITTING_H
#define MF_SUBMITTING_H

#include "session.h"

/* Puts the run into the journal, or opens it again, and carries it until nothing is left that this
 * process could do. *is_left: with --submit, to workers: nothing more is to be said of it. After
 * that, head and end of the run are those of the journal. */
enum err submitting_carry(struct session *s, bool *is_left, struct why *why);
/* Instead of session_carry_out(), of a run of identities that is no plan. */
int submitting_carry_out(struct session *s, struct why *why);
/* What the options wish for and a run that several workers carry cannot have. */
enum err submitting_vet(const struct options *o, option_set verb, struct why *why);

#endif
