/*
 * The judge of the simulation of watching: what must have been told, from the truth of all looks
 * that were kept, by the words of watch/memory.h and none of its code. What it finds is one
 * sentence; the first one ends the run.
 *
 *   each loss that looks show for long enough is told, none that is shorter
 *   the levels of time come at their looks, and the deadline of the 72 hours is right
 *   no event twice, but for one that a crash left in doubt and that says so
 *   a problem never gets milder before it ends, and ends when looks say so
 *   the problems that are shown are those that were told
 *   the memory that another process opens is the same
 */
#ifndef MF_WATCH_JUDGE_H
#define MF_WATCH_JUDGE_H

#include "watch_story.h"

/* The looks at one kind of problem. Of twins (MX gone and wrong) the lower one counts for both in
 * what is marked. */
struct row_of_looks {
    bool is_bad;            /* the last look that learned anything; of twins */
    instant_us bad_first;   /* of the bad looks in a row; of twins */
    instant_us well_last;   /* of twins */
    uint32_t bads;          /* of twins */
    instant_us well_first;  /* since it was told: of the good looks in a row; 0: none */
    enum watch_level level; /* that has been decided and kept */
    enum watch_level told;  /* that the memory knows to have been told */
    bool is_over;           /* two good looks have shown it well, and its beginning is untold */
};

struct judged {
    struct row_of_looks rows[WATCH_KINDS];
    char wanted[32];
    bool was_success, is_known;
    bool in_sweep; /* looked at since the last sweep's end */
    instant_us looked;
};

#define JUDGED (STORY_IDENTITIES + STORY_LANES)

struct watch_judge {
    const struct story *story;
    struct watch_policy policy;
    struct judged now[JUDGED], kept[JUDGED];     /* the lanes come last */
    enum watch_level heard[JUDGED][WATCH_KINDS]; /* by those outside */
    bool in_doubt[JUDGED][WATCH_KINDS]; /* a process ended between the two keeps of an event */
    bool has_clock;                     /* it was set: SES's own clock says nothing of deadlines */
    uint64_t events, digest;
    char complaint[320];
};

void judge_begin(struct watch_judge *j, const struct story *s, const struct watch_policy *policy);
/* One look, at who: an identity, or STORY_IDENTITIES + lane. last: the look at it before. */
void judge_look(struct watch_judge *j, uint32_t who, const char *wanted, bool is_success,
                const enum truth truth[WATCH_KINDS], instant_us now);
void judge_sweep_end(struct watch_judge *j, instant_us now); /* forgets */
void judge_kept(struct watch_judge *j);                      /* what was decided */
void judge_hear(struct watch_judge *j, const struct watch_event *e, instant_us now);
void judge_told(struct watch_judge *j); /* after all events, before they are kept */
void judge_told_kept(struct watch_judge *j);
void judge_crash(struct watch_judge *j); /* what was not kept is lost */
void judge_lose(struct watch_judge *j);  /* all of the memory is */
/* Between sweeps. */
void judge_compare(struct watch_judge *j, const struct watch_memory *m, instant_us now);
void judge_complain(struct watch_judge *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
