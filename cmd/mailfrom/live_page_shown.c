/*
 * What is shown at one moment, as the server takes it: parts, status, and rows for the search. It
 * lives in the snapshot, but for two things of a run. Rows for the search borrow identity, account,
 * Region and MAIL FROM from the fleet, which therefore outlives the page: session_free() closes the
 * page first. Single rows are laid out of the copy, under its lock.
 */
#include "live_page_internal.h"

#include "reports/metrics.h"
#include "reports/row.h"
#include "run/published_rows.h"

#include <string.h>

#define SNAPSHOT_BYTES ((size_t)1 << 30) /* a million rows take 300 MB */

/* Of a snapshot of record sets: they are in its arena. */
struct shown_sets {
    struct published_list list;
};

static void row_of_run(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    struct live_page *p = (struct live_page *)s->data;
    pthread_mutex_lock(&p->copy_lock);
    const struct live_run run = {.head = &p->head, .fleet = &p->view.fleet};
    live_row_add(out, &run, i, p->copy.rows[i] ? &p->copy.rows[i]->record.row : NULL);
    pthread_mutex_unlock(&p->copy_lock);
}

static void row_of_sets(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    const struct shown_sets *sets = s->data;
    struct published_row row;
    sets->list.at(sets->list.ctx, i, &row);
    live_set_add(out, &row);
}

struct rows_making {
    struct arena *arena;
    struct page_row *rows;
    uint32_t len;
    struct text reason; /* the last one: neighbours often have the same */
    struct run_metrics counts;
    bool failed;
};

static bool row_take(void *ctx, const struct report_row *row)
{
    struct rows_making *m = ctx;
    m->counts.finished += row->state == JOB_DONE;
    m->counts.bad += outcome_is_bad(row->outcome_kind);
    m->counts.waiting_dns += row->state == JOB_WAITING_DNS;
    m->counts.waiting_ses += row->state == JOB_FOLLOWING;
    m->counts.writes += row->writes;
    if (!text_eq(row->reason, m->reason))
        m->reason = arena_text(m->arena, row->reason);
    m->failed |= row->reason.len && !m->reason.at;
    m->rows[m->len++] = (struct page_row){.identity = row->identity,
                                          .account = row->account,
                                          .region = row->region,
                                          .mail_from = row->mail_from_after,
                                          .reason = m->reason,
                                          .state = text_of(standing_class(row->standing))};
    return !m->failed;
}

static enum err rows_of_run(struct live_page *p, const struct live_run *run,
                            struct page_snapshot *s, struct run_metrics *counts, struct why *why)
{
    const struct report report = {.head = run->head, .fleet = run->fleet, .source = run->source};
    struct rows_making m = {&s->arena,
                            ARENA_ARRAY(&s->arena, struct page_row, run->fleet->choices_len + 1u)};
    if (!m.rows)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = report_rows(&report, row_take, &m, why);
    s->rows = m.rows;
    s->rows_len = m.len;
    s->row_html = row_of_run;
    s->data = p;
    *counts = m.counts;
    return err == OK && m.failed ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

static enum err rows_of_sets(const struct shown_sets *sets, struct page_snapshot *s,
                             struct run_metrics *counts, struct why *why)
{
    uint32_t len = (uint32_t)sets->list.len;
    struct page_row *rows = ARENA_ARRAY(&s->arena, struct page_row, len + 1u);
    if (!rows)
        return why_set(why, ERR_NOMEM, "out of memory");
    for (uint32_t i = 0; i < len; i++) {
        struct published_row row;
        sets->list.at(sets->list.ctx, i, &row);
        rows[i] = (struct page_row){.identity = row.name,
                                    .account = row.account,
                                    .region = row.zone,
                                    .mail_from = row.name,
                                    .reason = row.reason,
                                    .state = text_of(published_outcome_name(row.outcome))};
    }
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++) {
        bool is_bad = published_outcome_is_bad((enum published_outcome)i);
        counts->bad += is_bad ? sets->list.counts[i] : 0;
        counts->finished += i >= PUBLISHED_CREATED ? sets->list.counts[i] : 0;
    }
    counts->waiting_dns = sets->list.counts[PUBLISHED_VERIFYING];
    s->rows = rows;
    s->rows_len = len;
    s->row_html = row_of_sets;
    s->data = sets;
    return OK;
}

static void parts_put(struct page_snapshot *s, const struct live_parts *parts)
{
    static_assert(LIVE_PARTS_MAX <= PAGE_PARTS_MAX, "each part has a place");
    for (uint32_t i = 0; i < parts->len; i++)
        s->parts[i] = (struct page_part){parts->at[i].name, parts->at[i].html};
    s->parts_len = parts->len;
    s->status = parts->status;
}

static enum err sets_make(struct live_page *p, struct arena *arena, struct shown_sets **out,
                          struct why *why)
{
    *out = NULL;
    if (!p->publishes)
        return OK;
    *out = ARENA_NEW(arena, struct shown_sets);
    if (!*out)
        return why_set(why, ERR_NOMEM, "out of memory");
    return published_rows_of(&p->publishing, live_copy_published, &p->copy, arena, &(*out)->list,
                             why);
}

