/* The fleet is judged while it is written, so a million findings need no memory. */
#include "check_written.h"

#include "base/json_out.h"
#include "reports/sarif_log.h"

/* ---- JSON ---- */

struct json_writing {
    struct json_out json;
    struct sink *out;
};

static void place_add(struct json_out *j, struct text file, uint32_t line, uint32_t column)
{
    json_add_text(j, "file", file);
    if (line)
        json_add_u64(j, "line", line);
    else
        json_add_null(j, "line");
    if (column)
        json_add_u64(j, "column", column);
    else
        json_add_null(j, "column");
}

static void finding_json(void *ctx, const struct fleet *f, uint32_t row,
                         const struct finding_notes *notes)
{
    struct json_writing *w = ctx;
    struct json_out *j = &w->json;
    const struct choice *c = &f->choices[row];
    for (uint32_t i = 0; i < notes->len; i++) {
        const struct finding_note *note = &notes->at[i];
        json_line(j, "\n");
        json_add_object(j, NULL);
        place_add(j, f->files[c->file], c->line, c->column);
        json_add_word(j, "rule", finding_rule(note->rule)->name);
        json_add_word(j, "severity", severity_name(note->severity));
        json_add_bool(j, "accepted", note->accepted);
        json_add_text(j, "text", note->text);
        json_add_text(j, "account", fleet_account_name(f, row));
        json_add_text(j, "region", fleet_region(f, row));
        json_add_text(j, "identity", fleet_identity(f, row));
        json_end(j);
    }
    sink_turn(w->out);
}

static void complaints_json(struct json_out *j, const struct complaints *complaints,
                            struct sink *out)
{
    json_add_array(j, "complaints");
    for (uint32_t i = 0; i < complaints->len && sink_turn(out); i++) {
        const struct complaint *c = &complaints->list[i];
        json_line(j, "\n");
        json_add_object(j, NULL);
        place_add(j, c->file, c->line, c->column);
        json_add_text(j, "text", c->text);
        json_end(j);
    }
    json_end_line(j, "\n");
    json_add_u64(j, "complaints_left_out", complaints->more);
}

static void count_add(struct json_out *j, const char *key, bool is_known, uint32_t count)
{
    if (is_known)
        json_add_u64(j, key, count);
    else
        json_add_null(j, key);
}

enum err check_json(void *ctx, struct sink *out, struct why *why)
{
    struct check_found *found = ctx;
    const struct fleet *f = found->fleet;
    struct json_writing w = {.out = out};
    struct json_out *j = &w.json;
    enum err err = OK;
    json_init(j, &out->buf);
    j->spaced = true;
    json_add_object(j, NULL);
    json_add_u64(j, "format_version", 1);
    json_add_text(j, "version", found->version);
    json_add_bool(j, "sound", f != NULL);
    count_add(j, "identities", f, f ? f->choices_len : 0);
    count_add(j, "accounts", f, f ? f->accounts_len : 0);
    count_add(j, "lanes", f, f ? f->lanes_len : 0);
    json_line(j, "\n ");
    complaints_json(j, found->complaints, out);
    json_line(j, "\n ");
    json_add_array(j, "findings");
    found->judge.tell = finding_json;
    found->judge.ctx = &w;
    if (f)
        err = judge_fleet(f, &found->judge, &found->verdict, why);
    json_end_line(j, "\n");
    count_add(j, "refused", f, found->verdict.refused);
    count_add(j, "warnings", f, found->verdict.warnings);
    json_end(j);
    buf_add_char(j->buf, '\n');
    return err;
}

/* ---- SARIF ---- */

#define COMPLAINT_RULE "manifest"

struct sarif_writing {
    struct sarif_log log;
    struct sink *out;
    int level; /* the level of this pass */
};

static void finding_sarif(void *ctx, const struct fleet *f, uint32_t row,
                          const struct finding_notes *notes)
{
    struct sarif_writing *w = ctx;
    const struct choice *c = &f->choices[row];
    struct text identity = fleet_identity(f, row);
    for (uint32_t i = 0; i < notes->len && !sarif_is_full(&w->log); i++) {
        const struct finding_note *note = &notes->at[i];
        const char *rule = finding_rule(note->rule)->name;
        const struct sarif_result result = {
            .rule = rule,
            .rule_index = note->rule,
            .severity = note->severity,
            .accepted = note->accepted,
            .message = note->text,
            .identity = identity,
            .file = f->files[c->file],
            .line = c->line,
            .column = c->column,
            .print = {fleet_account_name(f, row), fleet_region(f, row), identity, text_of(rule)}};
        if (sarif_level(note->severity) == w->level)
            sarif_result(&w->log, &result);
    }
    sink_turn(w->out);
}

static void complaints_sarif(struct sarif_writing *w, const struct complaints *complaints)
{
    for (uint32_t i = 0; i < complaints->len && !sarif_is_full(&w->log); i++) {
        const struct complaint *c = &complaints->list[i];
        const struct sarif_result result = {.rule = COMPLAINT_RULE,
                                            .rule_index = FINDINGS_LEN,
                                            .severity = SEVERITY_ERROR,
                                            .message = c->text,
                                            .file = c->file,
                                            .line = c->line,
                                            .column = c->column,
                                            .print = {c->file, TEXT(COMPLAINT_RULE), c->text}};
        sarif_result(&w->log, &result);
        sink_turn(w->out);
    }
}

enum err check_sarif(void *ctx, struct sink *out, struct why *why)
{
    static const struct sarif_rule complaint = {COMPLAINT_RULE, "The manifest cannot be read.",
                                                "man mailfrom-manifest"};
    struct check_found *found = ctx;
    struct sarif_writing w = {.out = out};
    enum err err = OK;
    sarif_begin(&w.log, &out->buf, found->version, &complaint, TEXT_NONE);
    complaints_sarif(&w, found->complaints);
    found->judge.tell = finding_sarif;
    found->judge.ctx = &w;
    for (; found->fleet && err == OK && w.level < SARIF_LEVELS; w.level++)
        err = judge_fleet(found->fleet, &found->judge, &found->verdict, why);
    sarif_end(&w.log);
    return err;
}
