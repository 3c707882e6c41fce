/*
 * A plan file to a fleet. The lines come in the writer's order, so the reader is a walk through
 * this order; a missing or unexpected line is damage. No index is trusted: each is checked against
 * its list.
 *
 * Memory: one line and its JSON at a time, beside the fleet itself.
 */
#include "plan_file.h"
#include "plan_internal.h"

#include "base/bounds.h"
#include "base/escape.h"
#include "base/hex.h"
#include "model/policy.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

struct plan_reading {
    struct plan_lines lines;
    struct buf scratch; /* a line as a separate JSON value */
    cJSON *json;        /* of the last line read */
    struct fleet *fleet;
    struct arena *arena;
    struct plan_head *head;
    struct plan_counts *counts;
    struct plan_verdict **verdicts; /* where the next verdict goes */
    bool every;                     /* row has a verdict */
    uint32_t expected_cap;
    bool fits; /* false: no memory, or beyond a bound */
};

static const cJSON *member(const cJSON *json, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(json, key);
}

/* at == NULL: missing, or no string. */
static struct text word(const cJSON *json, const char *key)
{
    return text_of(cJSON_GetStringValue(member(json, key)));
}

static bool whole(const cJSON *json, const char *key, double max, uint64_t *out)
{
    const cJSON *number = member(json, key);
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= max))
        return false;
    *out = (uint64_t)number->valuedouble;
    return (double)*out == number->valuedouble;
}

static bool index_of(const cJSON *json, const char *key, uint32_t len, uint16_t *out)
{
    uint64_t n = 0;
    bool ok = len > 0 && whole(json, key, len - 1, &n);
    *out = (uint16_t)n;
    return ok;
}

static name_id name(struct plan_reading *r, const cJSON *json, const char *key)
{
    name_id id;
    r->fits &= names_add(&r->fleet->names, word(json, key), &id);
    return id;
}

static bool quota(const cJSON *json, struct quota *out)
{
    const cJSON *value = member(json, "value"), *percent = member(json, "percent");
    if (!cJSON_IsNumber(value) || !cJSON_IsBool(percent))
        return false;
    *out = (struct quota){cJSON_IsTrue(percent), value->valuedouble};
    return true;
}

static bool wave_take(struct plan_reading *r)
{
    struct fleet *f = r->fleet;
    struct quota wave;
    if (f->waves_len == WAVES_MAX || !quota(r->json, &wave) || !quota_fits(wave) || wave.value == 0)
        return false;
    f->waves[f->waves_len++] = wave;
    return true;
}

static bool file_take(struct plan_reading *r)
{
    uint16_t index;
    struct text file = word(r->json, "name");
    r->fits &= fleet_file(r->fleet, file.at ? file : TEXT(""), &index);
    return file.at != NULL;
}

static bool account_take(struct plan_reading *r)
{
    const cJSON *j = r->json, *rate = member(j, "rate");
    uint16_t index;
    struct account a = {.name = name(r, j, "name"),
                        .profile = name(r, j, "profile"),
                        .role_arn = name(r, j, "role_arn"),
                        .external_id = name(r, j, "external_id"),
                        .source_profile = name(r, j, "source_profile"),
                        .account_id = name(r, j, "account_id")};
    a.rate_per_s = cJSON_IsNumber(rate) ? rate->valuedouble : -1;
    r->fits &= fleet_account(r->fleet, a, &index);
    return rate_fits(a.rate_per_s);
}

static bool lane_take(struct plan_reading *r)
{
    uint16_t account, index;
    uint32_t place = r->fleet->lanes_len;
    if (!index_of(r->json, "account", r->fleet->accounts_len, &account))
        return false;
    r->fits &= fleet_lane(r->fleet, account, name(r, r->json, "region"), &index);
    struct caller caller = {.account = name(r, r->json, "caller_account"),
                            .partition = name(r, r->json, "caller_partition"),
                            .arn = name(r, r->json, "caller_arn"),
                            .begun_with = name(r, r->json, "begun_with")};
    if (r->fits && index == place)
        r->fleet->lanes[index].caller = caller;
    return !r->fits || index == place;
}

