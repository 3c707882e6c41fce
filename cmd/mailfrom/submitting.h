/*
 * A run of a shared journal, from its beginning to its exit code: it is put there for workers, and
 * unless --submit says that this is all, this process is one of them, and follows the journal as
 * status --watch does.
 */
#ifndef MF_SUBMITTING_H
#define MF_SUBMITTING_H

#include "session.h"

enum submitting_end {
    SUBMITTING_NOTHING, /* an error, and nothing has changed */
    SUBMITTING_LEFT,    /* to workers: --submit, or they carry it already */
    SUBMITTING_CARRIED, /* head and end of the run are those of the journal now */
};

/* Puts the run into the journal, or opens it again, and carries it until nothing is left that this
 * process could do. */
enum err submitting_carry(struct session *s, enum submitting_end *end, struct why *why);
/* The exit code of what was not carried; says why. */
int submitting_concluded(struct session *s, enum submitting_end end, const struct why *why);
/* Instead of session_carry_out(), of a run of identities that is no plan. */
int submitting_carry_out(struct session *s, struct why *why);
/* After the first signal to a worker. */
#define SUBMITTING_STOPS                                                                           \
    "stopping: calls on their way are awaited, and lanes are given back; once more to leave at "   \
    "once"

/* What the options wish for and a run that several workers carry cannot have. */
enum err submitting_vet(const struct options *o, option_set verb, struct why *why);

#endif
