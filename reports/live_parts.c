/*
 * The parts of a live page. Texts from outside go through markup_add() only, as in every page.
 */
#include "live_parts.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/json_out.h"
#include "base/plural.h"
#include "html_files.h"
#include "html_internal.h"
#include "markup.h"
#include "published_internal.h"
#include "records_internal.h"

#include <string.h>

#define LANES_SHOWN    100 /* a table of more is no overview, and is sent again and again */
#define PROBLEMS_SHOWN 100
#define SETS_SHOWN     100

struct making {
    struct live_parts *out;
    struct arena *arena;
    struct buf html;
    bool failed;
};

static void making_begin(struct making *m, struct live_parts *out, struct arena *arena)
{
    *out = (struct live_parts){.len = 0};
    *m = (struct making){.out = out, .arena = arena};
    buf_init(&m->html, REPORT_CHUNK_MAX);
}

/* What was written since the last part becomes a part. */
static void part_end(struct making *m, const char *name)
{
    struct text html = arena_text(m->arena, buf_text(&m->html));
    m->failed |= m->html.failed || (m->html.len && !html.at);
    if (m->out->len < LIVE_PARTS_MAX)
        m->out->at[m->out->len++] = (struct live_part){name, html.len ? html : TEXT("")};
    buf_reset(&m->html);
}

static enum err making_end(struct making *m, struct why *why)
{
    m->out->status = arena_text(m->arena, buf_text(&m->html));
    m->failed |= m->html.failed || !m->out->status.at;
    buf_clear(&m->html);
    return m->failed ? why_set(why, ERR_NOMEM, "out of memory") : OK;
}

/* null for 0 and for WHEN_NEVER. */
static void instant_json(struct json_out *j, const char *key, instant_us at)
{
    char when[WHEN_LEN];
    json_add_text_or_null(j, key, at ? text_of(when_format(at, when)) : TEXT_NONE);
}

/* The page's header element, without its end: "bad", "open" or "good". */
static void header_begin(struct buf *out, const char *class, struct text verdict)
{
    buf_add_fmt(out, "<header class=\"%s\">\n<h1>", class);
    markup_add(out, verdict);
    buf_add_str(out, "</h1>\n");
}

/* ---- a run ---- */

static void controls_add(struct buf *out, const struct live_run *run)
{
    if (!run->takes_orders)
        return;
    buf_add_fmt(
        out,
        "<button type=\"button\" data-order=\"%s\">%s</button>\n"
        "<button type=\"button\" data-order=\"stop\" data-ask=\"Stop this run? What is sent is "
        "finished first; mailfrom resume goes on later.\">Stop</button>\n"
        "<label>calls a second <input id=\"rate\" type=\"number\" min=\"0.01\" max=\"10000\" "
        "step=\"any\" inputmode=\"decimal\"></label>\n"
        "<button type=\"button\" data-order=\"pace\">Set pace</button>\n",
        run->is_paused ? "resume" : "pause", run->is_paused ? "Go on" : "Pause");
}

static void reason_add(struct buf *out, const struct live_run *run)
{
    if (run->reason.len == 0)
        return;
    buf_add_str(out, "<section class=\"notice\">\n<h2>");
    markup_add(out, run->head->state);
    buf_add_str(out, "</h2>\n<p>");
    markup_add_told(out, run->reason);
    buf_add_str(out, "</p>\n</section>\n");
}

/* Beside identities all that are not as they were; alone those for a person, for the search has
 * all. */
static bool set_is_shown(const struct live_run *run, enum published_outcome outcome)
{
    return run->publishes ? published_outcome_is_bad(outcome) : outcome != PUBLISHED_UNCHANGED;
}

static void sets_add(struct buf *out, const struct live_run *run)
{
    const struct published_list *list = run->sets;
    struct published_row row;
    size_t shown = 0, all = 0;
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        if (set_is_shown(run, (enum published_outcome)i))
            all += list->counts[i];
    if (all == 0)
        return;
    buf_add_fmt(out, "<section>\n<h2>%s</h2>\n",
                run->publishes ? "Record sets that need a person" : "Record sets");
    scroll_begin(out, "scroll", "record sets");
    published_table_begin(out);
    for (int bad = 1; bad >= 0; bad--)
        for (size_t i = 0; i < list->len && shown < SETS_SHOWN; i++) {
            list->at(list->ctx, i, &row);
            if (published_outcome_is_bad(row.outcome) != bad || !set_is_shown(run, row.outcome))
                continue;
            published_row_add(out, &row);
            shown++;
        }
    published_table_end(out);
    scroll_end(out);
    if (shown < all)
        buf_add_fmt(out, "<p class=\"note\">And %zu more.</p>\n", all - shown);
    buf_add_str(out, "</section>\n");
}

