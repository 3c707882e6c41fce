/*
 * A sweep of watching: one look at every identity of a fleet, in SES and in DNS at the authorities.
 * It is the ordinary plan with nothing kept: no journal, no lock, no write to SES, so it runs beside
 * an apply. What it sees goes into the memory of watching (watch/memory.h), which judges.
 *
 * SES is asked for the MAIL FROM attributes, a hundred identities a call, for the account, and at
 * most once in fleet.watch.verification for what is verified: in a large lane by ListEmailIdentities,
 * a thousand a page. So 10,000 identities of one lane cost 101 calls, and 111 when verification is
 * due. Where IAM refuses version 1, each identity costs a call.
 *
 * After a sweep a watching has what a person wants to read of it, until the next one or
 * watching_clear(). One thread.
 */
#ifndef MF_WATCHING_H
#define MF_WATCHING_H

#include "run.h"
#include "watch/memory.h"

/* A present problem of a row, or of a lane. */
struct watching_problem {
    uint32_t row; /* of a lane: WATCHING_LANE and the lane */
    enum watch_kind kind;
    enum watch_level level; /* WELL: not long enough to be told */
    instant_us since, deadline;
};

#define WATCHING_LANE 0x80000000u /* bit of a tag: it is the number of a lane */

static_assert(IDENTITIES_MAX < WATCHING_LANE, "a row fits a tag");

/* What a sweep saw of a lane. */
struct watching_lane {
    uint32_t rows, unseen; /* unseen: SES was not read */
    uint32_t by_status[MAIL_FROM_UNKNOWN + 1]; /* of the rows read */
    char trouble[REASON_LEN_MAX];              /* why it was not read; "": it was */
};

/* Calls of all sweeps, by kind and version. */
struct watching_calls {
    uint64_t sent[CALL_KINDS], throttled[CALL_KINDS];
};

struct watching_said; /* a sentence about the DNS of a row */

struct watching {
    struct run *run; /* borrowed: its fleet, access, owner of the wire and observer */
    struct watch_memory *memory; /* borrowed */
    /* Of the last sweep. */
    instant_us began, ended; /* 0: it has not begun */
    bool was_stopped;        /* by a signal: nothing was told to the memory */
    bool has_looked;         /* something of SES and, where asked, of DNS was seen */
    uint32_t unseen;         /* rows that SES was not read of */
    uint32_t asked, troubled; /* rows that DNS was asked about; without any answer */
    struct watching_lane *lanes; /* as fleet.lanes; in arena */
    struct watching_problem *problems; /* worst level first, then by kind and row; to be freed */
    uint32_t problems_len, problems_cap;
    uint32_t rows_bad; /* rows with a problem */
    struct watching_calls calls; /* of this sweep */
    struct watching_said **said; /* by row; in arena */
    struct arena arena;          /* of the sweep: sentences and what is above */
    struct watch_seen_kept *seen; /* by row: what SES showed; in arena */
};

void watching_init(struct watching *w, struct run *run, struct watch_memory *memory);
void watching_clear(struct watching *w);

/* One sweep. OK with has_looked false: it was made, and showed nothing. Errors: it could not begin
 * (credentials, the Public Suffix List, no memory). Except after a signal the memory has been told
 * of every row and lane, also those not seen; its events are to be kept and told then. */
enum err watching_sweep(struct watching *w, struct why *why);

/* The time of the sweep, when nothing else could be looked at: all rows are unseen. After an error
 * of watching_sweep(). ERR_NOMEM. */
enum err watching_unseen(struct watching *w, const char *reason, instant_us now, struct why *why);

/* What was found, as one sentence, of a problem of the last sweep or an event. */
void watching_sentence(const struct watching *w, uint32_t tag, enum watch_kind kind,
                       struct buf *out);
/* Identity (empty for a lane), account, account number and Region of a tag. */
struct watch_key watching_key(const struct watching *w, uint32_t tag);

#endif