static bool rules_take(const cJSON *list, uint64_t *out)
{
    const cJSON *item;
    enum finding finding;
    *out = 0;
    cJSON_ArrayForEach(item, list)
    {
        if (!finding_parse(text_of(cJSON_GetStringValue(item)), &finding))
            return false;
        *out |= FINDING_BIT(finding);
    }
    return cJSON_IsArray(list);
}

static bool policy_take(struct plan_reading *r)
{
    uint16_t index;
    uint32_t place = r->fleet->policies_len;
    struct policy p = {.until = UNTIL_SUCCESS};
    bool good = true;
    for (int i = 0; i < POLICY_FIELDS && good; i++) {
        const struct policy_field *field = &policy_fields[i];
        uint64_t value = 0;
        if (!field->key)
            continue;
        switch (field->type) {
        case POLICY_WORD: good = policy_word_parse(field, word(r->json, field->key), &value); break;
        case POLICY_NUMBER: good = whole(r->json, field->key, (double)field->most, &value); break;
        case POLICY_COUNT:
            good = !member(r->json, field->key) ||
                   whole(r->json, field->key, (double)field->most, &value);
            break;
        case POLICY_REGION:
        case POLICY_NAME: value = name(r, r->json, field->key); break;
        case POLICY_RULES: good = rules_take(member(r->json, field->key), &value); break;
        }
        policy_put(&p, field, value);
    }
    if (!good)
        return false;
    r->fits &= fleet_policy(r->fleet, p, &index);
    return !r->fits || index == place;
}

/* A text of a provider; empty: not given. */
static struct text given(const cJSON *json, const char *key)
{
    struct text t = word(json, key);
    return t.at ? t : TEXT_NONE;
}

static bool zones_take(struct plan_reading *r, struct provider *p)
{
    const cJSON *list = member(r->json, "zones"), *item;
    int len = cJSON_GetArraySize(list);
    if (len < 1 || len > PROVIDER_ZONES_MAX)
        return false;
    p->zones = ARENA_ARRAY(&r->fleet->arena, struct text, (uint32_t)len);
    r->fits &= p->zones != NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct text zone = text_of(cJSON_GetStringValue(item));
        if (!r->fits || !zone.at)
            return false;
        p->zones[p->zones_len++] = zone;
    }
    return true;
}

static bool provider_take(struct plan_reading *r)
{
    struct provider p = {.kind = PROVIDER_KINDS};
    uint16_t index;
    uint64_t line = 0, column = 0;
    for (int kind = 0; kind < PROVIDER_KINDS; kind++)
        if (text_eq(word(r->json, "kind"), text_of(provider_kind_name((enum provider_kind)kind))))
            p.kind = (enum provider_kind)kind;
    if (p.kind == PROVIDER_KINDS || !zones_take(r, &p) ||
        !index_of(r->json, "account", r->fleet->accounts_len, &p.account) ||
        !index_of(r->json, "file", r->fleet->files_len, &p.file) ||
        !whole(r->json, "line", UINT32_MAX, &line) ||
        !whole(r->json, "column", UINT32_MAX, &column))
        return false;
    p.line = (uint32_t)line;
    p.column = (uint32_t)column;
    p.endpoint_url = given(r->json, "endpoint_url");
    p.token_env = given(r->json, "token_env");
    p.server = given(r->json, "server");
    p.key_file = given(r->json, "key_file");
    p.key_name = given(r->json, "key_name");
    p.key_algorithm = given(r->json, "key_algorithm");
    p.key_secret_env = given(r->json, "key_secret_env");
    r->fits &= fleet_provider(r->fleet, &p, &index);
    return true;
}

static bool source_take(struct plan_reading *r, struct choice *c)
{
    uint64_t line = 0, column = 0;
    if (!member(r->json, "line"))
        return true;
    bool ok = index_of(r->json, "file", r->fleet->files_len, &c->file) &&
              whole(r->json, "line", UINT32_MAX, &line) &&
              whole(r->json, "column", UINT32_MAX, &column);
    c->line = (uint32_t)line;
    c->column = (uint32_t)column;
    return ok;
}

/* The expectations grow with the rows: one for each row. */
static bool expect(struct plan_reading *r, uint32_t row, struct expectation e)
{
    if (row == r->expected_cap) {
        uint32_t cap = row ? row * 2 : 64;
        void *more = realloc(r->fleet->expected, cap * sizeof e);
        if (!more)
            return false;
        r->fleet->expected = more;
        r->expected_cap = cap;
    }
    r->fleet->expected[row] = e;
    return true;
}

