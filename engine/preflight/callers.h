/*
 * Whose account: the callers of a run's lanes, as the journal or a plan file remembers them, and as
 * STS names them now. A run goes on only in the account that it was begun in.
 */
#ifndef MF_CALLERS_H
#define MF_CALLERS_H

#include "access/lanes.h"
#include "probes.h"

/* Whose keys a lane had is remembered, and is not CALLER_UNKNOWN. */
bool caller_is_known(const struct fleet *f, const struct caller *c);

/* found: the answers of GetCallerIdentity, as fleet.accounts; those without answered_at were not
 * asked. Gives up every lane whose remembered caller is another one, with a sentence that names
 * `begun`, what remembers them ("run 7"); fills in the caller of all others. Says once where STS
 * could not be asked, which is remembered as CALLER_UNKNOWN and matches nothing else. ERR_AUTH: no
 * lane is left.
 *
 * resumes: where STS cannot be asked for now, a known caller stays as it is remembered. The wire
 * signs nothing there before STS has named it (callers_expect), so the lane waits like one that SES
 * does not answer. */
enum err callers_hold(struct fleet *f, struct lanes *l, const struct probe *found,
                      const char *begun, bool resumes, const struct notices *n, struct why *why);

/* Tells the wire whose keys it may sign with from now on, and what STS took for the time, where
 * that is known. After callers_hold(). */
void callers_expect(const struct fleet *f, const struct lanes *l, const struct probe *found,
                    struct wire *wire);

#endif
