/*
 * What the files of step.h share.
 */
#ifndef MF_STEP_INTERNAL_H
#define MF_STEP_INTERNAL_H

#include "step.h"

#define RESTARTS_MAX 2 /* set again; then cleared and set; then SES has had its chances */

/* A decision that changes nothing else. */
struct decision step_decide(const struct situation *s, enum job_state to);
struct decision step_finish(const struct situation *s, enum outcome outcome, const char *reason);
struct decision step_ready(const struct situation *s, enum write_kind write);
/* The end of a job that is as wanted. */
struct decision step_done(const struct situation *s);
/* SES is to say Success: look again after a while, until the deadline. why: what is wrong in DNS,
 * as far as DNS was asked; may be empty. */
struct decision step_follow(const struct situation *s, enum mail_from_status status,
                            const char *why);
bool step_is_out_of_time(const struct situation *s);
/* After a failure of what the job is doing, the attempt-th in a row. */
span_us step_error_wait(const struct situation *s, unsigned attempt);

/* What would have to be written, were DNS as it should be. */
struct need {
    enum action action;
    enum write_kind write;
};

struct need step_need(const struct situation *s, const struct ses_facts *ses);

/* step_guard.c */

/* SES shows this value. The behaviour of the default MAIL FROM says nothing. */
bool step_holds(const struct ses_facts *ses, struct text mail_from, enum behavior behavior);
/* SES shows what is known of it: the last read, or the last write that it took. */
bool step_is_last_known(const struct situation *s, const struct ses_facts *ses);
/* SES shows what the job's write puts there. */
bool step_shows_write(const struct situation *s, const struct ses_facts *ses);
/* SES shows what some write of this job would have put there. */
bool step_shows_own(const struct situation *s, const struct ses_facts *ses);
/* What a read leads to that shows such a write: from now on it counts as taken. */
struct decision step_confirmed_by_read(struct decision d);
/* A write whose answer died with its process may show up yet. */
bool step_may_show_yet(const struct situation *s);
/* SES shows a write whose answer was lost, and did not show as much before it. */
bool step_shows_lost(const struct situation *s, const struct ses_facts *ses);
/* Before SES has taken a write of this run: is it other than the guard expects? */
bool step_has_drifted(const struct situation *s, const struct ses_facts *ses);
struct decision step_drifted(const struct situation *s, const struct ses_facts *ses);
/* GUARD_UNKNOWN: the end of the row. */
struct decision step_before_unknown(const struct situation *s, const struct ses_facts *ses);
/* After it has: is it what the run found there or had put there before? */
bool step_is_stale(const struct situation *s, const struct ses_facts *ses);
/* Before it has: is it what another run of this journal has just replaced? */
bool step_contradicts_recent(const struct situation *s, const struct ses_facts *ses);
/* What a forced run has overwritten, as a sentence; "": nothing that was not expected. */
void step_say_overwritten(const struct situation *s, char out[REASON_LEN_MAX]);

/* step_told.c: ends that say why, by DNS. why is what is wrong there; empty: nothing is; NULL: it
 * was not asked. */

struct decision step_end_told(const struct situation *s, enum outcome outcome, const char *what,
                              const char *why);
/* The deadline is over. */
struct decision step_expired(const struct situation *s, enum mail_from_status status,
                             const char *why);
/* A plan's row that is set already, and waits for SES. */
struct decision step_pending(const struct situation *s, enum mail_from_status status,
                             const char *why);

/* step_follow.c */

/* A look at a job whose write SES has taken, or may have. */
struct decision step_read_after(const struct situation *s, const struct ses_facts *ses);
/* A first look, after the run has loosened another name: it shows something else than that one. */
struct decision step_read_anew(const struct situation *s, const struct ses_facts *ses);
/* The identity itself is gone. */
struct decision step_gone(const struct situation *s);
/* The look right before a write. */
struct decision step_confirmed(const struct situation *s, const struct ses_facts *ses);

#endif
