/* A sweep as one object of JSON: docs/watch.schema.json. */
#include "base/json_out.h"
#include "options/advice.h"
#include "watch_report.h"

static void when_add(struct json_out *j, const char *key, instant_us at)
{
    char text[WHEN_LEN];
    if (at == 0 || at == WHEN_NEVER)
        json_add_null(j, key);
    else
        json_add_word(j, key, when_format(at, text));
}

static void lane_add(struct json_out *j, const struct lane_name *lane)
{
    json_add_text(j, "account", lane->account);
    json_add_text_or_null(j, "account_number", lane->number);
    json_add_text(j, "region", lane->region);
}

static void problem_add(struct json_out *j, const struct watch_report *r,
                        const struct watching_problem *p)
{
    const struct fleet *f = &r->watching->run->fleet;
    const struct watch_key key = watching_key(f, p->tag);
    bool is_row = !(p->tag & WATCHING_LANE);
    struct buf mend;
    buf_init(&mend, sizeof((struct advice *)0)->text);
    watch_mend(&mend, r, p, true);
    json_add_object(j, NULL);
    json_add_word(j, "kind", watch_kind_name(p->kind));
    json_add_word(j, "level", watch_problem_level_name(p->level));
    json_add_text_or_null(j, "identity", key.identity);
    lane_add(j, &key.lane);
    json_add_text_or_null(j, "mail_from", is_row ? fleet_mail_from(f, p->tag) : TEXT_NONE);
    when_add(j, "since", p->since);
    when_add(j, "deadline", p->deadline);
    when_add(j, "well_since", p->well_since);
    json_add_word(j, "reason", p->reason);
    json_add_text_or_null(j, "mend", mend.failed ? TEXT_NONE : buf_text(&mend));
    json_end(j);
    buf_clear(&mend);
}

static void lanes_add(struct json_out *j, const struct watching *w)
{
    json_add_array(j, "lanes");
    for (uint32_t i = 0; i < w->run->fleet.lanes_len; i++) {
        const struct watch_key key = watching_key(&w->run->fleet, WATCHING_LANE | i);
        const struct watching_lane *lane = &w->lanes[i];
        json_add_object(j, NULL);
        lane_add(j, &key.lane);
        json_add_u64(j, "identities", lane->rows);
        json_add_u64(j, "unseen", lane->unseen);
        json_add_text_or_null(j, "trouble", lane->trouble ? text_of(lane->trouble) : TEXT_NONE);
        json_end(j);
    }
    json_end(j);
}

static void calls_add(struct json_out *j, const struct watching *w)
{
    json_add_array(j, "calls");
    for (unsigned kind = 0; kind < CALL_ASK; kind++) {
        for (int v = 0; v < 2; v++) {
            if (!w->calls[kind][v].sent)
                continue;
            json_add_object(j, NULL);
            json_add_word(j, "action", call_action((enum call_kind)kind, (enum api)v));
            json_add_u64(j, "sent", w->calls[kind][v].sent);
            json_add_u64(j, "throttled", w->calls[kind][v].throttled);
            json_end(j);
        }
    }
    json_end(j);
}

enum err watch_json(void *ctx, struct sink *out, struct why *why)
{
    const struct watch_report *r = ctx;
    const struct watching *w = r->watching;
    struct watch_counts c = watch_count(w);
    struct json_out j;
    (void)why;
    json_init(&j, &out->buf);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    json_add_word(&j, "version", MAILFROM_VERSION);
    when_add(&j, "began", w->began);
    when_add(&j, "ended", w->ended);
    json_add_word(&j, "verdict",
                  !w->has_looked || w->unseen ? "blind"
                  : c.shown                   ? "problems"
                                              : "well");
    json_add_text_or_null(&j, "blind", w->blind ? text_of(w->blind) : TEXT_NONE);
    json_add_u64(&j, "identities", w->run->fleet.choices_len);
    json_add_u64(&j, "bad", w->rows_bad);
    json_add_u64(&j, "unseen", w->unseen);
    json_add_object(&j, "by_level");
    for (unsigned level = 0; level < WATCH_LEVELS; level++)
        json_add_u64(&j, watch_problem_level_name((enum watch_level)level), c.by_level[level]);
    json_end(&j);
    dmarc_seen_json(&j, &w->dmarc);
    lanes_add(&j, w);
    calls_add(&j, w);
    json_add_array(&j, "problems");
    for (uint32_t i = 0; i < w->problems_len && sink_turn(out); i++)
        problem_add(&j, r, &w->problems[i]);
    json_end(&j);
    json_end(&j);
    buf_add_char(&out->buf, '\n');
    return OK;
}
