/*
 * Inside the live page of a verb: live_page.c follows what goes on, live_page_shown.c makes of it
 * what is shown.
 */
#ifndef MF_LIVE_PAGE_INTERNAL_H
#define MF_LIVE_PAGE_INTERNAL_H

#include "live_page.h"
#include "page/page_server.h"
#include "reports/live_copy.h"
#include "ui/progress.h"
#include "wire/os_clock.h"

#include <pthread.h>

#define TROUBLE_MAX 200

/* The figures that the deciding thread tells. */
struct page_figures {
    struct lane_pace *paces;       /* as fleet.lanes; trouble is in troubles. Owned */
    char (*troubles)[TROUBLE_MAX]; /* likewise */
    char state[16], reason[PROGRESS_REASON_MAX];
    instant_us now, stopped;
    bool goes_on, has_ended, is_paused; /* is_paused: by an order */
};

struct live_page {
    const struct options *options;
    enum live_kind kind;
    struct live_document document;
    struct page_server *server;
    struct control *control; /* NULL: no orders are taken */
    bool takes_orders;
    struct os_clock clock;

    /* Of the run; constant once the page's thread is there. */
    struct run view; /* fleet and head are those of the run, on loan; and no more */
    struct publishing publishing;
    bool publishes; /* publishing holds */
    const struct publishing *record_sets;
    instant_us began; /* by this process */

    /* The deciding thread's. */
    struct run *run;
    struct view_lane *lanes;
    struct rate_meter *meters;
    instant_us next;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct live_kept *queue, **queue_end;
    struct page_figures told;
    bool is_changed, ends, no_memory;

    /* The page's thread's. */
    pthread_t thread;
    bool has_thread;
    struct page_figures figures;

    pthread_mutex_t copy_lock;
    struct live_copy copy;
    struct report_head head; /* of what is shown */
};

/* Publishes copy, head and figures. Out of memory the page stands still: what it shows is old and
 * true, and says how old. */
void page_show_run(struct live_page *p);
enum err page_show_waiting(struct live_page *p, const char *sentence, struct why *why);

#endif
