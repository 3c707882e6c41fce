/*
 * Preflight: before a run, asks for the owner of the credentials and for the permissions of the
 * run.
 *
 * Every verb asks for the caller, for the manifest's guard `account_id` and for the remembered
 * callers of the lanes (callers.h). A plan asks more about every lane: permission for each needed
 * read, and the account's sending status, sandbox and quota. Permission to write shows only at the
 * first write. What the run would ask again, the account and the first page of a list, it takes
 * from here.
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
    bool resumes;           /* a resumed run: waits for passing trouble of STS */
    bool is_part;           /* other processes carry other lanes: credentials of another account
                               than the manifest's cost their lanes, and stop nobody else */
    struct arena arena;     /* probes and texts */
    struct probe *callers;  /* as fleet.accounts; sent_at 0: not asked */
    struct probe *regions;  /* as fleet.lanes: STS in the lane's own Region, see enabled.h */
    struct call_pool calls; /* calls of the probes */
    struct probe *probes;   /* PREFLIGHT_QUESTIONS to a lane; attempts_max 0: not asked */
    uint32_t pages;         /* probes with is_kept */
};

enum err preflight_begin(struct preflight *p, const struct fleet *f, const struct access *access,
                         const struct notices *n, struct lanes *lanes, struct why *why);
/* Any number of times; the last one after the world is closed, since a second signal leaves calls
 * out. */
void preflight_end(struct preflight *p);

/* Asks STS for the owner of the credentials of all accounts and compares with the manifest. Lanes
 * in a Region that the account has not enabled lose their turn alone. All differing accounts are
 * named, and are an error. A guarded account without an answer of STS, and an account with refused
 * credentials, lose their lanes; without any lane left, an error. Lanes of a resumed run with a
 * remembered caller wait for STS instead: callers.h. */
enum err preflight_accounts(struct preflight *p, const struct io *io, struct why *why);
/* Asks SES in every remaining lane for the permissions of a plan; gives up lanes without any
 * permission. */
enum err preflight_lanes(struct preflight *p, const struct io *io, struct why *why);

#endif