static void sets_header(struct buf *out, const struct live_run *run)
{
    const struct published_list *list = run->sets;
    struct buf verdict;
    bool bad = false, open = false;
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++) {
        bad |= list->counts[i] && published_outcome_is_bad((enum published_outcome)i);
        open |= list->counts[i] && i < PUBLISHED_CREATED;
    }
    buf_init(&verdict, LINE_LEN_MAX);
    published_counts_add(&verdict, list);
    buf_add_char(&verdict, '.');
    header_begin(out, bad ? "bad" : open ? "open" : "good", buf_text(&verdict));
    buf_spend(&verdict, out);
    buf_add_str(out, "<p class=\"facts\">mailfrom ");
    report_title_add(run->head, out);
    buf_add_str(out, ", ");
    markup_add(out, run->head->state);
    buf_add_str(out, ". Began ");
    markup_add_instant(out, run->head->started);
    buf_add_str(out, ". Program version ");
    markup_add(out, run->head->version);
    buf_add_str(out, ".</p>\n<ul class=\"counts\">\n");
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        if (list->counts[i])
            buf_add_fmt(out, "<li class=\"%s\"><b>%u</b> <span>%s</span></li>\n",
                        published_outcome_name((enum published_outcome)i), list->counts[i],
                        published_outcome_name((enum published_outcome)i));
    buf_add_str(out, "</ul>\n</header>\n");
}

static void head_json(struct json_out *j, const struct live_run *run)
{
    const struct report_head *head = run->head;
    json_add_object(j, NULL);
    json_add_u64(j, "format_version", 1);
    json_add_word(j, "page", "run");
    instant_json(j, "at", run->now);
    json_add_u64(j, "run", head->run);
    json_add_text(j, "verb", head->verb);
    json_add_text(j, "state", head->state);
    json_add_text(j, "reason", run->reason);
    json_add_text(j, "version", head->version);
    instant_json(j, "started", head->started);
    instant_json(j, "stopped", head->stopped);
    instant_json(j, "last_record", head->last);
}

static void lanes_json(struct json_out *j, const struct live_run *run, const struct report_sum *sum)
{
    const struct fleet *f = run->fleet;
    uint32_t shown = f->lanes_len < LANES_SHOWN ? f->lanes_len : LANES_SHOWN;
    json_add_array(j, "lanes");
    for (uint32_t i = 0; i < shown; i++) {
        json_add_object(j, NULL);
        json_add_text(j, "account", names_text(&f->names, f->accounts[f->lanes[i].account].name));
        json_add_text(j, "region", names_text(&f->names, f->lanes[i].region));
        json_add_object(j, "counts");
        for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
            if (sum->by_lane[i].by_standing[s])
                json_add_u64(j, standing_class((enum standing)s), sum->by_lane[i].by_standing[s]);
        json_end(j);
        if (run->paces) {
            const struct lane_pace *p = &run->paces[i];
            json_add_u64(j, "calls", p->calls);
            json_add_u64(j, "throttled", p->throttled);
            json_add_fixed(j, "calls_per_second", p->per_s, 3);
            json_add_fixed(j, "calls_left_seconds", (double)p->left / 1e6, 1);
            json_add_text(j, "trouble", p->trouble);
        }
        json_end(j);
    }
    json_end(j);
    json_add_u64(j, "lanes_more", f->lanes_len - shown);
}

static void sets_json(struct json_out *j, const struct published_list *list)
{
    if (!list) {
        json_add_null(j, "record_sets");
        return;
    }
    json_add_object(j, "record_sets");
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        json_add_u64(j, published_outcome_name((enum published_outcome)i), list->counts[i]);
    json_end(j);
}

