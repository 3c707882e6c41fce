/*
 * Shared by the files of step.h.
 */
#ifndef MF_STEP_INTERNAL_H
#define MF_STEP_INTERNAL_H

#include "step.h"

#define RESTARTS_MAX 2 /* first set again, then cleared and set; then the row fails */

/* A decision without other changes. */
struct decision step_decide(const struct situation *s, enum job_state to);
struct decision step_finish(const struct situation *s, enum outcome outcome, const char *reason);
struct decision step_ready(const struct situation *s, enum write_kind write);
/* The end of a job at its wanted state. */
struct decision step_done(const struct situation *s);
/* Waits for Success: reads again after a while, until the deadline. why: the fault in DNS, if
 * asked; may be empty. */
struct decision step_follow(const struct situation *s, enum mail_from_status status,
                            const char *why);
bool step_is_out_of_time(const struct situation *s);
/* The wait after a failed step, the attempt-th failure in a row. */
span_us step_error_wait(const struct situation *s, unsigned attempt);

/* The write needed if DNS were right. */
struct need {
    enum action action;
    enum write_kind write;
};

struct need step_need(const struct situation *s, const struct ses_facts *ses);

/* step_guard.c */

/* Does SES show this value? The behaviour of the default MAIL FROM does not count. */
bool step_holds(const struct ses_facts *ses, struct text mail_from, enum behavior behavior);
/* Does SES show the last known value: of the last read, or of the last accepted write? */
bool step_is_last_known(const struct situation *s, const struct ses_facts *ses);
/* Does SES show the value of the job's write? */
bool step_shows_write(const struct situation *s, const struct ses_facts *ses);
/* Does SES show the value of any write of this job? */
bool step_shows_own(const struct situation *s, const struct ses_facts *ses);
/* The decision after a read with such a write: the write counts as accepted from now on. */
struct decision step_confirmed_by_read(struct decision d);
/* May a write unanswered by a crash still show up? */
bool step_may_show_yet(const struct situation *s);
/* Does SES show an unanswered write, and not the same value before? */
bool step_shows_lost(const struct situation *s, const struct ses_facts *ses);
/* Before an accepted write of this run: is the value other than the guard expects? */
bool step_has_drifted(const struct situation *s, const struct ses_facts *ses);
struct decision step_drifted(const struct situation *s, const struct ses_facts *ses);
/* GUARD_UNKNOWN: the end of the row. */
struct decision step_before_unknown(const struct situation *s, const struct ses_facts *ses);
/* After an accepted write: is the value one found or written by the run before? */
bool step_is_stale(const struct situation *s, const struct ses_facts *ses);
/* Before an accepted write: is the value just replaced by another run of this journal? */
bool step_contradicts_recent(const struct situation *s, const struct ses_facts *ses);
/* The unexpected value overwritten by a forced run, as a sentence; "": none. */
void step_say_overwritten(const struct situation *s, char out[REASON_LEN_MAX]);

/* step_told.c: ends with DNS's reason. why: the fault in DNS; empty: none; NULL: not asked. */

struct decision step_end_told(const struct situation *s, enum outcome outcome, const char *what,
                              const char *why);
/* The deadline is over. */
struct decision step_expired(const struct situation *s, enum mail_from_status status,
                             const char *why);
/* A plan's row already set, waiting for SES. */
struct decision step_pending(const struct situation *s, enum mail_from_status status,
                             const char *why);

/* step_follow.c */

/* A read of a job with an accepted or unanswered write. */
struct decision step_read_after(const struct situation *s, const struct ses_facts *ses);
/* A first read after loosening another name: SES shows neither this name nor the wanted one. */
struct decision step_read_anew(const struct situation *s, const struct ses_facts *ses);
/* The identity itself is gone. */
struct decision step_gone(const struct situation *s);
/* The look right before a write. */
struct decision step_confirmed(const struct situation *s, const struct ses_facts *ses);

#endif