/* The same figures as --metrics writes. */
static enum err metrics_put(const struct live_page *p, struct page_snapshot *s,
                            struct run_metrics *m, struct why *why)
{
    struct buf text;
    m->verb = journal_verb_name(p->view.head.verb);
    m->run = p->head.run;
    m->started = p->began ? p->began : p->head.started;
    m->updated = p->figures.now;
    m->ended = p->figures.goes_on ? 0 : p->figures.stopped;
    m->is_paused = strcmp(p->figures.state, "paused") == 0;
    m->has_failed = strcmp(p->figures.state, "failed") == 0;
    m->rows = s->rows_len;
    buf_init(&text, METRICS_BYTES_MAX);
    run_metrics_add(&text, m);
    s->metrics = arena_text(&s->arena, buf_text(&text));
    bool failed = text.failed || !s->metrics.at;
    buf_clear(&text);
    return failed ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

/* Of copy, head and figures. */
static enum err snapshot_make(struct live_page *p, struct page_snapshot *s, struct why *why)
{
    struct shown_sets *sets = NULL;
    struct live_parts parts;
    struct run_metrics counts = {.rows = 0};
    struct report_source source = live_copy_source(&p->copy);
    struct live_run run = {.head = &p->head,
                           .fleet = &p->view.fleet,
                           .source = &source,
                           .paces = p->figures.paces,
                           .reason = text_of(p->figures.reason),
                           .publishes = p->kind == LIVE_PUBLISHING,
                           .takes_orders = p->takes_orders && p->figures.goes_on,
                           .is_paused = p->figures.is_paused,
                           .now = p->figures.goes_on ? p->figures.now : 0};
    enum err err = sets_make(p, &s->arena, &sets, why);
    run.sets = sets ? &sets->list : NULL;
    s->at = p->figures.now;
    if (err == OK)
        err = live_run_parts(&parts, &run, &s->arena, why);
    if (err == OK) {
        parts_put(s, &parts);
        err = run.publishes ? rows_of_sets(sets, s, &counts, why)
                            : rows_of_run(p, &run, s, &counts, why);
    }
    if (err == OK)
        err = metrics_put(p, s, &counts, why);
    return err;
}

/* Out of memory the page stands still: what it shows is old and true, and it says how old. */
void page_show_run(struct live_page *p)
{
    struct why why;
    struct page_snapshot *s = page_snapshot_new(SNAPSHOT_BYTES);
    if (s && snapshot_make(p, s, &why) == OK)
        page_server_publish(p->server, s);
    else
        page_snapshot_free(s);
}

/* ---- a fleet that is watched ---- */

struct shown_problems {
    struct live_problem *list;
    instant_us now;
};

static void row_of_problems(const struct page_snapshot *s, uint32_t i, struct buf *out)
{
    const struct shown_problems *shown = s->data;
    live_problem_add(out, &shown->list[i], shown->now);
}

static struct text copied(struct arena *arena, struct text t, bool *failed)
{
    struct text copy = arena_text(arena, t);
    *failed |= t.len && !copy.at;
    return copy.at ? copy : TEXT_NONE;
}

static enum err problems_take(struct page_snapshot *s, const struct live_watch *w, struct why *why)
{
    struct arena *a = &s->arena;
    const struct live_problem *list = w->rows ? w->rows : w->problems;
    uint32_t len = w->rows ? w->rows_len : w->problems_len;
    struct shown_problems *shown = ARENA_NEW(a, struct shown_problems);
    struct page_row *rows = ARENA_ARRAY(a, struct page_row, len + 1u);
    bool failed = !shown || !rows;
    if (shown)
        *shown = (struct shown_problems){ARENA_ARRAY(a, struct live_problem, len + 1u), w->now};
    failed |= shown && !shown->list;
    for (uint32_t i = 0; !failed && i < len; i++) {
        const struct live_problem *from = &list[i];
        struct live_problem *to = &shown->list[i];
        *to = *from;
        to->account = copied(a, from->account, &failed);
        to->region = copied(a, from->region, &failed);
        to->identity = copied(a, from->identity, &failed);
        to->reason = copied(a, from->reason, &failed);
        to->mend = copied(a, from->mend, &failed);
        rows[i] = (struct page_row){
            .identity = to->identity,
            .account = to->account,
            .region = to->region,
            .mail_from = to->level == WATCH_WELL ? TEXT_NONE : text_of(watch_kind_name(to->kind)),
            .reason = to->reason,
            .state = text_of(live_problem_state(to))};
    }
    s->rows = rows;
    s->rows_len = failed ? 0 : len;
    s->row_html = row_of_problems;
    s->data = shown;
    return failed ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

enum err live_page_watched(struct live_page *p, const struct live_watch *watch, struct text metrics,
                           span_us interval, struct why *why)
{
    struct live_parts parts;
    bool failed = false;
    if (!p)
        return OK;
    struct page_snapshot *s = page_snapshot_new(SNAPSHOT_BYTES);
    if (!s)
        return why_set(why, ERR_NOMEM, "out of memory");
    s->at = watch->now;
    s->last_success = watch->last_sweep;
    s->interval = interval;
    s->metrics = copied(&s->arena, metrics, &failed);
    s->trouble = copied(&s->arena, watch->trouble, &failed);
    enum err err = failed ? why_set(why, ERR_NOMEM, "out of memory")
                          : live_watch_parts(&parts, watch, &s->arena, why);
    if (err == OK) {
        parts_put(s, &parts);
        err = problems_take(s, watch, why);
    }
    if (err == OK)
        page_server_publish(p->server, s);
    else
        page_snapshot_free(s);
    return err;
}

/* ---- before anything is known ---- */

enum err page_show_waiting(struct live_page *p, const char *sentence, struct why *why)
{
    struct live_parts parts;
    struct page_snapshot *s = page_snapshot_new(SNAPSHOT_BYTES);
    enum err err = s ? live_waiting_parts(&parts, text_of(sentence), &s->arena, why)
                     : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK) {
        parts_put(s, &parts);
        s->at = os_clock_now(&p->clock);
        s->interval = p->kind == LIVE_WATCH ? p->options->every : 0; /* the first look may hang */
        page_server_publish(p->server, s);
    } else {
        page_snapshot_free(s);
    }
    return err;
}