static void run_json(struct buf *out, const struct live_run *run, const struct report_sum *sum)
{
    struct json_out j;
    struct buf verdict;
    json_init(&j, out);
    buf_init(&verdict, LINE_LEN_MAX);
    head_json(&j, run);
    report_verdict(sum, &verdict);
    json_add_text(&j, "verdict", buf_text(&verdict));
    buf_spend(&verdict, out);
    json_add_u64(&j, "identities", sum->rows);
    json_add_u64(&j, "need_attention", sum->bad);
    json_add_u64(&j, "not_finished", report_unfinished(sum));
    json_add_object(&j, "counts");
    for (int s = STANDING_UNCHANGED; s < STANDINGS; s++)
        json_add_u64(&j, standing_class((enum standing)s), sum->by_standing[s]);
    json_end(&j);
    json_add_u64(&j, "rejecting_mail", sum->by_alarm[ALARM_REJECTING]);
    json_add_u64(&j, "writes", sum->writes);
    instant_json(&j, "next_deadline", sum->deadline);
    report_dmarc_json(sum, &j);
    lanes_json(&j, run, sum);
    sets_json(&j, run->sets);
    json_end(&j);
    buf_add_char(out, '\n');
}

static void publishing_json(struct buf *out, const struct live_run *run)
{
    struct json_out j;
    struct buf verdict;
    json_init(&j, out);
    buf_init(&verdict, LINE_LEN_MAX);
    head_json(&j, run);
    published_counts_add(&verdict, run->sets);
    json_add_text(&j, "verdict", buf_text(&verdict));
    buf_spend(&verdict, out);
    sets_json(&j, run->sets);
    json_end(&j);
    buf_add_char(out, '\n');
}

static void run_parts(struct making *m, const struct live_run *run, const struct html_facts *facts)
{
    struct buf *out = &m->html;
    head_add(out, run->head, &facts->sum);
    part_end(m, "verdict");
    reason_add(out, run);
    part_end(m, "notice");
    groups_tables_add(out, run->fleet, facts);
    part_end(m, "reasons");
    if (!run->head->is_over)
        waiting_add(out, run->fleet, &facts->waiting, run->now);
    part_end(m, "waiting");
    lanes_add(out, run->fleet, &facts->sum, run->paces, LANES_SHOWN);
    part_end(m, "lanes");
    if (run->sets)
        sets_add(out, run);
    part_end(m, "sets");
    time_add(out, &facts->history);
    part_end(m, "time");
    standings_add(out, &facts->history);
    part_end(m, "standings");
    dmarc_add(out, &facts->sum);
    rules_add(out, &facts->sum);
    part_end(m, "findings");
    controls_add(out, run);
    part_end(m, "controls");
    run_json(out, run, &facts->sum);
}

enum err live_run_parts(struct live_parts *out, const struct live_run *run, struct arena *arena,
                        struct why *why)
{
    struct making m;
    struct html_facts facts;
    const struct report report = {.head = run->head, .fleet = run->fleet, .source = run->source};
    making_begin(&m, out, arena);
    if (run->publishes) {
        sets_header(&m.html, run);
        part_end(&m, "verdict");
        reason_add(&m.html, run);
        part_end(&m, "notice");
        sets_add(&m.html, run);
        part_end(&m, "sets");
        controls_add(&m.html, run);
        part_end(&m, "controls");
        publishing_json(&m.html, run);
        return making_end(&m, why);
    }
    enum err err = html_facts_make(&facts, &report, why);
    if (err == OK)
        run_parts(&m, run, &facts);
    html_facts_clear(&facts);
    struct why second = {""};
    enum err ended = making_end(&m, err == OK ? why : &second);
    return err == OK ? ended : err;
}

void live_row_add(struct buf *out, const struct live_run *run, uint32_t row,
                  const struct job_row *job)
{
    struct report_row r;
    struct buf scratch;
    buf_init(&scratch, LINE_LEN_MAX);
    report_row_make(&r, run->fleet, row, job, &scratch);
    if (run->head->goes_on)
        report_row_going(&r);
    row_add_html(out, &r, run->head->tense);
    buf_spend(&scratch, out);
}

static void cell_add(struct buf *out, struct text t)
{
    buf_add_str(out, "<span>");
    markup_add(out, t);
    buf_add_str(out, "</span>");
}