static bool live_take(struct plan_reading *r, struct expectation *e)
{
    const cJSON *live = member(r->json, "live");
    enum behavior behavior;
    enum mail_from_status status;
    enum verification verification;
    if (!behavior_parse(word(live, "behavior"), &behavior) ||
        !plan_status_parse(word(live, "status"), &status) ||
        !plan_verification_parse(word(live, "verification"), &verification) ||
        !word(live, "mail_from").at)
        return false;
    e->mail_from = e->or_mail_from = name(r, live, "mail_from");
    e->behavior = e->or_behavior = (uint8_t)behavior;
    e->status = (uint8_t)status;
    return true;
}

static bool severity_parse(struct text t, enum severity *out)
{
    for (int s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++) {
        *out = (enum severity)s;
        if (text_eq(t, text_of(severity_name(*out))))
            return true;
    }
    return false;
}

/* A rule of a newer program is left out. False: damage. */
static bool notes_take(struct plan_reading *r, struct finding_notes *notes)
{
    const cJSON *list = member(r->json, "findings"), *item;
    struct finding_note *at =
        ARENA_ARRAY(r->arena, struct finding_note, (uint32_t)cJSON_GetArraySize(list) + 1);
    r->fits &= at != NULL;
    notes->at = at;
    notes->known = list != NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct text text = word(item, "text");
        struct finding_note note = {.accepted = cJSON_IsTrue(member(item, "accepted"))};
        if (!severity_parse(word(item, "severity"), &note.severity) || !text.at)
            return false;
        if (!at || !finding_parse(word(item, "rule"), &note.rule))
            continue;
        note.text = arena_text(r->arena, text);
        r->fits &= note.text.at != NULL;
        at[notes->len++] = note;
    }
    return !list || cJSON_IsArray(list);
}

/* What apply keeps of a row that it leaves alone. Older plans have neither verdicts on DNS nor
 * findings. */
static bool verdict_take(struct plan_reading *r, enum outcome outcome)
{
    struct plan_verdict *v = ARENA_NEW(r->arena, struct plan_verdict);
    struct expectation live = {.status = MAIL_FROM_UNKNOWN};
    enum action action;
    if (!v) {
        r->fits = false;
        return true;
    }
    v->seen_known = cJSON_IsObject(member(r->json, "live"));
    if (!word(r->json, "reason").at || !action_parse(word(r->json, "action"), &action) ||
        (v->seen_known && !live_take(r, &live)) || !notes_take(r, &v->notes))
        return false;
    enum verification verification = VERIFICATION_NOT_STARTED;
    plan_verification_parse(word(member(r->json, "live"), "verification"), &verification);
    uint64_t calls = 0;
    v->row = r->fleet->choices_len;
    v->calls = whole(r->json, "calls", UINT32_MAX, &calls) ? (uint32_t)calls : 0;
    if (!when_parse(word(r->json, "first_seen"), &v->first_seen))
        v->first_seen = 0;
    if (!when_parse(word(r->json, "finished"), &v->finished))
        v->finished = 0;
    v->outcome = (uint8_t)outcome;
    v->action = (uint8_t)action;
    v->reason = arena_text(r->arena, word(r->json, "reason"));
    v->mail_from_seen = live.mail_from;
    v->behavior_seen = live.behavior;
    v->status_seen = live.status;
    v->verification = (uint8_t)verification;
    v->dkim = (uint8_t)dkim_status_parse(word(member(r->json, "live"), "dkim")); /* or not told */
    v->mx = (uint8_t)mx_status_parse(word(r->json, "mx"));
    v->spf = (uint8_t)spf_status_parse(word(r->json, "spf"));
    v->dmarc = (uint8_t)dmarc_status_parse(word(r->json, "dmarc"));
    r->fits &= v->reason.at != NULL;
    *r->verdicts = v;
    r->verdicts = &v->next;
    return true;
}

/* A row's own words count, since a person reviews them; lane and policy must agree with the row. */
static bool row_agrees(const struct plan_reading *r, uint32_t row)
{
    enum behavior behavior;
    return behavior_parse(word(r->json, "behavior"), &behavior) &&
           behavior == fleet_policy_of(r->fleet, row)->behavior &&
           text_eq(word(r->json, "account"), fleet_account_name(r->fleet, row)) &&
           text_eq(word(r->json, "region"), fleet_region(r->fleet, row));
}

