/* Sentences about the workers of a shared journal. */
#include "workers_text.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "base/plural.h"
#include "messages.h"
#include "progress_view.h"

#include <stdio.h>

#define LINES_SHOWN 10 /* of each kind, without --verbose */
#define ALIKE_MAX   40 /* in one of them: more Regions than an account has */

void workers_state_add(struct buf *out, const struct holders *h)
{
    uint32_t carried = h->by_state[HOLDER_CARRIED];
    if (h->run.stops)
        buf_add_str(out, "stopping");
    else if (h->run.is_paused)
        buf_add_str(out, "paused");
    else
        buf_add_str(out, carried ? "running" : "submitted");
    if (carried)
        buf_add_fmt(out, ", carried by %u %s", h->workers, plural(h->workers, "worker", "workers"));
    else
        buf_add_str(out, ", and no worker carries it now");
}

static void worker_add(struct buf *out, const struct lease_view *v)
{
    escape_terminal(out, v->worker_name);
    buf_add_fmt(out, " (pid %u on ", v->worker_pid);
    escape_terminal(out, v->worker_host);
    buf_add_char(out, ')');
}

/* How a lane stands: "carried by alpha (pid 7 on host) since 12m". */
static void lane_add(struct buf *out, const struct lease_view *v)
{
    char span[WHEN_LEN];
    switch (holder_state_of(v)) {
    case HOLDER_CARRIED:
        buf_add_str(out, "carried by ");
        worker_add(out, v);
        buf_add_fmt(out, " for %s", view_span(v->held_for, span));
        break;
    case HOLDER_LAPSED:
        worker_add(out, v);
        buf_add_fmt(out,
                    " has not been heard of: its lease ended %s ago, and any worker may take the "
                    "lane over",
                    view_span(-v->left, span));
        break;
    case HOLDER_NONE:
        buf_add_str(out, "nobody carries it: ");
        escape_terminal(out, v->tried_by);
        buf_add_fmt(out, " has tried %s ago: ", view_span(v->tried_ago, span));
        escape_terminal(out, v->tried_why);
        break;
    case HOLDER_FREE:
        buf_add_str(out, v->may_carry ? "nobody carries it yet"
                                      : "nobody carries it yet, and this role of the database may "
                                        "not");
        break;
    case HOLDER_WAITS:
        buf_add_fmt(out, "waits for run %llu, which has the lane first",
                    (unsigned long long)v->waits_for);
        break;
    case HOLDER_STOPPED: buf_add_str(out, "stopped"); break;
    case HOLDER_ENDED:
    case HOLDER_STATES: buf_add_str(out, "ended");
    }
}

/* Of one account, and told by the same words. */
static bool are_alike(const struct lease_view *a, const struct lease_view *b)
{
    return text_eq(a->name.account, b->name.account) && a->worker == b->worker &&
           a->waits_for == b->waits_for && a->may_carry == b->may_carry &&
           text_eq(a->tried_by, b->tried_by) && text_eq(a->tried_why, b->tried_why);
}

/* "team-a us-east-1, eu-west-1: carried by ..." of lanes that are alike, beginning with v. */
static void lanes_say(const struct lease_view *v, const struct lease_view *const *alike,
                      uint32_t len)
{
    struct buf name, words;
    buf_init(&name, LINE_LEN_MAX);
    buf_init(&words, LINE_LEN_MAX);
    if (v->lane == LEASE_RUN)
        buf_add_str(&name, "all of it");
    else
        escape_terminal(&name, v->name.account);
    for (uint32_t i = 0; i < len && v->lane != LEASE_RUN; i++) {
        buf_add_str(&name, i ? ", " : " ");
        escape_terminal(&name, alike[i]->name.region);
    }
    lane_add(&words, v);
    message_say(2, TEXT_FMT ": " TEXT_FMT, TEXT_ARG(buf_text(&name)), TEXT_ARG(buf_text(&words)));
    buf_clear(&name);
    buf_clear(&words);
}

/* The lanes of a kind, those that are alike and lie beside each other together. */
static void kind_print(const struct options *o, const struct holders *h, enum holder_state kind,
                       const char *words)
{
    const struct lease_view *alike[ALIKE_MAX];
    uint32_t len = 0, shown = 0, left = 0, most = o->access.verbose ? UINT32_MAX : LINES_SHOWN;
    for (uint32_t i = 0; i <= h->lanes_len; i++) {
        const struct lease_view *v = i < h->lanes_len ? &h->lanes[i] : NULL;
        if (v && holder_state_of(v) != kind)
            continue;
        bool joins = v && len && len < ALIKE_MAX && are_alike(alike[0], v);
        if (len && !joins && shown++ < most)
            lanes_say(alike[0], alike, len);
        else if (len && !joins)
            left += len;
        len = joins ? len : 0;
        if (v)
            alike[len++] = v;
    }
    if (left)
        printf("  ... and %u more %s; --verbose shows them\n", left, words);
}