void live_set_add(struct buf *out, const struct published_row *row)
{
    const char *outcome = published_outcome_name(row->outcome);
    struct buf value;
    buf_init(&value, RECORDS_VALUE_MAX);
    published_value_add(&value, row);
    buf_add_fmt(out, "<details class=\"%s\"><summary><span class=\"who\">", outcome);
    markup_add(out, row->name);
    buf_add_fmt(out, "</span><span class=\"state\">%s</span><span>%s</span>", outcome,
                records_type_name(row->type));
    cell_add(out, buf_text(&value));
    cell_add(out, row->zone);
    cell_add(out, row->provider);
    buf_add_str(out, "<span class=\"source\">");
    markup_add(out, row->source);
    buf_add_str(out, "</span></summary><div class=\"more\"><p>");
    markup_add_told(out, row->reason);
    buf_add_str(out, "</p><p class=\"facts\">");
    markup_add(out, buf_text(&value));
    buf_add_fmt(out, " &middot; TTL %u s", row->ttl_s);
    if (row->before.len) {
        buf_add_str(out, " &middot; in place of ");
        markup_add(out, row->before);
    }
    if (row->finished) {
        buf_add_str(out, " &middot; finished ");
        markup_add_instant(out, row->finished);
    }
    buf_add_str(out, "</p></div></details>\n");
    buf_spend(&value, out);
}

enum err live_waiting_parts(struct live_parts *out, struct text sentence, struct arena *arena,
                            struct why *why)
{
    struct making m;
    struct json_out j;
    making_begin(&m, out, arena);
    header_begin(&m.html, "open", sentence);
    buf_add_str(&m.html, "</header>\n");
    part_end(&m, "verdict");
    json_init(&j, &m.html);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    json_add_word(&j, "page", "waiting");
    json_add_text(&j, "verdict", sentence);
    json_end(&j);
    buf_add_char(&m.html, '\n');
    return making_end(&m, why);
}

/* ---- a fleet that is watched ---- */

static void watch_verdict(struct buf *out, const struct live_watch *w)
{
    const char *between = ": ";
    if (w->last_sweep == 0) {
        buf_add_str(out,
                    w->trouble.len ? "Nothing could be looked at yet." : "The first look goes on.");
        return;
    }
    if (w->trouble.len) {
        buf_add_str(out, "The last look saw nothing: how it stands now is not known.");
        return;
    }
    if (w->with_problems == 0 && w->problems_len == w->unconfirmed) {
        buf_add_fmt(out, "%s with %u %s",
                    w->unconfirmed ? "Nothing is known to be wrong" : "All is well", w->identities,
                    plural(w->identities, "identity", "identities"));
        if (w->unconfirmed)
            buf_add_fmt(out, "; %u %s seen and %s to be confirmed", w->unconfirmed,
                        plural(w->unconfirmed, "problem was", "problems were"),
                        plural(w->unconfirmed, "has", "have"));
        buf_add_char(out, '.');
        return;
    }
    buf_add_fmt(out, "%u of %u %s %s a problem", w->with_problems, w->identities,
                plural(w->identities, "identity", "identities"),
                plural(w->with_problems, "has", "have"));
    for (int l = WATCH_PAGE; l > WATCH_WELL; l--)
        if (w->by_level[l]) {
            buf_add_fmt(out, "%s%u %s", between, w->by_level[l],
                        l == WATCH_PAGE ? plural(w->by_level[l], "needs a person at once",
                                                 "need a person at once")
                                        : watch_level_name((enum watch_level)l));
            between = ", ";
        }
    if (w->unconfirmed)
        buf_add_fmt(out, "%s%u unconfirmed", between, w->unconfirmed);
    buf_add_char(out, '.');
}

