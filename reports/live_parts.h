/*
 * What a live page shows: the parts of the HTML report (html.c), made again whenever something has
 * changed, a JSON document that says the same to programs (docs/status.schema.json), and the page
 * around them, which is the same for all of a kind and whose script puts the parts in place.
 *
 * No function here keeps anything or knows of servers and threads.
 */
#ifndef MF_LIVE_PARTS_H
#define MF_LIVE_PARTS_H

#include "base/arena.h"
#include "model/watch.h"
#include "published.h"
#include "report.h"

/* A piece of HTML, and the id of the element that it belongs into. */
struct live_part {
    const char *name;
    struct text html;
};

#define LIVE_PARTS_MAX 16

struct live_parts {
    struct live_part at[LIVE_PARTS_MAX];
    uint32_t len;
    struct text status; /* JSON */
};

/* The pace of a lane, told by whoever sends its calls. */
struct lane_pace {
    uint64_t calls, throttled;
    double per_s;        /* calls of late */
    span_us left;        /* what can be called now takes so long; 0: nothing can */
    struct text trouble; /* why SES cannot be asked there; empty: it can */
};

/* A run that is followed. All is borrowed for the length of a call. */
struct live_run {
    const struct report_head *head; /* state: in the words of progress: "running", "paused" */
    const struct fleet *fleet;
    const struct report_source *source; /* of its rows; read by a run that sets names */
    const struct lane_pace *paces;      /* as fleet.lanes; NULL: not known */
    const struct published_list *sets;  /* record sets that it creates or takes back; NULL: none */
    struct text reason;                 /* of the state, a sentence; may be empty */
    bool publishes;                     /* its rows are record sets alone: publish, withdraw */
    bool takes_orders;                  /* pause, pace and stop are offered */
    bool is_paused;                     /* by an order */
    instant_us now;
};

/* Texts are in *arena. ERR_NOMEM, or the error of the source. */
enum err live_run_parts(struct live_parts *out, const struct live_run *run, struct arena *arena,
                        struct why *why);
/* One row laid out, as in a report. job: NULL without a record. */
void live_row_add(struct buf *out, const struct live_run *run, uint32_t row,
                  const struct job_row *job);

/* Likewise a record set. */
void live_set_add(struct buf *out, const struct published_row *row);

/* A problem of watching. Texts are borrowed. */
struct live_problem {
    enum watch_level level; /* WELL: nothing is wrong, or is_unconfirmed */
    bool is_unconfirmed;    /* seen, and not for long enough to be told */
    enum watch_kind kind;
    struct text account, region, identity; /* identity empty: of the lane */
    struct text reason;                    /* one sentence */
    struct text mend;                      /* a command; may be empty */
    instant_us since, deadline;            /* 0 and WHEN_NEVER: not known, none */
};

/* A fleet that is watched. */
struct live_watch {
    const struct live_problem *problems; /* worst first */
    uint32_t problems_len;
    /* For the search: the same problems, and each identity without one, its level WATCH_WELL. NULL:
     * the problems alone. */
    const struct live_problem *rows;
    uint32_t rows_len;
    uint32_t identities;             /* of the fleet */
    uint32_t unconfirmed;            /* problems that are */
    uint32_t with_problems;          /* of these */
    uint32_t by_level[WATCH_LEVELS]; /* problems; WELL: identities without one */
    instant_us last_sweep;           /* the end of the last one that could look; 0: none yet */
    span_us took;
    instant_us next_sweep; /* WHEN_NEVER: none */
    struct text trouble;   /* why the last sweep could not look; empty: it could */
    bool is_sweeping;
    uint64_t calls, questions; /* of the last sweep: to SES, to DNS */
    instant_us now;
};

enum err live_watch_parts(struct live_parts *out, const struct live_watch *watch,
                          struct arena *arena, struct why *why);
/* "critical", "unconfirmed", "well": of ?state=, and of style sheets. */
const char *live_problem_state(const struct live_problem *problem);
void live_problem_add(struct buf *out, const struct live_problem *problem, instant_us now);

/* ---- the page ---- */

enum live_kind { LIVE_RUN, LIVE_PUBLISHING, LIVE_WATCH };

/* The page around the parts. Its one style and its one script are inline, and are these to the
 * byte: a policy names their hashes. */
struct live_document {
    struct buf index, style, script;
};

/* ERR_NOMEM. To be cleared in every case. */
enum err live_document_make(struct live_document *d, enum live_kind kind, struct why *why);
void live_document_clear(struct live_document *d);

/* Before anything is known: the header alone, with one sentence. */
enum err live_waiting_parts(struct live_parts *out, struct text sentence, struct arena *arena,
                            struct why *why);

#endif