static bool identity_take(struct plan_reading *r)
{
    struct fleet *f = r->fleet;
    struct expectation expected = {.status = MAIL_FROM_UNKNOWN};
    struct choice c = {.identity = name(r, r->json, "identity"),
                       .mail_from = name(r, r->json, "mail_from"),
                       .guarded = GUARD_SKIP};
    enum outcome outcome;
    uint32_t row;
    c.type = (uint8_t)identity_type_of(word(r->json, "identity"));
    if (!index_of(r->json, "lane", f->lanes_len, &c.lane) ||
        !index_of(r->json, "policy", f->policies_len, &c.policy) || !source_take(r, &c) ||
        !outcome_parse(word(r->json, "outcome"), &outcome) || !word(r->json, "mail_from").at)
        return false;
    if (plan_goes_for(outcome)) {
        c.guarded = GUARD_REVIEWED;
        r->counts->changes++;
        if (!live_take(r, &expected))
            return false;
    }
    if ((r->every || !plan_goes_for(outcome)) && !verdict_take(r, outcome))
        return false;
    r->counts->rows++;
    r->fits &= fleet_choice(f, c, &row) && expect(r, row, expected);
    return !r->fits || (c.identity != NAME_NONE && row_agrees(r, row));
}

/* Lines */

/* The next line must be `before`, a JSON value, `after`: the value becomes r->json. */
static bool line_take(struct plan_reading *r, const char *before, const char *after)
{
    struct text line;
    cJSON_Delete(r->json);
    r->json = NULL;
    buf_reset(&r->scratch);
    if (plan_lines_next(&r->lines, &line) != OK || !utf8_is(line))
        return false;
    buf_add_str(&r->scratch, before);
    buf_add_text(&r->scratch, line.len && line.at[line.len - 1] == ','
                                  ? text_slice(line, 0, line.len - 1)
                                  : line);
    buf_add_str(&r->scratch, after);
    r->fits &= !r->scratch.failed;
    if (!r->fits)
        return false;
    const char *end = NULL;
    r->json = cJSON_ParseWithLengthOpts(r->scratch.at, r->scratch.len, &end, false);
    return cJSON_IsObject(r->json) && end == r->scratch.at + r->scratch.len;
}

static bool member_take(struct plan_reading *r, const char *key)
{
    return line_take(r, "{", "}") && member(r->json, key);
}

/* "name":[; the name is good until the next line. */
static bool list_begin(struct plan_reading *r, struct text *name)
{
    struct text line, rest;
    if (plan_lines_next(&r->lines, &line) != OK || line.len < 4 || line.at[0] != '"')
        return false;
    rest = text_from(line, 1);
    *name = text_cut(&rest, '"');
    return text_eq(rest, TEXT(":["));
}

/* Elements, ], */
static bool elements_take(struct plan_reading *r, bool (*take)(struct plan_reading *r))
{
    while (line_take(r, "", "")) {
        if (!take(r) || !r->fits)
            return false;
    }
    return text_eq(buf_text(&r->scratch), TEXT("]"));
}

static bool list_take(struct plan_reading *r, const char *name,
                      bool (*take)(struct plan_reading *r))
{
    struct text found;
    return list_begin(r, &found) && text_eq(found, text_of(name)) && elements_take(r, take);
}

/* The providers of DNS are a list only where the fleet has some. */
static bool providers_and_identities_take(struct plan_reading *r)
{
    struct text name;
    if (!list_begin(r, &name))
        return false;
    if (text_eq(name, TEXT("identities")))
        return elements_take(r, identity_take);
    return text_eq(name, TEXT("providers")) && elements_take(r, provider_take) &&
           list_take(r, "identities", identity_take);
}

