/*
 * Before a run: whose credentials are these, and may they do what the run will need?
 *
 * Every verb asks who the caller is, for the guard `account_id` of the manifest and for what is
 * remembered of the lanes (callers.h). A plan asks more, of every lane: whether each read that it
 * will need is allowed, whether the account may send, is out of the sandbox, and its quota. What
 * only a write would tell is not known before the first one.
 */
#ifndef MF_PREFLIGHT_H
#define MF_PREFLIGHT_H

#include "access/lanes.h"
#include "probes.h"

enum { PREFLIGHT_QUESTIONS = 8 };

struct preflight {
    const struct fleet *fleet;
    const struct access *access;
    const struct notices *notices;
    struct lanes *lanes;
    bool resumes; /* a run that is remembered: trouble of STS that may pass is waited out in it */
    struct arena arena;     /* probes and their texts */
    struct probe *callers;  /* as fleet.accounts; sent_at 0: not asked */
    struct call_pool calls; /* that carry them */
    struct probe *probes;   /* PREFLIGHT_QUESTIONS to a lane; attempts_max 0: not asked */
};

enum err preflight_begin(struct preflight *p, const struct fleet *f, const struct access *access,
                         const struct notices *n, struct lanes *lanes, struct why *why);
/* Any number of times; the last one after the world is closed, since a second signal leaves calls
 * out. */
void preflight_end(struct preflight *p);

/* Asks STS whose the credentials of all accounts are and compares with the manifest. All accounts
 * that differ are named, and are an error. A guarded account of which STS does not say it, and one
 * whose credentials it refuses, has its lanes given up; that no lane is left is an error. Lanes of
 * a run that is resumed, with a caller that is remembered, wait for STS instead: callers.h. */
enum err preflight_accounts(struct preflight *p, const struct io *io, struct why *why);
/* Asks SES, in every lane that is left, what a plan will need; gives lanes up in which nobody may
 * do anything. */
enum err preflight_lanes(struct preflight *p, const struct io *io, struct why *why);

#endif