void workers_print(const struct options *o, const struct holders *h)
{
    static const char *const kinds[HOLDER_STATES] = {[HOLDER_NONE] = "that no worker could carry",
                                                     [HOLDER_LAPSED] = "whose worker is lost",
                                                     [HOLDER_FREE] = "that wait for a worker",
                                                     [HOLDER_STOPPED] = "stopped",
                                                     [HOLDER_WAITS] = "that wait for another run",
                                                     [HOLDER_CARRIED] = "carried",
                                                     [HOLDER_ENDED] = "ended"};
    const char *between = "";
    if (h->lanes_len == 0)
        return;
    printf("\nLanes: ");
    for (int k = 0; k < HOLDER_STATES; k++) {
        if (h->by_state[k] == 0)
            continue;
        printf("%s%u %s", between, h->by_state[k], kinds[k]);
        between = ", ";
    }
    fputc('\n', stdout);
    for (int k = 0; k < HOLDER_ENDED; k++)
        kind_print(o, h, (enum holder_state)k, kinds[k]);
}

static uint64_t carrier_of(const struct lease_view *v)
{
    return holder_state_of(v) == HOLDER_CARRIED ? v->worker : 0;
}

/* "alpha (pid 7 on host) carries team-a us-east-1 and 3 more" */
static void move_print(FILE *out, const struct lease_view *v, uint32_t others)
{
    struct buf line;
    bool is_carried = carrier_of(v) != 0;
    buf_init(&line, LINE_LEN_MAX);
    if (is_carried)
        worker_add(&line, v);
    buf_add_str(&line, is_carried ? " carries " : "nobody carries ");
    if (v->lane == LEASE_RUN) {
        buf_add_str(&line, "all of it");
    } else {
        escape_terminal(&line, v->name.account);
        buf_add_char(&line, ' ');
        escape_terminal(&line, v->name.region);
    }
    if (others)
        buf_add_fmt(&line, " and %u more", others);
    fprintf(out, TEXT_FMT "%s\n", TEXT_ARG(buf_text(&line)), is_carried ? "" : " now");
    buf_clear(&line);
}

/* A lane that has come to its end is told by the numbers of the run. */
void workers_moves_print(FILE *out, const struct holders *h, uint64_t *carriers)
{
    for (uint32_t i = 0; i < h->lanes_len; i++) {
        uint64_t now = carrier_of(&h->lanes[i]);
        uint32_t moved = 0;
        bool is_ended = holder_state_of(&h->lanes[i]) == HOLDER_ENDED;
        for (uint32_t k = i; k < h->lanes_len && !is_ended && carriers[i] != now; k++) {
            const struct lease_view *v = &h->lanes[k];
            if (carrier_of(v) != now || carriers[k] == now || holder_state_of(v) == HOLDER_ENDED)
                continue;
            moved++;
            carriers[k] = k == i ? carriers[k] : now;
        }
        carriers[i] = now;
        if (moved)
            move_print(out, &h->lanes[i], moved - 1);
    }
}

static bool worker_say(void *ctx, const struct worker_view *v)
{
    char seen[WHEN_LEN], begun[WHEN_LEN];
    struct buf name, role;
    uint32_t *told = ctx;
    buf_init(&name, LINE_LEN_MAX);
    buf_init(&role, LINE_LEN_MAX);
    if ((*told)++ == 0)
        printf("\nWorkers that have not ended:\n");
    escape_terminal(&name, v->name);
    buf_add_fmt(&name, " (pid %u on ", v->pid);
    escape_terminal(&name, v->host);
    buf_add_char(&name, ')');
    message_say(2, TEXT_FMT "%s%s, mailfrom " TEXT_FMT ", since %s: %u %s, seen %s ago",
                TEXT_ARG(buf_text(&name)), v->role.len ? " as " : "", message_safe(&role, v->role),
                TEXT_ARG(v->version), view_span(v->begun_ago, begun), v->lanes,
                plural(v->lanes, "lane", "lanes"), view_span(v->seen_ago, seen));
    buf_clear(&name);
    buf_clear(&role);
    return true;
}

enum err workers_list(struct journal *journal, struct why *why)
{
    uint32_t told = 0;
    return leases_workers(journal, worker_say, &told, why);
}
