/*
 * Fleet and rows to a plan file. Whatever is added to the buffer is hashed in the same call, so the
 * buffer may be emptied between calls.
 */
#include "plan_file.h"
#include "plan_internal.h"

#include "base/escape.h"
#include "base/hex.h"

#include <stdlib.h>

struct plan_writer {
    const struct fleet *fleet;
    struct sha256 *hash; /* of all that was written */
    struct plan_counts counts;
};

struct plan_writer *plan_writer_new(const struct fleet *fleet)
{
    struct plan_writer *w = calloc(1, sizeof *w);
    struct sha256 *hash = sha256_new();
    if (!w || !hash) {
        free(w);
        sha256_free(hash);
        return NULL;
    }
    *w = (struct plan_writer){.fleet = fleet, .hash = hash};
    return w;
}

void plan_writer_free(struct plan_writer *w)
{
    if (w)
        sha256_free(w->hash);
    free(w);
}

static void add_text(struct buf *out, const char *key, struct text value)
{
    buf_add_fmt(out, "\"%s\":", key);
    escape_json(out, value);
}

static void add_name(struct buf *out, const struct fleet *f, const char *key, name_id name)
{
    if (name == NAME_NONE)
        return;
    buf_add_char(out, ',');
    add_text(out, key, names_text(&f->names, name));
}

static void add_quota(struct buf *out, const struct quota *quota)
{
    buf_add_fmt(out, "{\"value\":%.17g,\"percent\":%s}", quota->value,
                quota->is_percent ? "true" : "false");
}

static void wave_add(struct buf *out, const struct fleet *f, uint32_t i)
{
    add_quota(out, &f->waves[i]);
}

static void account_add(struct buf *out, const struct fleet *f, uint32_t i)
{
    const struct account *a = &f->accounts[i];
    buf_add_fmt(out, "{\"rate\":%.17g", a->rate_per_s);
    add_name(out, f, "name", a->name);
    add_name(out, f, "profile", a->profile);
    add_name(out, f, "role_arn", a->role_arn);
    add_name(out, f, "external_id", a->external_id);
    add_name(out, f, "source_profile", a->source_profile);
    add_name(out, f, "account_id", a->account_id);
    buf_add_char(out, '}');
}

static void lane_add(struct buf *out, const struct fleet *f, uint32_t i)
{
    buf_add_fmt(out, "{\"account\":%u,", f->lanes[i].account);
    const struct caller *c = &f->lanes[i].caller;
    add_text(out, "region", names_text(&f->names, f->lanes[i].region));
    add_name(out, f, "caller_account", c->account);
    add_name(out, f, "caller_partition", c->partition);
    add_name(out, f, "caller_arn", c->arn);
    add_name(out, f, "begun_with", c->begun_with);
    buf_add_char(out, '}');
}

static void policy_add(struct buf *out, const struct fleet *f, uint32_t i)
{
    const struct policy *p = &f->policies[i];
    const char *between = "";
    buf_add_fmt(out, "{\"behavior\":\"%s\",\"require\":\"%s\",\"timeout_us\":%lld",
                behavior_name(p->behavior), plan_require_name(p->require),
                (long long)p->timeout_us);
    add_name(out, f, "mx_region", p->mx_region);
    buf_add_str(out, ",\"accept\":[");
    for (int rule = 0; rule < FINDINGS_LEN; rule++) {
        if (!(p->accept & FINDING_BIT(rule)))
            continue;
        buf_add_fmt(out, "%s\"%s\"", between, finding_rule((enum finding)rule)->name);
        between = ",";
    }
    buf_add_str(out, "]}");
}

static void file_add(struct buf *out, const struct fleet *f, uint32_t i)
{
    buf_add_char(out, '{');
    add_text(out, "name", f->files[i]);
    buf_add_char(out, '}');
}

/* A list that is part of the head: one element to a line. */
static void list_add(struct plan_writer *w, const char *name, uint32_t len,
                     void (*add)(struct buf *out, const struct fleet *f, uint32_t i),
                     struct buf *out)
{
    buf_add_fmt(out, "\"%s\":[\n", name);
    for (uint32_t i = 0; i < len; i++) {
        add(out, w->fleet, i);
        buf_add_str(out, i + 1 < len ? ",\n" : "\n");
    }
    buf_add_str(out, "],\n");
}

