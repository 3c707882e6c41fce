/*
 * The progress view of a run. Numbers go in, lines of text come out; without terminal, clock and
 * journal, so tests compare the lines as tables.
 *
 *     Run 3, apply: 1240 of 10000 finished, 12 need attention
 *     [######............................]  12%  2h31m of calls, then DNS
 *     4m10s; 312 calls, 2.9/s, 0 throttled; 131 writes; next deadline in 71h58m
 *     account Region     finished  attention  read  DNS  write  SES  calls/s  deadline   left
 *     letters us-east-1  840/9000         12   100  120    300  640      1.9    71h58m  2h31m
 *     shop eu-west-1     400/1000          0     0    0      0  600      1.0    71h59m    SES
 *
 * Columns go, the least important first, as the terminal narrows; lanes are folded into a line as
 * it shrinks, those that are done first. The name of a Region is cut last.
 */
#ifndef MF_PROGRESS_VIEW_H
#define MF_PROGRESS_VIEW_H

#include "base/buf.h"
#include "run/holders.h"
#include "scheduler/wave_tally.h"

#define VIEW_BYTES_MAX   (1u << 20)
#define VIEW_ROWS_MAX    100 /* more lanes than anybody reads at once */
#define VIEW_COLUMNS_MAX 400
#define VIEW_JSON_LANES  100 /* in one line of --progress json; others are counted */

/* What one lane, or the whole run, has come to. */
struct view_lane {
    struct text account, region; /* borrowed, and from outside: escaped where shown */
    uint32_t jobs, by_state[JOB_STATES];
    uint32_t bad; /* refused, failed, expired, drifted */
    uint64_t calls, throttled, writes;
    double per_s;                   /* of late: calls, or writes where calls are not known */
    instant_us deadline;            /* the earliest of those that wait; WHEN_NEVER: nobody waits */
    span_us left;                   /* what can be called now takes so long; 0: nothing can */
    const struct lease_view *lease; /* of a shared journal: who carries it; or NULL */
};

struct progress_view {
    const char *verb;   /* "apply" */
    uint64_t run;       /* 0: it has no number */
    const char *state;  /* "running", "stopping", "paused", ... */
    const char *reason; /* of the state, a sentence; or "" */
    instant_us started, now;
    bool calls_known; /* false: read from a journal, which keeps writes and no other calls */
    struct view_lane total;
    struct wave_tally wave; /* .fleet NULL: not known yet */
    const struct view_lane *lanes;
    uint32_t lanes_len;
    const struct holders *workers; /* of a shared journal; or NULL */
    const struct dmarc_sum *dmarc; /* read from a journal; or NULL: not counted */
    bool dmarc_is_open;            /* rows of it are not at their end */
};

uint32_t view_final(const struct view_lane *l); /* how many of its jobs are */
/* Sums the lanes into total; its rate and what is left are those of the slowest. */
void view_sum(struct progress_view *b);

/* At most `rows` lines, each at most `columns` wide and ended by '\n'. */
void view_draw(struct buf *out, const struct progress_view *b, uint32_t columns, uint32_t rows,
               bool color);
/* All of it in one line, without '\n'. */
void view_line(struct buf *out, const struct progress_view *b);
/* One JSON object in one line, with '\n'; docs/progress.schema.json. type: "begin", "progress" or
 * "end". */
void view_json(struct buf *out, const struct progress_view *b, const char *type);

/* Bell and title for the terminal of whoever has looked away: after a long run, otherwise nothing.
 */
void view_ring(struct buf *out, const struct progress_view *b);

/* Columns that a line takes on a terminal; colours take none. */
uint32_t view_width(struct text line);
/* "3d04h", "71h58m", "12m30s", "45s": never more than seven characters. Returns out. */
char *view_span(span_us span, char out[WHEN_LEN]);

#endif
