/* What every log of SARIF has: the tool with its rules, places as URIs, fingerprints. */
#include "sarif_log.h"

#include "base/bounds.h"
#include "base/count.h"
#include "base/escape.h"
#include "row.h"

#include <stdio.h>

#define BASE_ID "%SRCROOT%" /* as GitHub and others call the root of the checkout */

static const char *const levels[SARIF_LEVELS] = {"error", "warning", "note"};

int sarif_level(enum severity severity)
{
    return severity == SEVERITY_ERROR ? 0 : severity == SEVERITY_INFO ? 2 : 1;
}

static void message_add(struct json_out *j, const char *key, struct text text)
{
    json_add_object(j, key);
    json_add_text(j, "text", text);
    json_end(j);
}

/* ---- begin and end ---- */

static void rule_add(struct json_out *j, const struct sarif_rule *rule)
{
    json_line(j, "\n");
    json_add_object(j, NULL);
    json_add_word(j, "id", rule->id);
    message_add(j, "shortDescription", text_of(rule->summary));
    message_add(j, "help", text_of(rule->help));
    json_end(j);
}

static void tool_add(struct json_out *j, struct text version, const struct sarif_rule *more)
{
    json_add_object(j, "tool");
    json_add_object(j, "driver");
    json_add_word(j, "name", "mailfrom");
    json_add_text(j, "version", version);
    json_add_array(j, "rules");
    for (int f = 0; f < FINDINGS_LEN; f++) {
        char help[64];
        const struct finding_rule *rule = finding_rule((enum finding)f);
        snprintf(help, sizeof help, "mailfrom explain %s", rule->name);
        rule_add(j, &(struct sarif_rule){rule->name, rule->summary, help});
    }
    if (more)
        rule_add(j, more);
    json_end_line(j, "\n");
    json_end(j);
    json_end(j);
    json_line(j, "\n");
}

static void trouble_add(struct json_out *j, struct text trouble)
{
    json_add_array(j, "invocations");
    json_add_object(j, NULL);
    json_add_bool(j, "executionSuccessful", true);
    json_add_array(j, "toolExecutionNotifications");
    json_add_object(j, NULL);
    json_add_word(j, "level", "warning");
    message_add(j, "message", trouble);
    json_end(j);
    json_end(j);
    json_end(j);
    json_end(j);
    json_line(j, "\n");
}

void sarif_begin(struct sarif_log *log, struct buf *out, struct text version,
                 const struct sarif_rule *more, struct text trouble)
{
    struct json_out *j = &log->json;
    log->results = 0;
    json_init(j, out);
    json_add_object(j, NULL);
    json_add_word(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    json_add_word(j, "version", "2.1.0");
    json_line(j, "\n");
    json_add_array(j, "runs");
    json_add_object(j, NULL);
    tool_add(j, version, more);
    if (trouble.len)
        trouble_add(j, trouble);
    json_add_object(j, "originalUriBaseIds");
    json_add_object(j, BASE_ID);
    message_add(j, "description", TEXT("The folder in which mailfrom was started."));
    json_end(j);
    json_end(j);
    json_add_word(j, "columnKind", "unicodeCodePoints");
    json_line(j, "\n");
    json_add_array(j, "results");
}

void sarif_end(struct sarif_log *log)
{
    struct json_out *j = &log->json;
    json_end_line(j, "\n");
    json_end(j);
    json_end(j);
    json_end(j);
    buf_add_char(j->buf, '\n');
}

/* ---- results ---- */

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

static void place_add(struct json_out *j, const struct sarif_result *r)
{
    struct buf uri;
    buf_init(&uri, 3 * PATH_LEN_MAX);
    uri_add(&uri, r->file);
    json_add_array(j, "locations");
    json_add_object(j, NULL);
    json_add_object(j, "physicalLocation");
    json_add_object(j, "artifactLocation");
    json_add_text(j, "uri", buf_text(&uri));
    if (!is_absolute(r->file))
        json_add_word(j, "uriBaseId", BASE_ID);
    json_end(j);
    json_add_object(j, "region");
    json_add_u64(j, "startLine", r->line ? r->line : 1); /* GitHub wants a line */
    if (r->column)
        json_add_u64(j, "startColumn", r->column);
    json_end(j);
    json_end(j);
    json_end(j);
    json_end(j);
    buf_spend(&uri, j->buf);
}

/* A fingerprint without the line number, so a host recognizes the result after the line moves. */
static void fingerprint_add(struct json_out *j, const struct sarif_result *r)
{
    struct buf joined;
    buf_init(&joined, LINE_LEN_MAX);
    for (size_t i = 0; i < COUNT(r->print) && r->print[i].at; i++) {
        buf_add_str(&joined, i ? "/" : "");
        buf_add_text(&joined, r->print[i]);
    }
    json_add_object(j, "partialFingerprints");
    json_add_text(j, "mailfrom/v1", buf_text(&joined));
    json_end(j);
    buf_spend(&joined, j->buf);
}

bool sarif_is_full(const struct sarif_log *log)
{
    return log->results >= SARIF_RESULTS_MAX;
}

void sarif_result(struct sarif_log *log, const struct sarif_result *r)
{
    struct json_out *j = &log->json;
    struct buf told;
    log->results++;
    json_line(j, "\n");
    json_add_object(j, NULL);
    json_add_word(j, "ruleId", r->rule);
    json_add_u64(j, "ruleIndex", r->rule_index);
    json_add_word(j, "level", levels[sarif_level(r->severity)]);
    buf_init(&told, RECORD_BYTES_MAX);
    buf_add_text(&told, r->message);
    size_t without = told.len;
    buf_add_str(&told, " (");
    buf_add_text(&told, r->identity);
    buf_add_str(&told, " is ");
    bool is_international = r->identity.len && identity_unicode_add(&told, r->identity);
    buf_add_char(&told, ')');
    message_add(j, "message",
                text_slice(buf_text(&told), 0, is_international ? told.len : without));
    buf_spend(&told, j->buf);
    place_add(j, r);
    fingerprint_add(j, r);
    if (r->accepted) {
        json_add_array(j, "suppressions");
        json_add_object(j, NULL);
        json_add_word(j, "kind", "inSource");
        json_end(j);
        json_end(j);
    }
    json_end(j);
}
