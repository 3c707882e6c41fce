/*
 * The watcher of the publisher stands between the engine and the world, knows the truth of every
 * zone, and holds the publisher to its word. What it finds is one sentence; the first one ends the
 * run.
 *
 *   no change that was not kept           one call of a zone at a time
 *   nothing outside the targets           nothing that was there is replaced or removed
 *   only the sets that are wanted         an SPF record is exchanged only as it was seen
 *   DONE only when every server shows it  what is withdrawn is what was created, and still that
 *   calls within the rate                 nothing is sent once too many have failed
 *   every target ends                     what was created is known to the records
 *   no batch beyond its bounds            nothing is changed by a dry run
 *   at Cloudflare a look before a change  what is doubled there is taken back
 */
#ifndef MF_PUBLISH_WATCHER_H
#define MF_PUBLISH_WATCHER_H

#include "engine.h"
#include "order_watch.h"
#include "publish/publisher.h"
#include "publish_scene.h"

#define PUBLISH_TURNS_KEPT 60
#define PUBLISH_RING       128

struct publish_row {
    struct publish_record last; /* texts in the watcher's arena */
    bool known;
    bool was_lost;                     /* a change of it has had no known answer */
    instant_us read_at;                /* the provider's sets, by this process; 0: never */
    bool read_mx, read_txt;            /* and these were there */
    struct text befores[4], afters[4]; /* of its intents to exchange */
    uint32_t swaps;
};

struct publish_told {
    instant_us at;
    uint32_t target;
    enum publish_record_kind kind;
    enum publish_state from, to;
    enum change_kind change;
    bool mx, txt;
    char reason[96];
};

/* A call to a zone that is out. */
struct zone_out {
    uint16_t lane;
    struct text zone;
};

struct publish_watcher {
    const struct publish_scene *scene;
    struct world *world;
    struct io inner;
    struct arena arena;
    struct publish_row *rows;
    struct publish_target *targets; /* of the run at hand: a withdrawal's say what was created */
    bool withdraws;                 /* the run at hand */
    uint32_t failed;
    struct orders orders; /* of people; in some of the seeds */
    instant_us sent_at[MODEL_PROVIDERS];
    instant_us sends[MODEL_PROVIDERS][PUBLISH_RING];
    uint32_t sends_len[MODEL_PROVIDERS];
    struct zone_out out[64];
    uint32_t out_len;
    instant_us turn_at;
    uint64_t turns_at, turns, records, crash_at;
    uint64_t digest, calls[CALL_KINDS];
    bool crash_keeps, crashed;
    char complaint[320];
    struct publish_told told[PUBLISH_TURNS_KEPT];
};

bool publish_watcher_init(struct publish_watcher *w, const struct publish_scene *scene,
                          struct world *world);
void publish_watcher_clear(struct publish_watcher *w);
struct io publish_watcher_io(struct publish_watcher *w);
void publish_watcher_turn(void *ctx, instant_us now); /* for engine_watch */
/* Another process goes on; bad ends begin again if it reopens them. */
void publish_watcher_resume(struct publish_watcher *w, bool reopens);
/* What was created is to be taken back. */
void publish_watcher_withdraw(struct publish_watcher *w);
bool publish_watcher_is_over_budget(const struct publish_watcher *w);
/* After the end: has every target the end it must have, and every zone what it must have? */
void publish_watcher_end(struct publish_watcher *w);
void publish_watcher_complain(struct publish_watcher *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
