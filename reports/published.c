/* What a run has published: the formats and their shared words; CSV, JSON and the terminal's text.
 */
#include "published_internal.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/plural.h"
#include "deliver.h"
#include "records_internal.h"

#define ROWS_SHOWN 60 /* on a terminal, without --verbose */

static const struct {
    const char *name, *words; /* words: behind a count of record sets */
} outcomes[PUBLISHED_OUTCOMES] = {
    [PUBLISHED_WAITING] = {"waiting", "waiting"},
    [PUBLISHED_PLANNED] = {"planned", "to be created"},
    [PUBLISHED_VERIFYING] = {"verifying", "accepted and not seen everywhere yet"},
    [PUBLISHED_CREATED] = {"created", "created"},
    [PUBLISHED_MERGED] = {"merged", "merged"},
    [PUBLISHED_WITHDRAWN] = {"withdrawn", "withdrawn"},
    [PUBLISHED_UNCHANGED] = {"unchanged", "unchanged"},
    [PUBLISHED_PERSON] = {"blocked", "left to a person"},
    [PUBLISHED_REFUSED] = {"refused", "refused"},
    [PUBLISHED_FAILED] = {"failed", "failed"},
};

const char *published_outcome_name(enum published_outcome outcome)
{
    return outcomes[outcome].name;
}

bool published_outcome_is_bad(enum published_outcome outcome)
{
    return outcome >= PUBLISHED_PERSON;
}

void published_counts_add(struct buf *out, const struct published_list *list)
{
    const char *between = "";
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++) {
        uint32_t count = list->counts[i];
        if (!count)
            continue;
        buf_add_fmt(out, "%s%u", between, count);
        if (!*between)
            buf_add_fmt(out, " %s", plural(count, "record set", "record sets"));
        bool withdraws = i == PUBLISHED_PLANNED && text_eq(list->verb, TEXT("withdraw"));
        buf_add_fmt(out, " %s", withdraws ? "to be taken back" : outcomes[i].words);
        between = ", ";
    }
    if (!*between)
        buf_add_str(out, "no record sets");
}

void published_value_add(struct buf *out, const struct published_row *row)
{
    records_add_rdata(out, row->type, &row->value);
}

/* ---- csv ---- */

static void row_csv(struct csv_line *line, const struct published_row *row)
{
    struct buf value;
    buf_init(&value, RECORDS_VALUE_MAX);
    published_value_add(&value, row);
    csv_text(line, row->zone);
    csv_text(line, row->zone_id);
    csv_text(line, row->name);
    csv_text(line, text_of(records_type_name(row->type)));
    csv_text(line, buf_text(&value));
    csv_u64(line, row->ttl_s);
    csv_text(line, row->provider);
    csv_text(line, row->account);
    csv_text(line, text_of(published_outcome_name(row->outcome)));
    csv_text(line, row->reason);
    csv_text(line, row->before);
    csv_instant(line, row->finished);
    csv_text(line, row->identity);
    csv_text(line, row->source);
    csv_end(line);
    buf_spend(&value, line->out);
}

static void csv(struct sink *out, const struct published_list *list, bool verbose)
{
    struct csv_line line;
    (void)verbose;
    csv_begin(&line, &out->buf, list->csv,
              "zone,zone_id,name,type,value,ttl,provider,account,outcome,reason,before,finished,"
              "identity,source");
    csv_end(&line);
    for (size_t i = 0; i < list->len && sink_turn(out); i++) {
        struct published_row row;
        list->at(list->ctx, i, &row);
        row_csv(&line, &row);
    }
}

/* ---- json ---- */

static void when_add(struct json_out *j, const char *key, instant_us at)
{
    char when[WHEN_LEN];
    json_add_text_or_null(j, key, text_of(when_format(at, when)));
}

static void row_json(struct json_out *j, const struct published_row *row)
{
    struct buf value;
    buf_init(&value, RECORDS_VALUE_MAX);
    published_value_add(&value, row);
    json_line(j, "\n");
    json_add_object(j, NULL);
    json_add_text_or_null(j, "zone", row->zone);
    json_add_text_or_null(j, "zone_id", row->zone_id);
    json_add_text(j, "name", row->name);
    json_add_word(j, "type", records_type_name(row->type));
    json_add_text(j, "value", buf_text(&value));
    json_add_u64(j, "ttl", row->ttl_s);
    json_add_text_or_null(j, "provider", row->provider);
    json_add_text_or_null(j, "account", row->account);
    json_add_word(j, "outcome", published_outcome_name(row->outcome));
    json_add_text_or_null(j, "reason", row->reason);
    json_add_bool(j, "merges", row->merges);
    json_add_text_or_null(j, "before", row->before);
    when_add(j, "finished", row->finished);
    json_add_text_or_null(j, "identity", row->identity);
    json_add_text_or_null(j, "source", row->source);
    json_end(j);
    buf_spend(&value, j->buf);
}

void published_json_add(struct json_out *j, struct sink *out, const struct published_list *list)
{
    json_add_array(j, "record_sets");
    for (size_t i = 0; i < list->len && sink_turn(out); i++) {
        struct published_row row;
        list->at(list->ctx, i, &row);
        row_json(j, &row);
    }
    json_end_line(j, "\n");
}

