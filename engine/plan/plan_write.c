/*
 * Fleet and rows to a plan file. Added bytes are hashed in the same call, so the buffer may be
 * emptied between calls.
 */
#include "plan_file.h"
#include "plan_internal.h"

#include "base/hex.h"
#include "base/json_out.h"
#include "model/policy.h"

#include <stdlib.h>
#include <string.h>

struct plan_writer {
    const struct fleet *fleet;
    struct sha256 *hash; /* of all bytes written */
    struct json_out json;
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

static void add_name(struct json_out *j, const struct fleet *f, const char *key, name_id name)
{
    if (name != NAME_NONE)
        json_add_text(j, key, names_text(&f->names, name));
}

static void add_quota(struct json_out *j, const char *key, const struct quota *quota)
{
    json_add_object(j, key);
    json_add_number(j, "value", quota->value);
    json_add_bool(j, "percent", quota->is_percent);
    json_end(j);
}

static void wave_add(struct json_out *j, const struct fleet *f, uint32_t i)
{
    add_quota(j, NULL, &f->waves[i]);
}

static void account_add(struct json_out *j, const struct fleet *f, uint32_t i)
{
    const struct account *a = &f->accounts[i];
    json_add_object(j, NULL);
    json_add_number(j, "rate", a->rate_per_s);
    add_name(j, f, "name", a->name);
    add_name(j, f, "profile", a->profile);
    add_name(j, f, "role_arn", a->role_arn);
    add_name(j, f, "external_id", a->external_id);
    add_name(j, f, "source_profile", a->source_profile);
    add_name(j, f, "account_id", a->account_id);
    json_end(j);
}

static void lane_add(struct json_out *j, const struct fleet *f, uint32_t i)
{
    const struct caller *c = &f->lanes[i].caller;
    json_add_object(j, NULL);
    json_add_u64(j, "account", f->lanes[i].account);
    json_add_text(j, "region", names_text(&f->names, f->lanes[i].region));
    add_name(j, f, "caller_account", c->account);
    add_name(j, f, "caller_partition", c->partition);
    add_name(j, f, "caller_arn", c->arn);
    add_name(j, f, "begun_with", c->begun_with);
    json_end(j);
}

static void add_given(struct json_out *j, const char *key, struct text value)
{
    if (value.len)
        json_add_text(j, key, value);
}

static void provider_add(struct json_out *j, const struct fleet *f, uint32_t i)
{
    const struct provider *p = &f->providers[i];
    json_add_object(j, NULL);
    json_add_word(j, "kind", provider_kind_name(p->kind));
    json_add_array(j, "zones");
    for (uint32_t zone = 0; zone < p->zones_len; zone++)
        json_add_text(j, NULL, p->zones[zone]);
    json_end(j);
    json_add_u64(j, "account", p->account);
    add_given(j, "endpoint_url", p->endpoint_url);
    add_given(j, "token_env", p->token_env);
    add_given(j, "server", p->server);
    add_given(j, "key_file", p->key_file);
    add_given(j, "key_name", p->key_name);
    add_given(j, "key_algorithm", p->key_algorithm);
    add_given(j, "key_secret_env", p->key_secret_env);
    json_add_u64(j, "file", p->file);
    json_add_u64(j, "line", p->line);
    json_add_u64(j, "column", p->column);
    json_end(j);
}

static void policy_add(struct json_out *j, const struct fleet *f, uint32_t i)
{
    json_add_object(j, NULL);
    for (int n = 0; n < POLICY_FIELDS; n++) {
        const struct policy_field *field = &policy_fields[n];
        uint64_t value = policy_get(&f->policies[i], field);
        if (!field->key)
            continue;
        switch (field->type) {
        case POLICY_WORD:
            json_add_word(j, field->key, policy_word(field, SPELLING_V2, (unsigned)value));
            break;
        case POLICY_COUNT:
        case POLICY_NUMBER: json_add_u64(j, field->key, value); break;
        case POLICY_REGION:
        case POLICY_NAME: add_name(j, f, field->key, (name_id)value); break;
        case POLICY_RULES: {
            json_add_array(j, field->key);
            for (int rule = 0; rule < FINDINGS_LEN; rule++)
                if (value & FINDING_BIT(rule))
                    json_add_word(j, NULL, finding_rule((enum finding)rule)->name);
            json_end(j);
            break;
        }
        }
    }
    json_end(j);
}

static void file_add(struct json_out *j, const struct fleet *f, uint32_t i)
{
    json_add_object(j, NULL);
    json_add_text(j, "name", f->files[i]);
    json_end(j);
}

/* A list of the head: one element to a line. */
static void list_add(struct plan_writer *w, const char *key, uint32_t len,
                     void (*add)(struct json_out *j, const struct fleet *f, uint32_t i))
{
    json_line(&w->json, "\n");
    json_add_array(&w->json, key);
    for (uint32_t i = 0; i < len; i++) {
        json_line(&w->json, "\n");
        add(&w->json, w->fleet, i);
    }
    json_end_line(&w->json, "\n");
}

static void hash_from(struct plan_writer *w, size_t start, const struct buf *out)
{
    if (!out->failed)
        sha256_add(w->hash, text_from(buf_text(out), start));
}

void plan_write_begin(struct plan_writer *w, const struct plan_head *head, struct buf *out)
{
    const struct fleet *f = w->fleet;
    struct json_out *j = &w->json;
    size_t start = out->len;
    char when[WHEN_LEN], digest[SHA256_HEX_LEN];
    hex_write(f->digest, sizeof f->digest, digest);
    json_init(j, out);
    json_add_object(j, NULL);
    json_add_u64(j, "format_version", PLAN_FORMAT_VERSION);
    json_line(j, "\n");
    json_add_text(j, "version", head->version);
    json_line(j, "\n");
    json_add_word(j, "created", when_format_ms(head->created, when));
    json_line(j, "\n");
    json_add_word(j, "manifest_digest", digest);
    json_line(j, "\n");
    json_add_raw(j, "options", head->options);
    json_line(j, "\n");
    add_quota(j, "max_failures", &f->max_failures);
    list_add(w, "files", f->files_len, file_add);
    list_add(w, "waves", f->waves_len, wave_add);
    list_add(w, "accounts", f->accounts_len, account_add);
    list_add(w, "lanes", f->lanes_len, lane_add);
    list_add(w, "policies", f->policies_len, policy_add);
    if (f->providers_len) /* programs that know none read the plans of all other fleets */
        list_add(w, "providers", f->providers_len, provider_add);
    json_line(j, "\n");
    json_add_array(j, "identities");
    hash_from(w, start, out);
}

static void live_add(struct json_out *j, const struct job_row *job)
{
    if (!job->seen_known) {
        json_add_null(j, "live");
        return;
    }
    json_add_object(j, "live");
    json_add_text(j, "mail_from", job->mail_from_seen);
    json_add_word(j, "behavior", behavior_name(job->behavior_seen));
    json_add_word(j, "status", plan_status_name(job->status_seen));
    json_add_word(j, "verification", verification_name(job->verification));
    if (job->dkim != DKIM_UNKNOWN)
        json_add_word(j, "dkim", dkim_status_name(job->dkim));
    json_end(j);
}

void plan_write_row(struct plan_writer *w, uint32_t row, const struct job_row *job, struct buf *out)
{
    struct json_out *j = &w->json;
    size_t start = out->len;
    j->buf = out;
    json_line(j, "\n");
    json_add_object(j, NULL);
    const struct choice *c = &w->fleet->choices[row];
    json_add_text(j, "account", fleet_account_name(w->fleet, row));
    json_add_text(j, "region", fleet_region(w->fleet, row));
    json_add_text(j, "identity", fleet_identity(w->fleet, row));
    json_add_text(j, "mail_from", fleet_mail_from(w->fleet, row));
    json_add_word(j, "behavior", behavior_name(fleet_policy_of(w->fleet, row)->behavior));
    json_add_u64(j, "lane", c->lane);
    json_add_u64(j, "policy", c->policy);
    if (c->line) {
        json_add_u64(j, "file", c->file);
        json_add_u64(j, "line", c->line);
        json_add_u64(j, "column", c->column);
    }
    json_add_word(j, "action", action_name(job->action));
    json_add_word(j, "outcome", outcome_name(job->outcome));
    json_add_text(j, "reason", job->reason);
    live_add(j, job);
    /* The verdict on DNS, and the findings. A reader of an older program ignores these members. */
    char when[WHEN_LEN];
    json_add_u64(j, "calls", job->calls);
    json_add_word(j, "first_seen", when_format_ms(job->first_seen, when));
    json_add_word(j, "finished", when_format_ms(job->finished, when));
    json_add_word(j, "mx", mx_status_name(job->mx));
    json_add_word(j, "spf", spf_status_name(job->spf));
    json_add_word(j, "dmarc", dmarc_status_name(job->dmarc));
    if (job->notes.known) {
        json_add_array(j, "findings");
        for (uint32_t i = 0; i < job->notes.len; i++) {
            const struct finding_note *note = &job->notes.at[i];
            json_add_object(j, NULL);
            json_add_word(j, "rule", finding_rule(note->rule)->name);
            json_add_word(j, "severity", severity_name(note->severity));
            json_add_text(j, "text", note->text);
            json_add_bool(j, "accepted", note->accepted);
            json_end(j);
        }
        json_end(j);
    }
    json_end(j);
    w->counts.rows++;
    w->counts.changes += plan_goes_for(job->outcome);
    hash_from(w, start, out);
}

void plan_write_end(struct plan_writer *w, struct buf *out)
{
    struct json_out *j = &w->json;
    size_t start = out->len;
    sha256_t hash;
    char digest[SHA256_HEX_LEN + 7] = "sha256:";
    j->buf = out;
    json_end_line(j, "\n");
    json_line(j, "\n");
    json_add_object(j, "counts");
    json_add_u64(j, "rows", w->counts.rows);
    json_add_u64(j, "changes", w->counts.changes);
    json_end(j);
    json_line(j, "\n"); /* the digest covers all lines before the digest's own line */
    hash_from(w, start, out);
    if (!sha256_take(w->hash, hash))
        out->failed = true;
    hex_write(hash, sizeof hash, digest + strlen(digest));
    json_add_word(j, "digest", digest);
    json_end(j);
    buf_add_char(out, '\n');
}