static void watch_header(struct buf *out, const struct live_watch *w)
{
    char took[WHEN_LEN];
    struct buf verdict;
    bool bad = w->by_level[WATCH_PAGE] || w->by_level[WATCH_CRITICAL] || w->trouble.len;
    buf_init(&verdict, LINE_LEN_MAX);
    watch_verdict(&verdict, w);
    header_begin(out,
                 bad                                 ? "bad"
                 : w->problems_len || !w->last_sweep ? "open"
                                                     : "good",
                 buf_text(&verdict));
    buf_spend(&verdict, out);
    buf_add_str(out, "<p class=\"facts\">mailfrom watch.");
    if (w->last_sweep) {
        buf_add_str(out, " Last look ");
        markup_add_instant(out, w->last_sweep);
        buf_add_fmt(out, ", took %s, %llu calls to SES.", span_format(w->took, took),
                    (unsigned long long)w->calls);
    }
    if (w->is_sweeping) {
        buf_add_str(out, " A look goes on now.");
    } else if (w->next_sweep != WHEN_NEVER && w->next_sweep) {
        buf_add_str(out, " Next look ");
        markup_add_instant(out, w->next_sweep);
        buf_add_char(out, '.');
    }
    buf_add_str(out, "</p>\n");
    if (w->trouble.len) {
        buf_add_str(out, "<p class=\"lost\"><strong>The last look failed: ");
        markup_add(out, w->trouble);
        buf_add_str(out, "</strong></p>\n");
    }
    buf_add_str(out, "<ul class=\"counts\">\n");
    for (int l = WATCH_PAGE; l >= WATCH_WELL; l--)
        if (w->by_level[l])
            buf_add_fmt(out, "<li class=\"level-%s\"><b>%u</b> <span>%s</span></li>\n",
                        watch_level_name((enum watch_level)l), w->by_level[l],
                        watch_level_name((enum watch_level)l));
    if (w->unconfirmed)
        buf_add_fmt(out,
                    "<li class=\"level-unconfirmed\"><b>%u</b> <span>unconfirmed</span></li>\n",
                    w->unconfirmed);
    buf_add_str(out, "</ul>\n</header>\n");
}

const char *live_problem_state(const struct live_problem *p)
{
    return p->is_unconfirmed ? watch_problem_level_name(WATCH_WELL) : watch_level_name(p->level);
}

/* "12 s", "41 min", "2 h 47 min": what is told again and again need not be told to the second. */
static void age_add(struct buf *out, span_us age)
{
    char words[WHEN_LEN];
    if (age >= SPAN_M(1) && age < SPAN_H(1))
        buf_add_fmt(out, "%lld min", (long long)(age / SPAN_M(1)));
    else
        buf_add_str(out, span_format(age, words));
}

static void told_since(struct buf *out, const struct live_problem *p, instant_us now)
{
    if (p->since == 0)
        return;
    markup_add_instant(out, p->since);
    buf_add_str(out, " (");
    age_add(out, now > p->since ? now - p->since : 0);
    buf_add_str(out, " ago)");
}

static void told_deadline(struct buf *out, const struct live_problem *p, instant_us now)
{
    if (p->deadline == WHEN_NEVER || p->deadline == 0)
        return;
    markup_add_instant(out, p->deadline);
    buf_add_str(out, " (");
    if (p->deadline > now)
        age_add(out, p->deadline - now);
    buf_add_str(out, p->deadline > now ? " left)" : "is over)");
}

/* Who it is about: an identity, or the whole lane. */
static void whom_add(struct buf *out, const struct live_problem *p)
{
    if (p->identity.len)
        identity_add_html(out, p->identity);
    else
        buf_add_str(out, "the whole account and Region");
}

static void problem_row(struct buf *out, const struct live_problem *p, instant_us now)
{
    const char *level = live_problem_state(p);
    buf_add_fmt(out, "<tr><td><span class=\"pill level-%s\">%s</span></td><td class=\"name\">",
                level, level);
    whom_add(out, p);
    buf_add_str(out, "</td><td class=\"short\">");
    markup_add(out, p->account);
    buf_add_char(out, ' ');
    markup_add(out, p->region);
    buf_add_fmt(out, "</td><td class=\"long\"><b>%s</b>: ", watch_kind_name(p->kind));
    markup_add_told(out, p->reason);
    if (p->mend.len) {
        buf_add_str(out, "<br><code>");
        markup_add(out, p->mend);
        buf_add_str(out, "</code>");
    }
    buf_add_str(out, "</td><td class=\"since\">");
    told_since(out, p, now);
    buf_add_str(out, "</td><td class=\"until\">");
    told_deadline(out, p, now);
    buf_add_str(out, "</td></tr>\n");
}

