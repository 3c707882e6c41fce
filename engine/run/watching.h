/*
 * A sweep of watching: one look at every identity of a fleet, in SES and in DNS at the authorities.
 * It is the ordinary plan with nothing kept: no journal, no lock, no write to SES, so it runs
 * beside an apply. What it sees goes into the memory of watching (watch/memory.h), which judges.
 *
 * SES is asked for the MAIL FROM attributes, a hundred identities a call, and for the account; and,
 * at most once in fleet.watch.verification, for what is verified (in a large lane by
 * ListEmailIdentities, a thousand a page), for DKIM, a hundred identities a call beside the others,
 * for global endpoints, and a page for each hundred open recommendations. So 10,000 identities of
 * one lane cost 101 calls, and 212 when verification is due. Where a global endpoint leads to a
 * Region without rows, that Region is asked about its identities too. Where IAM refuses version 1,
 * each identity costs a call.
 *
 * A watching holds what a person wants to read of its last sweep. One thread.
 */
#ifndef MF_WATCHING_H
#define MF_WATCHING_H

#include "base/names.h"
#include "reports/dmarc_sum.h"
#include "run.h"
#include "watch/memory.h"

#define WATCHING_LANE 0x80000000u /* bit of a tag: the rest is a lane and not a row */

static_assert(IDENTITIES_MAX < WATCHING_LANE, "a row fits a tag");

/* A present problem. */
struct watching_problem {
    uint32_t tag; /* a row of the fleet, or WATCHING_LANE and a lane */
    uint16_t lane;
    enum watch_kind kind;
    enum watch_level level;                 /* WELL: not long enough to be told */
    instant_us since, deadline, well_since; /* as in struct watch_problem */
    bool needs_write;   /* of WATCH_REJECTING: no record of DNS ends it, a write to SES does */
    const char *reason; /* one sentence: what was found */
};

/* What a sweep saw of a lane. */
struct watching_lane {
    uint32_t rows, unseen;                     /* unseen: SES was not read */
    uint32_t by_status[MAIL_FROM_UNKNOWN + 1]; /* of the others */
    const char *trouble;                       /* why it could not be read; NULL: it could */
    const char *gap;      /* what could not be asked, and what follows from it; NULL: nothing */
    watch_kinds accepted; /* by every row */
    bool one_by_one;      /* version 1 is refused: each identity costs a call */
};

/* Calls, of one action. */
struct watching_calls {
    uint64_t sent, throttled, failed;
};

/* By what each identity passed DMARC when DNS told it last: kept by a process from sweep to sweep,
 * so that no outage of DNS looks like mail that fails. */
struct dmarc_known {
    struct names names; /* of identities with their lane */
    uint8_t *by;        /* by id: enum dmarc_by; owned */
    uint32_t cap;
};
void dmarc_known_clear(struct dmarc_known *k);
/* What is known of the identity after a sweep that saw it so. Without memory: what was seen. */
enum dmarc_by dmarc_known_by(struct dmarc_known *k, const struct watch_key *key,
                             const struct row_dmarc *seen);

struct watching {
    struct run *run;                   /* borrowed: fleet, access, owner of the wire, observer */
    struct watch_memory *memory;       /* borrowed */
    instant_us began, ended;           /* of the sweep. began may be set before: when it was due.
                                          Both heed SES's clock, where ours is behind it */
    bool was_stopped;                  /* by a signal: the memory was told nothing */
    bool has_looked;                   /* SES showed something, and so did DNS where it was asked */
    const char *blind;                 /* why not; NULL: it has looked */
    uint32_t unseen;                   /* rows that SES was not read of */
    uint32_t asked, troubled;          /* rows whose DNS was asked; that got no answer */
    bool dns_is_silent;                /* of many, all got none: of no name anything was learned */
    uint32_t rows_bad;                 /* rows with a problem, told or not */
    struct watching_lane *lanes;       /* as fleet.lanes */
    struct dmarc_sum dmarc;            /* how many pass DMARC, as SES and DNS have shown */
    struct dmarc_known *known;         /* borrowed; NULL: nothing is known of earlier sweeps */
    uint32_t dmarc_known[DMARC_BYS];   /* as dmarc.after; where DNS gave no verdict, by .known */
    uint8_t *dkim;                     /* by row: enum dkim_status, the last that SES told */
    struct watching_problem *problems; /* worst level first, then by kind, lane and row */
    uint32_t problems_len, problems_cap;
    struct watching_calls calls[CALL_KINDS][2]; /* by version of the API, from 0 */
    struct arena arena;                         /* all of the above */
};

void watching_init(struct watching *w, struct run *run, struct watch_memory *memory);
void watching_clear(struct watching *w);

/* One sweep. OK with has_looked false: it was made, and showed nothing; blind says why. Errors: it
 * could not begin: credentials, the Public Suffix List. Except after a signal and ERR_NOMEM the
 * memory has been told of every row and lane, those that were not seen too; what it has to keep and
 * to tell is the caller's to do. */
enum err watching_sweep(struct watching *w, struct why *why);

uint64_t watching_calls_sent(const struct watching *w); /* to SES */
/* How long the sweep took; 0: it has not begun, or has no end. Never less. */
span_us watching_took(const struct watching *w);
/* The identity (none for a lane) and the lane of a tag. Borrowed from the fleet. */
struct watch_key watching_key(const struct fleet *f, uint32_t tag);
/* The problem that an event of this sweep is about; NULL: it is over. */
const struct watching_problem *watching_find(const struct watching *w,
                                             const struct watch_event *event);

/* The part of watching_sweep() in an open world: for tests in a simulated one. */
enum err watching_sweep_in(struct watching *w, struct io *io, struct why *why);

/* Fills in .dmarc at the end of a sweep, while its scheduler lives. */
void watching_dmarc_count(struct watching *w);

#endif
