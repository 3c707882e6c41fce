/*
 * SARIF 2.1.0 (OASIS), for code hosts with findings beside the lines of the manifest. Findings
 * only: a change is no finding. The worst come first, at most SARIF_RESULTS_MAX, GitHub's bound for
 * one file.
 */
#include "row.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "base/json_out.h"

#include <stdio.h>

static const char *const levels[] = {"error", "warning", "note"};

#define LEVELS_LEN ((int)COUNT(levels))

struct log {
    struct json_out json;
    const struct report *report;
    int level; /* the level of this pass */
    uint32_t results;
};

/* A wait for DNS is a warning: no fault yet, and no progress. */
static int level_of(enum severity severity)
{
    return severity == SEVERITY_ERROR ? 0 : severity == SEVERITY_INFO ? 2 : 1;
}

static void message_add(struct json_out *j, const char *key, struct text text)
{
    json_add_object(j, key);
    json_add_text(j, "text", text);
    json_end(j);
}

#define BASE_ID "%SRCROOT%" /* as GitHub and others call the root of the checkout */

static bool is_absolute(struct text path)
{
    return text_starts(path, TEXT("/"));
}

/* A path as a URI: each of its parts percent-encoded, below the base or from the root on. */
static void uri_add(struct buf *out, struct text path)
{
    buf_add_str(out, is_absolute(path) ? "file://" : "");
    while (text_starts(path, TEXT("./")))
        path = text_from(path, 2);
    while (path.at) {
        escape_percent(out, text_cut(&path, '/'));
        if (path.at)
            buf_add_char(out, '/');
    }
}

/* A fingerprint without the line number, so a host recognizes the finding after the line moves. */
static void fingerprint_add(struct json_out *j, const struct report_row *row, struct text rule)
{
    const struct text parts[] = {row->account, row->region, row->identity, rule};
    struct buf joined;
    buf_init(&joined, LINE_LEN_MAX);
    for (size_t i = 0; i < COUNT(parts); i++) {
        buf_add_str(&joined, i ? "/" : "");
        buf_add_text(&joined, parts[i]);
    }
    json_add_object(j, "partialFingerprints");
    json_add_text(j, "mailfrom/v1", buf_text(&joined));
    json_end(j);
    buf_spend(&joined, j->buf);
}

static void result_add(struct log *log, const struct report_row *row, const struct finding_note *f)
{
    const struct fleet *fleet = log->report->fleet;
    const char *rule = finding_rule(f->rule)->name;
    struct json_out *j = &log->json;
    log->results++;
    json_line(j, "\n");
    json_add_object(j, NULL);
    json_add_word(j, "ruleId", rule);
    json_add_u64(j, "ruleIndex", f->rule);
    json_add_word(j, "level", levels[log->level]);
    struct buf told;
    buf_init(&told, RECORD_BYTES_MAX);
    buf_add_text(&told, f->text);
    size_t without = told.len;
    buf_add_str(&told, " (");
    buf_add_text(&told, row->identity);
    buf_add_str(&told, " is ");
    bool is_international = identity_unicode_add(&told, row->identity);
    buf_add_char(&told, ')');
    message_add(j, "message",
                text_slice(buf_text(&told), 0, is_international ? told.len : without));
    buf_spend(&told, j->buf);
    const struct choice *choice = &fleet->choices[row->number];
    struct buf uri;
    buf_init(&uri, 3 * PATH_LEN_MAX);
    uri_add(&uri, fleet->files[choice->file]);
    json_add_array(j, "locations");
    json_add_object(j, NULL);
    json_add_object(j, "physicalLocation");
    json_add_object(j, "artifactLocation");
    json_add_text(j, "uri", buf_text(&uri));
    if (!is_absolute(fleet->files[choice->file]))
        json_add_word(j, "uriBaseId", BASE_ID);
    json_end(j);
    json_add_object(j, "region");
    json_add_u64(j, "startLine", choice->line);
    if (choice->column)
        json_add_u64(j, "startColumn", choice->column);
    json_end(j);
    json_end(j);
    json_end(j);
    json_end(j);
    buf_spend(&uri, j->buf);
    fingerprint_add(j, row, text_of(rule));
    if (f->accepted) {
        json_add_array(j, "suppressions");
        json_add_object(j, NULL);
        json_add_word(j, "kind", "inSource");
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

static bool row_add(void *ctx, const struct report_row *row)
{
    struct log *log = ctx;
    struct finding_walk walk;
    struct finding_note f;
    if (row->finding_bits == 0 || log->report->fleet->choices[row->number].line == 0)
        return true;
    finding_walk_init(&walk, row);
    while (log->results < SARIF_RESULTS_MAX && finding_walk_next(&walk, &f))
        if (level_of(f.severity) == log->level)
            result_add(log, row, &f);
    return log->results < SARIF_RESULTS_MAX && sink_turn(log->report->out);
}

enum err sarif_write(const struct report *report, struct why *why)
{
    struct log log = {.report = report};
    struct json_out *j = &log.json;
    enum err err = OK;
    json_init(j, &report->out->buf);
    json_add_object(j, NULL);
    json_add_word(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_add_word(j, "version", "2.1.0");
    json_line(j, "\n");
    json_add_array(j, "runs");
    json_add_object(j, NULL);
    json_add_object(j, "tool");
    json_add_object(j, "driver");
    json_add_word(j, "name", "mailfrom");
    json_add_text(j, "version", report->head->version);
    json_add_array(j, "rules");
    for (int f = 0; f < FINDINGS_LEN; f++) {
        char help[64];
        const struct finding_rule *rule = finding_rule((enum finding)f);
        snprintf(help, sizeof help, "mailfrom explain %s", rule->name);
        json_line(j, "\n");
        json_add_object(j, NULL);
        json_add_word(j, "id", rule->name);
        message_add(j, "shortDescription", text_of(rule->summary));
        message_add(j, "help", text_of(help));
        json_end(j);
    }
    json_end_line(j, "\n");
    json_end(j);
    json_end(j);
    json_line(j, "\n");
    if (report->head->lost.len != 0) {
        json_add_array(j, "invocations");
        json_add_object(j, NULL);
        json_add_bool(j, "executionSuccessful", true);
        json_add_array(j, "toolExecutionNotifications");
        json_add_object(j, NULL);
        json_add_word(j, "level", "warning");
        json_add_object(j, "message");
        json_add_text(j, "text", report->head->lost);
        json_end(j);
        json_end(j);
        json_end(j);
        json_end(j);
        json_end(j);
        json_line(j, "\n");
    }
    json_add_object(j, "originalUriBaseIds");
    json_add_object(j, BASE_ID);
    message_add(j, "description", TEXT("The folder in which mailfrom was started."));
    json_end(j);
    json_end(j);
    json_line(j, "\n");
    json_add_array(j, "results");
    for (; err == OK && log.level < LEVELS_LEN; log.level++)
        err = report_rows(report, row_add, &log, why);
    json_end_line(j, "\n");
    json_end(j);
    json_end(j);
    json_end(j);
    buf_add_char(j->buf, '\n');
    return err;
}
