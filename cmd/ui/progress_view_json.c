/*
 * The progress view as one line of JSON, for programs that watch a run. docs/progress.schema.json
 * is the contract; a test holds both together.
 */
#include "base/escape.h"
#include "progress_view.h"

static void string_add(struct buf *out, const char *name, struct text value)
{
    buf_add_fmt(out, ",\"%s\":", name);
    escape_json(out, value);
}

/* null for WHEN_NEVER. */
static void instant_add(struct buf *out, const char *name, instant_us at)
{
    char when[WHEN_LEN];
    if (at == WHEN_NEVER)
        buf_add_fmt(out, ",\"%s\":null", name);
    else
        buf_add_fmt(out, ",\"%s\":\"%s\"", name, when_format_ms(at, when));
}

static void counts_add(struct buf *out, const struct progress_view *b, const struct view_lane *l)
{
    buf_add_fmt(out, "\"identities\":%u,\"final\":%u,\"bad\":%u,\"states\":{", l->jobs,
                view_final(l), l->bad);
    for (int s = 0; s < JOB_STATES; s++)
        buf_add_fmt(out, "%s\"%s\":%u", s ? "," : "", job_state_name((enum job_state)s),
                    l->by_state[s]);
    buf_add_fmt(out, "},\"writes\":%llu", (unsigned long long)l->writes);
    if (b->calls_known)
        buf_add_fmt(out, ",\"calls\":%llu,\"throttled\":%llu,\"calls_per_second\":%.3f",
                    (unsigned long long)l->calls, (unsigned long long)l->throttled, l->per_s);
    else
        buf_add_fmt(out, ",\"writes_per_second\":%.3f", l->per_s);
    instant_add(out, "next_deadline", l->deadline);
    buf_add_fmt(out, ",\"calls_left_seconds\":%.1f", (double)l->left / 1e6);
}

void view_json(struct buf *out, const struct progress_view *b, const char *type)
{
    uint32_t shown = 0;
    buf_add_fmt(out, "{\"type\":\"%s\",\"run\":%llu", type, (unsigned long long)b->run);
    string_add(out, "verb", text_of(b->verb));
    string_add(out, "state", text_of(b->state));
    string_add(out, "reason", text_of(b->reason));
    instant_add(out, "at", b->now);
    instant_add(out, "started", b->started);
    buf_add_str(out, ",\"total\":{");
    counts_add(out, b, &b->total);
    buf_add_str(out, "},\"lanes\":[");
    for (uint32_t i = 0; i < b->lanes_len && shown < VIEW_JSON_LANES; i++) {
        const struct view_lane *l = &b->lanes[i];
        if (b->lanes_len > VIEW_JSON_LANES && view_final(l) == l->jobs)
            continue;
        buf_add_str(out, shown++ ? ",{\"account\":" : "{\"account\":");
        escape_json(out, l->account);
        string_add(out, "region", l->region);
        buf_add_char(out, ',');
        counts_add(out, b, l);
        buf_add_char(out, '}');
    }
    buf_add_fmt(out, "],\"lanes_more\":%u}\n", b->lanes_len - shown);
}