static bool head_take(struct plan_reading *r)
{
    struct plan_head *h = r->head;
    if (!member_take(r, "version"))
        return false;
    h->version = arena_text(r->arena, word(r->json, "version"));
    if (!member_take(r, "created") || !when_parse(word(r->json, "created"), &h->created) ||
        !member_take(r, "manifest_digest") ||
        !hex_read(word(r->json, "manifest_digest"), r->fleet->digest, sizeof r->fleet->digest) ||
        !member_take(r, "options"))
        return false;
    char *options = cJSON_PrintUnformatted(member(r->json, "options"));
    h->options = arena_text(r->arena, text_of(options));
    cJSON_free(options);
    r->fits &= h->options.at && h->version.at;
    struct quota *q = &r->fleet->max_failures;
    return member_take(r, "max_failures") && quota(member(r->json, "max_failures"), q) &&
           (q->value == NO_BOUND || quota_fits(*q));
}

static bool tail_take(struct plan_reading *r)
{
    uint64_t rows, changes;
    sha256_t found, want;
    struct text none, said;
    if (!member_take(r, "counts") ||
        !whole(member(r->json, "counts"), "rows", IDENTITIES_MAX, &rows) ||
        !whole(member(r->json, "counts"), "changes", IDENTITIES_MAX, &changes) ||
        !line_take(r, "{", ""))
        return false;
    said = word(r->json, "digest");
    return sha256_take(r->lines.hash, found) && rows == r->counts->rows &&
           changes == r->counts->changes && text_starts(said, TEXT("sha256:")) &&
           hex_read(text_from(said, 7), want, sizeof want) &&
           memcmp(found, want, sizeof want) == 0 && plan_lines_next(&r->lines, &none) == ERR_GONE;
}

static enum err walk(struct plan_reading *r, struct why *why)
{
    if (!names_init(&r->fleet->names, NAMES_BYTES_MAX))
        return why_set(why, ERR_NOMEM, "out of memory");
    struct text line = TEXT_NONE, number;
    static const struct text start = {"{\"format_version\":", 18};
    uint64_t version;
    enum err err = plan_lines_next(&r->lines, &line);
    if (r->lines.len > 1 && memcmp(r->lines.line, "\xff\xfe", 2) == 0)
        return why_set(why, ERR_INPUT,
                       "is in UTF-16, as PowerShell keeps what a program prints: let mailfrom plan "
                       "--out FILE write it");
    if (err != OK || !text_starts(line, start))
        return why_set(why, ERR_INPUT,
                       "is not a plan file of mailfrom: mailfrom plan --out FILE makes one");
    number = text_slice(line, start.len, line.len - 1);
    if (!text_to_u64(number, &version) || version != PLAN_FORMAT_VERSION)
        return why_set(why, ERR_INPUT,
                       "has format " TEXT_FMT ", this program knows %d: use the mailfrom that made "
                       "it, or make a new plan",
                       TEXT_ARG(number), PLAN_FORMAT_VERSION);
    if (head_take(r) && list_take(r, "files", file_take) && list_take(r, "waves", wave_take) &&
        list_take(r, "accounts", account_take) && list_take(r, "lanes", lane_take) &&
        list_take(r, "policies", policy_take) && providers_and_identities_take(r) && tail_take(r) &&
        r->fits)
        return OK;
    if (!r->fits)
        return why_set(why, ERR_NOMEM, "out of memory, or beyond a bound, at line %u",
                       r->lines.number);
    return why_set(why, ERR_INPUT,
                   "is damaged or was edited, seen at line %u: nothing was done. Make a new plan "
                   "with mailfrom plan --out FILE",
                   r->lines.number);
}

static enum err plan_take(const struct plan_reading *given, const char *path, struct why *why)
{
    struct plan_reading r = *given;
    *r.verdicts = NULL;
    *r.head = (struct plan_head){0};
    *r.counts = (struct plan_counts){0};
    buf_init(&r.scratch, PLAN_LINE_MAX + 8);
    enum err err = plan_lines_open(&r.lines, path, why);
    if (err == OK)
        err = walk(&r, why);
    cJSON_Delete(r.json);
    buf_clear(&r.scratch);
    plan_lines_close(&r.lines);
    return err == OK ? OK : why_wrap(why, err, "plan %s", path);
}

enum err plan_read(const char *path, bool every, struct plan_head *head, struct plan_counts *counts,
                   struct fleet *fleet, struct plan_verdict **verdicts, struct arena *arena,
                   struct why *why)
{
    const struct plan_reading r = {.fleet = fleet,
                                   .arena = arena,
                                   .head = head,
                                   .counts = counts,
                                   .verdicts = verdicts,
                                   .every = every,
                                   .fits = true};
    return plan_take(&r, path, why);
}
