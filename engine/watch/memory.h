/*
 * The memory of watching: what looks have shown of every identity and lane, how bad it is, and what
 * outputs have been told. Pure: the caller looks, keeps and tells; `now` is an argument. One
 * thread.
 *
 * A sweep is watch_sweep_begin(), watch_look() for each identity, watch_look_lane() for each lane,
 * and watch_sweep_end(). Then watch_rows() go to the journal, and watch_kept(). Then each of
 * watch_events() goes to the outputs, and watch_told(). Where there was an event, watch_rows() are
 * kept once more: what was told is remembered, too.
 *
 * So a level is durable before it is told. A process that ends between the two leaves events that
 * may have been told or not: the next process tells them again. Nothing is lost, and nothing comes
 * twice otherwise. A repeated event has the same identity, kind, since, from and to, which make its
 * id for receivers (reports/event_line.c), so a receiver can drop it.
 *
 * When a problem is told:
 *   DNS gone or wrong, drift, DMARC    warning once two looks at least policy.confirm apart have
 *                                      shown it with none well between; the MX is critical once
 *                                      that has lasted policy.critical
 *   identity missing or unverified     critical, confirmed like these
 *   Failed, TemporaryFailure           critical at once
 *   the latter, policy.page_before of the 72 hours left; mail is rejected           page
 *   Pending                            where it was Success before, as the MX; else a warning after
 *                                      72 hours
 *   the account cannot send            critical at once
 *   the advisor; a name that SES would not take    warning at once
 *   SERVFAIL, time-out; SES unseen     warning after policy.trouble_looks looks in a row; a lane
 *                                      that stays unseen for policy.critical is critical
 *
 * Coming and going (hysteresis): before it is told, one good look ends a problem without a word.
 * Once told, it ends when two good looks at least policy.confirm apart have shown it well with none
 * bad between, for every kind alike. So what comes and goes faster is one problem and two events.
 * An output that is dead delays both events, and not the end: watch_problems() leaves it out at
 * once. A problem becomes worse while it lasts, never milder. A look that learned nothing
 * (SERVFAIL, SES not read) counts neither way, and what was told goes on getting older: the 72
 * hours run, and six hours pass, whether or not a sweep can see it. MX gone and MX wrong are one
 * fault in two forms, and so are those of SPF: the time of one counts for the other.
 *
 * The 72 hours of SES count from the first look that saw TemporaryFailure since one that saw
 * another status. SES does not say when they began, so they may end earlier, by the time between
 * two looks. TemporaryFailure still seen WATCH_GRACE_SLACK after they have ended shows that they
 * began anew unseen.
 *
 * A clock that was set back: instants of the memory that lie in the future become now.
 *
 * Another MAIL FROM in the manifest ends the problems of the old name at once. An identity that no
 * sweep has looked at for WATCH_FORGET is forgotten without an event, and so are all its problems.
 */
#ifndef MF_WATCH_MEMORY_H
#define MF_WATCH_MEMORY_H

#include "model/dns_status.h"
#include "model/ses.h"
#include "model/watch_record.h"

#define WATCH_FORGET      SPAN_H(30 * 24) /* a holiday, and a manifest that comes back after it */
#define WATCH_LOOKED_STEP SPAN_H(24)      /* so often "was looked at" is kept, not at each sweep */
#define WATCH_GRACE_SLACK SPAN_H(12)      /* SES may be late, but not so late */

/* Bits of kinds: 1u << WATCH_... */
typedef uint32_t watch_kinds;
#define WATCH_BIT(kind) ((watch_kinds)1 << (kind))

/* What one look showed of one identity. */
struct watch_seen {
    bool is_read;        /* SES was asked for the MAIL FROM and answered; exists to status hold */
    bool lane_is_unseen; /* SES could not be asked about the whole lane: no word of the identity */
    bool exists;
    bool verification_is_read;
    enum verification verification;
    bool dkim_is_asked;    /* SES was asked for it; UNKNOWN: it told nothing */
    enum dkim_status dkim; /* no kind of problem: it is remembered for reports */
    struct text mail_from; /* at SES; empty: none. Borrowed for the call */
    enum behavior behavior;
    enum mail_from_status status;
    enum mx_status mx; /* NONE, here and below: not judged, nothing learned */
    enum spf_status spf;
    enum dmarc_status dmarc;
    watch_kinds known, shown; /* of WATCH_ENDPOINT_REGIONS to WATCH_REFUSED: asked; is so */
};