static void hash_from(struct plan_writer *w, size_t start, const struct buf *out)
{
    if (!out->failed)
        sha256_add(w->hash, text_from(buf_text(out), start));
}

void plan_write_begin(struct plan_writer *w, const struct plan_head *head, struct buf *out)
{
    const struct fleet *f = w->fleet;
    size_t start = out->len;
    char when[WHEN_LEN], digest[SHA256_HEX_LEN];
    hex_write(f->digest, sizeof f->digest, digest);
    buf_add_fmt(out, "{\"format_version\":%d,\n", PLAN_FORMAT_VERSION);
    add_text(out, "version", head->version);
    buf_add_fmt(out, ",\n\"created\":\"%s\",\n", when_format_ms(head->created, when));
    buf_add_fmt(out, "\"manifest_digest\":\"%s\",\n\"options\":", digest);
    buf_add_text(out, head->options);
    buf_add_str(out, ",\n\"max_failures\":");
    add_quota(out, &f->max_failures);
    buf_add_str(out, ",\n");
    list_add(w, "files", f->files_len, file_add, out);
    list_add(w, "waves", f->waves_len, wave_add, out);
    list_add(w, "accounts", f->accounts_len, account_add, out);
    list_add(w, "lanes", f->lanes_len, lane_add, out);
    list_add(w, "policies", f->policies_len, policy_add, out);
    buf_add_str(out, "\"identities\":[\n");
    hash_from(w, start, out);
}

static void live_add(struct buf *out, const struct job_row *job)
{
    buf_add_str(out, ",\"live\":");
    if (!job->seen_known) {
        buf_add_str(out, "null");
        return;
    }
    buf_add_char(out, '{');
    add_text(out, "mail_from", job->mail_from_seen);
    buf_add_fmt(out, ",\"behavior\":\"%s\",\"status\":\"%s\",\"verification\":\"%s\"}",
                behavior_name(job->behavior_seen), plan_status_name(job->status_seen),
                verification_name(job->verification));
}

static void choice_add(struct buf *out, const struct fleet *f, uint32_t row)
{
    const struct choice *c = &f->choices[row];
    add_text(out, "account", fleet_account_name(f, row));
    buf_add_char(out, ',');
    add_text(out, "region", fleet_region(f, row));
    buf_add_char(out, ',');
    add_text(out, "identity", fleet_identity(f, row));
    buf_add_char(out, ',');
    add_text(out, "mail_from", fleet_mail_from(f, row));
    buf_add_fmt(out, ",\"behavior\":\"%s\",\"lane\":%u,\"policy\":%u",
                behavior_name(fleet_policy_of(f, row)->behavior), c->lane, c->policy);
    if (c->line)
        buf_add_fmt(out, ",\"file\":%u,\"line\":%u,\"column\":%u", c->file, c->line, c->column);
}

void plan_write_row(struct plan_writer *w, uint32_t row, const struct job_row *job, struct buf *out)
{
    size_t start = out->len;
    buf_add_str(out, w->counts.rows ? ",\n{" : "{");
    choice_add(out, w->fleet, row);
    buf_add_fmt(out, ",\"action\":\"%s\",\"outcome\":\"%s\",", action_name(job->action),
                outcome_name(job->outcome));
    add_text(out, "reason", job->reason);
    live_add(out, job);
    buf_add_char(out, '}');
    w->counts.rows++;
    w->counts.changes += plan_goes_for(job->outcome);
    hash_from(w, start, out);
}

void plan_write_end(struct plan_writer *w, struct buf *out)
{
    size_t start = out->len;
    sha256_t hash;
    char digest[SHA256_HEX_LEN];
    buf_add_fmt(out, "%s],\n\"counts\":{\"rows\":%u,\"changes\":%u},\n", w->counts.rows ? "\n" : "",
                w->counts.rows, w->counts.changes);
    hash_from(w, start, out);
    if (!sha256_take(w->hash, hash))
        out->failed = true;
    hex_write(hash, sizeof hash, digest);
    buf_add_fmt(out, "\"digest\":\"sha256:%s\"}\n", digest);
}
