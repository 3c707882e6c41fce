/*
 * Callers: the owner of the credentials of each lane, as remembered in the journal or a plan file,
 * and as named by STS now. A run goes on only in its first account.
 */
#ifndef MF_CALLERS_H
#define MF_CALLERS_H

#include "access/lanes.h"
#include "probes.h"

/* found: the answers of GetCallerIdentity, as fleet.accounts; an answer without answered_at means
 * not asked. Gives up every lane with a different remembered caller; the sentence names `begun`,
 * the rememberer ("run 7"). Fills in the caller of all other lanes. A notice tells once when STS
 * gave no answer; the caller is then CALLER_UNKNOWN, equal only to itself. ERR_AUTH: no lane is
 * left.
 *
 * resumes: while STS is unreachable, a known caller stays as remembered. The wire signs no call of
 * the lane before STS has named the caller (callers_expect), so the lane waits as if SES were
 * unreachable. */
enum err callers_hold(struct fleet *f, struct lanes *l, const struct probe *found,
                      const char *begun, bool resumes, const struct notices *n, struct why *why);

/* Is this row of fleet.providers Route 53 in the account? */
static inline bool provider_is_of(const struct fleet *f, uint32_t row, uint32_t account)
{
    return f->providers[row].kind == PROVIDER_ROUTE53 && f->providers[row].account == account;
}

/* Tells the wire the accounts of allowed keys from now on, and STS's time if known. After
 * callers_hold(). */
void callers_expect(const struct fleet *f, const struct lanes *l, const struct probe *found,
                    struct wire *wire);

#endif