/* What the manifest wants. */
struct watch_wanted {
    struct text mail_from; /* empty: SES's own, so neither DNS nor behavior are judged */
    enum behavior behavior;
    bool needs_spf;       /* dns.require has spf */
    watch_kinds accepted; /* never told: the manifest accepts the finding */
};

/* What a sweep learned of a lane. */
struct watch_lane_seen {
    bool is_read;          /* at least one read of the lane had an answer */
    bool account_is_known; /* GetAccount had an answer; can_send holds */
    bool can_send;
    watch_kinds known, shown; /* as in watch_seen, where they are of the lane */
    watch_kinds accepted;     /* as in watch_wanted, by every identity of the lane */
};

/* A change of level that outputs have to be told. Texts are the memory's, until watch_close(). */
struct watch_event {
    struct watch_key key;
    uint32_t tag; /* of the last look at the identity in this process; WATCH_NO_TAG: none yet */
    enum watch_kind kind;
    enum watch_level from, to;
    instant_us since;    /* the first look that saw the problem */
    instant_us deadline; /* of STATUS_TEMPORARY, and of REJECTING beside it; else WHEN_NEVER */
    bool may_repeat; /* the process before may have told it already. No output says so: its id does
                      */
};
#define WATCH_NO_TAG UINT32_MAX

/* A present problem. */
struct watch_problem {
    enum watch_kind kind;
    enum watch_level level; /* WELL: not long enough to be told */
    instant_us since, deadline;
    instant_us well_since; /* seen well again since, not yet for long enough; 0: no */
};

struct watch_memory;

struct watch_memory *watch_open(const struct watch_policy *policy); /* NULL: out of memory */
void watch_close(struct watch_memory *m);                           /* NULL is fine */

/* Before the first sweep, each row of the journal, identities first (journal_watch_each()). A row
 * that cannot be (a number twice, an owner that is not there) is left out and its number used
 * again; watch_left_out() counts those. False: out of memory. m is a struct watch_memory. */
bool watch_learn_identity(void *m, const struct watch_identity_record *r);
bool watch_learn_problem(void *m, const struct watch_problem_record *r);
uint32_t watch_left_out(const struct watch_memory *m);

void watch_sweep_begin(struct watch_memory *m, instant_us now);
/* One look at one identity, at most once a sweep. tag: the caller's, for events. False: out of
 * memory, so nothing of this sweep may be told or kept. */
bool watch_look(struct watch_memory *m, const struct watch_key *key, uint32_t tag,
                const struct watch_wanted *wanted, const struct watch_seen *seen, instant_us now);
bool watch_look_lane(struct watch_memory *m, const struct lane_name *lane, uint32_t tag,
                     const struct watch_lane_seen *seen, instant_us now);
/* Forgets whom no sweep has looked at for long, and lists the events. False: out of memory. */
bool watch_sweep_end(struct watch_memory *m, instant_us now);

/* What is to be told: of this sweep, and of sweeps before that were not told. Worst level first,
 * then the order of looks. Until the next call that changes the memory. */
const struct watch_event *watch_events(const struct watch_memory *m, uint32_t *len);
void watch_told(struct watch_memory *m); /* all of them */
/* What has changed since watch_kept(); until the next call that changes the memory. False: out of
 * memory. */
bool watch_rows(struct watch_memory *m, struct watch_rows *rows);
void watch_kept(struct watch_memory *m);

/* The present problems, worst level first, then by kind; returns how many. */
uint32_t watch_problems(const struct watch_memory *m, const struct watch_key *key,
                        struct watch_problem out[WATCH_KINDS]);
/* When SES was last asked for the verification; 0: never, or it was not verified then, so ask now.
 */
instant_us watch_verified_at(const struct watch_memory *m, const struct watch_key *key);
/* The last status that SES told. *asked: when SES was last asked, whatever it told; 0: never. May
 * be NULL. */
enum dkim_status watch_dkim(const struct watch_memory *m, const struct watch_key *key,
                            instant_us *asked);

#endif