static void problems_add(struct buf *out, const struct live_watch *w)
{
    static const char *const columns[] = {
        "level", "identity", "account and Region", "problem, and what mends it",
        "since", "deadline"};
    uint32_t shown = w->problems_len < PROBLEMS_SHOWN ? w->problems_len : PROBLEMS_SHOWN;
    if (shown == 0)
        return;
    buf_add_str(out, "<section>\n<h2>Problems, the worst first</h2>\n");
    scroll_begin(out, "scroll", "problems");
    buf_add_str(out, "<table class=\"stack\">\n<thead><tr>");
    for (size_t i = 0; i < COUNT(columns); i++)
        buf_add_fmt(out, "<th scope=\"col\">%s</th>", columns[i]);
    buf_add_str(out, "</tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < shown; i++)
        problem_row(out, &w->problems[i], w->now);
    buf_add_str(out, "</tbody>\n</table>");
    scroll_end(out);
    if (shown < w->problems_len)
        buf_add_fmt(out, "<p class=\"note\">And %u more; the search below has all.</p>\n",
                    w->problems_len - shown);
    buf_add_str(out, "</section>\n");
}

static void watch_json(struct buf *out, const struct live_watch *w)
{
    struct json_out j;
    struct buf verdict;
    json_init(&j, out);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    json_add_word(&j, "page", "watch");
    instant_json(&j, "at", w->now);
    buf_init(&verdict, LINE_LEN_MAX);
    watch_verdict(&verdict, w);
    json_add_text(&j, "verdict", buf_text(&verdict));
    buf_spend(&verdict, out);
    json_add_u64(&j, "identities", w->identities);
    json_add_u64(&j, "with_problems", w->with_problems);
    json_add_object(&j, "levels");
    for (int l = 0; l < WATCH_LEVELS; l++)
        json_add_u64(&j, watch_level_name((enum watch_level)l), w->by_level[l]);
    json_add_u64(&j, "unconfirmed", w->unconfirmed);
    json_end(&j);
    json_add_bool(&j, "is_sweeping", w->is_sweeping);
    instant_json(&j, "last_sweep", w->last_sweep);
    json_add_fixed(&j, "last_sweep_seconds", (double)w->took / 1e6, 1);
    instant_json(&j, "next_sweep", w->next_sweep);
    json_add_text(&j, "trouble", w->trouble);
    uint32_t shown = w->problems_len < PROBLEMS_SHOWN ? w->problems_len : PROBLEMS_SHOWN;
    json_add_array(&j, "problems");
    for (uint32_t i = 0; i < shown; i++) {
        const struct live_problem *p = &w->problems[i];
        json_add_object(&j, NULL);
        json_add_word(&j, "kind", watch_kind_name(p->kind));
        json_add_word(&j, "level", live_problem_state(p));
        json_add_text(&j, "account", p->account);
        json_add_text(&j, "region", p->region);
        json_add_text_or_null(&j, "identity", p->identity);
        json_add_text(&j, "reason", p->reason);
        json_add_text_or_null(&j, "mend", p->mend);
        instant_json(&j, "since", p->since);
        instant_json(&j, "deadline", p->deadline);
        json_end(&j);
    }
    json_end(&j);
    json_add_u64(&j, "problems_more", w->problems_len - shown);
    json_end(&j);
    buf_add_char(out, '\n');
}

enum err live_watch_parts(struct live_parts *out, const struct live_watch *watch,
                          struct arena *arena, struct why *why)
{
    struct making m;
    making_begin(&m, out, arena);
    watch_header(&m.html, watch);
    part_end(&m, "verdict");
    problems_add(&m.html, watch);
    part_end(&m, "problems");
    watch_json(&m.html, watch);
    return making_end(&m, why);
}

void live_problem_add(struct buf *out, const struct live_problem *p, instant_us now)
{
    const char *level = live_problem_state(p);
    const bool is_well = p->level == WATCH_WELL && !p->is_unconfirmed;
    buf_add_fmt(out, "<details class=\"level-%s\"><summary><span class=\"who\">", level);
    whom_add(out, p);
    buf_add_fmt(out, "</span><span class=\"state\">%s</span><span>%s</span>", level,
                is_well ? "" : watch_kind_name(p->kind));
    cell_add(out, p->reason);
    cell_add(out, p->account);
    cell_add(out, p->region);
    buf_add_str(out, "</summary><div class=\"more\"><p>");
    markup_add(out, p->reason);
    buf_add_str(out, "</p>");
    if (!is_well) {
        buf_add_str(out, "<p class=\"facts\">Since ");
        told_since(out, p, now);
        if (p->deadline != WHEN_NEVER && p->deadline) {
            buf_add_str(out, " &middot; deadline ");
            told_deadline(out, p, now);
        }
        buf_add_str(out, "</p>");
    }
    if (p->mend.len) {
        buf_add_str(out, "<p><code>");
        markup_add(out, p->mend);
        buf_add_str(out, "</code></p>");
    }
    buf_add_str(out, "</div></details>\n");
}
