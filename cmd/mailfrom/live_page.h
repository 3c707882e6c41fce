/*
 * The live page of a verb (--listen): a server (page/page_server.h), what it shows
 * (reports/live_parts.h), and the ways in which a verb tells it what goes on.
 *
 *     a run          the companion: records are copied into a queue, and the page's own thread
 * keeps the copy and makes what is shown; the run never waits for it status --watch
 * live_page_look(), after each look at the journal watch          live_page_watched(), after each
 * sweep
 *
 * What is shown is made at most once a second, and more rarely the longer it takes, so that it
 * takes a fifth of one processor at most; every two seconds when nobody looks.
 */
#ifndef MF_LIVE_PAGE_H
#define MF_LIVE_PAGE_H

#include "control/orders.h"
#include "options/options.h"
#include "reports/live_parts.h"
#include "run/publishing.h"
#include "run/run.h"

struct live_page;

/* Without --listen *out is NULL, and all functions below take it and do nothing. control: takes the
 * orders of token holders; NULL: none are taken. waits: what the page says until it is told more.
 * ERR_INPUT, ERR_IO: the sentence begins with the option. */
enum err live_page_open(struct live_page **out, const struct options *o, enum live_kind kind,
                        struct control *control, const char *waits, struct why *why);
/* Clients get the last state, and that the server has ended. Before what was told is freed. */
void live_page_close(struct live_page *p);

/* Into the companions of the run, before it is carried out. record_sets: of publish and withdraw,
 * whose run has no scheduler; otherwise NULL. */
void live_page_follow(struct live_page *p, struct run_companions *companions,
                      const struct publishing *record_sets);

/* A run of another process; r->journal is open. state: "running"; goes_on: another process carries
 * it out. */
enum err live_page_look(struct live_page *p, struct run *r, const char *state, bool goes_on,
                        struct why *why);

/* All is copied. metrics: of /metrics. interval: between two sweeps, for /healthz; 0: only one. */
enum err live_page_watched(struct live_page *p, const struct live_watch *watch, struct text metrics,
                           span_us interval, struct why *why);

#endif
