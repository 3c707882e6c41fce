/*
 * SARIF 2.1.0 (OASIS), for code hosts that show findings beside the line of the manifest that they
 * are about. Findings only: a change is no finding. The worst come first, and no more than
 * SARIF_RESULTS_MAX, which is what GitHub takes in one file.
 */
#include "row.h"

#include "base/bounds.h"
#include "base/escape.h"

static const char *const levels[] = {"error", "warning", "note"};

#define LEVELS_LEN ((int)(sizeof levels / sizeof levels[0]))

struct log {
    const struct report *report;
    int level; /* of this pass */
    uint32_t results;
};

/* What waits for DNS is a warning: nothing is wrong yet, and nothing goes on. */
static int level_of(struct text severity)
{
    if (text_eq(severity, TEXT("error")))
        return 0;
    return text_eq(severity, TEXT("info")) ? 2 : 1;
}

static void rule_add(struct buf *out, enum finding f)
{
    const struct finding_rule *rule = finding_rule(f);
    buf_add_fmt(out, "%s{\"id\":\"%s\",\"shortDescription\":{\"text\":", f ? ",\n" : "\n",
                rule->name);
    escape_json(out, text_of(rule->summary));
    buf_add_fmt(out, "},\"help\":{\"text\":\"mailfrom explain %s\"}}", rule->name);
}

/* A path as a URI: each of its parts percent-encoded. */
static void uri_add(struct buf *out, struct text path)
{
    while (path.at) {
        escape_percent(out, text_cut(&path, '/'));
        if (path.at)
            buf_add_char(out, '/');
    }
}

static void place_add(struct buf *out, const struct fleet *fleet, const struct choice *choice)
{
    buf_add_str(out, ",\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
    uri_add(out, fleet->files[choice->file]);
    buf_add_fmt(out, "\"},\"region\":{\"startLine\":%u", choice->line);
    if (choice->column)
        buf_add_fmt(out, ",\"startColumn\":%u", choice->column);
    buf_add_str(out, "}}}]");
}

/* What stays the same when the line moves, so that a finding is known again. */
static void fingerprint_add(struct buf *out, const struct report_row *row, struct text rule)
{
    const struct text parts[] = {row->account, row->region, row->identity, rule};
    struct buf joined;
    buf_init(&joined, LINE_LEN_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buf_add_str(&joined, i ? "/" : "");
        buf_add_text(&joined, parts[i]);
    }
    buf_add_str(out, ",\"partialFingerprints\":{\"mailfrom/v1\":");
    escape_json(out, buf_text(&joined));
    buf_add_char(out, '}');
    buf_spend(&joined, out);
}

static void result_add(struct log *log, const struct report_row *row, const struct row_finding *f)
{
    const struct fleet *fleet = log->report->fleet;
    struct buf *out = &log->report->out->buf;
    enum finding known;
    buf_add_str(out, log->results++ ? ",\n{\"ruleId\":" : "\n{\"ruleId\":");
    escape_json(out, f->rule);
    if (finding_parse(f->rule, &known))
        buf_add_fmt(out, ",\"ruleIndex\":%d", (int)known);
    buf_add_fmt(out, ",\"level\":\"%s\",\"message\":{\"text\":", levels[log->level]);
    escape_json(out, f->text);
    buf_add_char(out, '}');
    place_add(out, fleet, &fleet->choices[row->number]);
    fingerprint_add(out, row, f->rule);
    buf_add_str(out, f->accepted ? ",\"suppressions\":[{\"kind\":\"inSource\"}]}" : "}");
}

static bool row_add(void *ctx, const struct report_row *row)
{
    struct log *log = ctx;
    struct finding_walk walk;
    struct row_finding f;
    if (row->finding_bits == 0 || log->report->fleet->choices[row->number].line == 0)
        return true;
    finding_walk_init(&walk, row);
    while (log->results < SARIF_RESULTS_MAX && finding_walk_next(&walk, &f))
        if (level_of(f.severity) == log->level)
            result_add(log, row, &f);
    finding_walk_clear(&walk, &log->report->out->buf);
    return log->results < SARIF_RESULTS_MAX && sink_turn(log->report->out);
}

static void lost_add(struct buf *out, const struct report_head *head)
{
    if (head->lost.len == 0)
        return;
    buf_add_str(out, "\"invocations\":[{\"executionSuccessful\":true,"
                     "\"toolExecutionNotifications\":[{\"level\":\"warning\",\"message\":"
                     "{\"text\":");
    escape_json(out, head->lost);
    buf_add_str(out, "}}]}],\n");
}

enum err sarif_write(const struct report *report, struct why *why)
{
    struct buf *out = &report->out->buf;
    struct log log = {.report = report};
    enum err err = OK;
    buf_add_str(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":"
                     "\"2.1.0\",\n\"runs\":[{\"tool\":{\"driver\":{\"name\":\"mailfrom\","
                     "\"version\":");
    escape_json(out, report->head->version);
    buf_add_str(out, ",\"rules\":[");
    for (int f = 0; f < FINDINGS_LEN; f++)
        rule_add(out, (enum finding)f);
    buf_add_str(out, "\n]}},\n");
    lost_add(out, report->head);
    buf_add_str(out, "\"results\":[");
    for (; err == OK && log.level < LEVELS_LEN; log.level++)
        err = report_rows(report, row_add, &log, why);
    buf_add_str(out, "\n]}]}\n");
    return err;
}