static void json(struct sink *out, const struct published_list *list, bool verbose)
{
    struct json_out j;
    (void)verbose;
    json_init(&j, &out->buf);
    json_add_object(&j, NULL);
    json_add_u64(&j, "format_version", 1);
    if (list->run)
        json_add_u64(&j, "run", list->run);
    else
        json_add_null(&j, "run");
    json_add_text(&j, "verb", list->verb);
    json_add_text(&j, "state", list->state);
    json_add_text(&j, "version", list->version);
    when_add(&j, "started", list->started);
    when_add(&j, "stopped", list->stopped);
    json_add_object(&j, "summary");
    for (int i = 0; i < PUBLISHED_OUTCOMES; i++)
        json_add_u64(&j, outcomes[i].name, list->counts[i]);
    json_end(&j);
    published_json_add(&j, out, list);
    json_end(&j);
    buf_add_char(&out->buf, '\n');
}

/* ---- text ---- */

static bool same_zone(const struct published_row *a, const struct published_row *b)
{
    return text_eq(a->zone, b->zone) && text_eq(a->zone_id, b->zone_id);
}

static void zone_text(struct buf *out, const struct published_row *row)
{
    buf_add_char(out, '\n');
    escape_terminal(out, row->zone.len ? row->zone : TEXT("zone not known"));
    if (row->provider.len) {
        buf_add_str(out, ": ");
        escape_terminal(out, row->provider);
    }
    if (row->zone_id.len) {
        buf_add_str(out, " zone ");
        escape_terminal(out, row->zone_id);
    }
    if (row->account.len) {
        buf_add_str(out, " of account ");
        escape_terminal(out, row->account);
    }
    if (row->zone_id.len && text_eq(row->provider, TEXT("route53")))
        buf_add_str(out, ", whose name servers are those in force");
    buf_add_char(out, '\n');
}

static void row_text(struct buf *out, const struct published_row *row)
{
    struct buf value;
    buf_init(&value, RECORDS_VALUE_MAX);
    published_value_add(&value, row);
    buf_add_fmt(out, "  %-12s ", published_outcome_name(row->outcome));
    escape_terminal(out, row->name);
    buf_add_fmt(out, " %u %s ", row->ttl_s, records_type_name(row->type));
    escape_terminal(out, buf_text(&value));
    if (row->before.len) {
        buf_add_str(out, "\n    in place of ");
        escape_terminal(out, row->before);
    }
    buf_add_char(out, '\n');
    buf_spend(&value, out);
}

/* Where most records are there already, what changes would be hard to see between them. */
static bool is_left_out(const struct published_row *row, bool verbose)
{
    return row->outcome == PUBLISHED_UNCHANGED && !verbose;
}

/* Once for both record sets of a name. */
static void reason_text(struct buf *out, const struct published_row *row,
                        const struct published_row *next)
{
    if (!row->reason.len ||
        (next && text_eq(next->name, row->name) && text_eq(next->reason, row->reason)))
        return;
    buf_add_str(out, "    ");
    escape_terminal(out, row->reason);
    buf_add_char(out, '\n');
}

/* Those that need a person come first: the rest needs nobody. */
static void text(struct sink *out, const struct published_list *list, bool verbose)
{
    struct buf *b = &out->buf;
    struct published_row row, last = {.zone = TEXT_NONE};
    size_t shown = 0, more = list->len - (verbose ? 0 : list->counts[PUBLISHED_UNCHANGED]);
    bool any = false;
    for (int bad = 1; bad >= 0; bad--)
        for (size_t i = 0; i < list->len && sink_turn(out); i++) {
            list->at(list->ctx, i, &row);
            if (published_outcome_is_bad(row.outcome) != bad || is_left_out(&row, verbose))
                continue;
            if (!verbose && shown == ROWS_SHOWN)
                continue;
            if (!any || !same_zone(&row, &last))
                zone_text(b, &row);
            row_text(b, &row);
            struct published_row next;
            if (i + 1 < list->len)
                list->at(list->ctx, i + 1, &next);
            reason_text(b, &row, i + 1 < list->len ? &next : NULL);
            last = row;
            any = true;
            shown++;
        }
    if (shown < more)
        buf_add_fmt(b, "\n... and %zu more; --verbose shows all, and a report has all\n",
                    more - shown);
    if (any)
        buf_add_char(b, '\n');
    published_counts_add(b, list);
    buf_add_char(b, '\n');
}

/* ---- formats ---- */

static const struct {
    const char *name;
    published_writer *write;
} formats[] = {{"csv", csv},
               {"json", json},
               {"html", published_html},
               {"markdown", published_markdown},
               {"md", published_markdown},
               {"junit", published_junit},
               {"text", text}};

struct published_writing {
    published_writer *write;
    const struct published_list *list;
    bool verbose;
};

static enum err list_write(void *ctx, struct sink *out, struct why *why)
{
    const struct published_writing *w = ctx;
    (void)why;
    w->write(out, w->list, w->verbose);
    return OK;
}

enum err published_write(struct text format, const char *path, const struct published_list *list,
                         bool verbose, struct why *why)
{
    struct published_writing w = {.list = list, .verbose = verbose};
    for (size_t i = 0; i < COUNT(formats); i++)
        if (text_eq(format, text_of(formats[i].name)))
            w.write = formats[i].write;
    if (!w.write)
        return why_set(why, ERR_INPUT, "format " TEXT_FMT " has no report of record sets",
                       TEXT_ARG(format));
    return deliver(path, list_write, &w, why);
}
