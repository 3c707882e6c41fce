/*
 * The fleet of a run, to rows and back. Each table is written in the order of its array and read in
 * that order, so every index keeps its meaning.
 *
 * Read values are not trusted: an index out of range is damage, not a crash.
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"
#include "model/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Their numbers are held still, as head_rows.c says. */
static_assert(BEHAVIOR_USE_DEFAULT_VALUE == 0 && BEHAVIOR_REJECT_MESSAGE == 1, "behavior");
static_assert(REQUIRE_MX_SPF == 0 && REQUIRE_MX == 1 && REQUIRE_NONE == 2, "require");
static_assert(PROVIDER_ROUTE53 == 0 && PROVIDER_RFC2136 == 1 && PROVIDER_CLOUDFLARE == 2,
              "provider");
static_assert(UNTIL_SUCCESS == 0 && UNTIL_SET == 1 && GUARD_REVIEWED == 1 && GUARD_SKIP == 4 &&
                  GUARD_UNKNOWN == 5,
              "guard");

/* A row under construction: the next column to fill. */
struct filler {
    struct journal *j;
    struct store_value values[STORE_VALUES_MAX];
    unsigned column;
    bool fits; /* no bound of memory reached */
};

static void fill_int(struct filler *in, int64_t value)
{
    assert(in->column < STORE_VALUES_MAX);
    in->values[in->column++] = store_int(value);
}

static void fill_real(struct filler *in, double value)
{
    assert(in->column < STORE_VALUES_MAX);
    in->values[in->column++] = store_real(value);
}

static void fill_text(struct filler *in, struct text value)
{
    assert(in->column < STORE_VALUES_MAX);
    in->values[in->column++] = store_text(value);
}

static void fill_name(struct filler *in, const struct fleet *f, name_id id)
{
    fill_text(in, names_text(&f->names, id));
}

static void fill_wave(struct filler *in, const struct fleet *f, uint32_t i)
{
    fill_real(in, f->waves[i].value);
    fill_int(in, f->waves[i].is_percent);
}

static void fill_account(struct filler *in, const struct fleet *f, uint32_t i)
{
    const struct account *a = &f->accounts[i];
    fill_name(in, f, a->name);
    fill_name(in, f, a->profile);
    fill_name(in, f, a->role_arn);
    fill_name(in, f, a->external_id);
    fill_name(in, f, a->source_profile);
    fill_name(in, f, a->account_id);
    fill_real(in, a->rate_per_s);
}

static void fill_lane(struct filler *in, const struct fleet *f, uint32_t i)
{
    assert(f->lanes[i].account < f->accounts_len);
    const struct lane *lane = &f->lanes[i];
    fill_int(in, lane->account);
    fill_name(in, f, lane->region);
    fill_name(in, f, lane->caller.account);
    fill_name(in, f, lane->caller.partition);
    fill_name(in, f, lane->caller.arn);
    fill_name(in, f, lane->caller.begun_with);
}

static void fill_policy(struct filler *in, const struct fleet *f, uint32_t i)
{
    for (int n = 0; n < POLICY_FIELDS; n++) {
        const struct policy_field *field = &policy_fields[n];
        uint64_t value = policy_get(&f->policies[i], field);
        switch (field->type) {
        case POLICY_WORD:
        case POLICY_COUNT:
        case POLICY_NUMBER: fill_int(in, (int64_t)value); break;
        case POLICY_REGION:
        case POLICY_NAME: fill_name(in, f, (name_id)value); break;
        case POLICY_RULES: fill_int(in, (int64_t)rule_numbers_to_row(in->j, value)); break;
        }
    }
}

static void fill_file(struct filler *in, const struct fleet *f, uint32_t i)
{
    fill_text(in, f->files[i]);
}

static void fill_choice(struct filler *in, const struct fleet *f, uint32_t i)
{
    assert(f->choices[i].lane < f->lanes_len);
    assert(f->choices[i].policy < f->policies_len);
    const struct choice *c = &f->choices[i];
    fill_name(in, f, c->identity);
    fill_name(in, f, c->mail_from);
    fill_int(in, c->lane);
    fill_int(in, c->policy);
    fill_int(in, c->file);
    fill_int(in, c->type);
    fill_int(in, c->guarded);
    fill_int(in, c->line);
    fill_int(in, c->column);
}

static void fill_expected(struct filler *in, const struct fleet *f, uint32_t i)
{
    assert(f->expected);
    const struct expectation *e = &f->expected[i];
    fill_name(in, f, e->mail_from);
    fill_int(in, e->behavior);
    fill_int(in, e->status);
    fill_name(in, f, e->or_mail_from);
    fill_int(in, e->or_behavior);
}

#define ZONE_END '\n' /* between the patterns of a provider, none of which has one */

static void fill_zones(struct filler *in, const struct provider *p)
{
    buf_reset(&in->j->notes);
    for (uint32_t i = 0; i < p->zones_len; i++) {
        if (i)
            buf_add_char(&in->j->notes, ZONE_END);
        buf_add_text(&in->j->notes, p->zones[i]);
    }
    in->fits &= !in->j->notes.failed;
    fill_text(in, buf_text(&in->j->notes));
}

static void fill_provider(struct filler *in, const struct fleet *f, uint32_t i)
{
    const struct provider *p = &f->providers[i];
    assert(p->kind != PROVIDER_ROUTE53 || p->account < f->accounts_len);
    fill_int(in, p->kind);
    fill_zones(in, p);
    fill_int(in, p->account);
    fill_text(in, p->endpoint_url);
    fill_text(in, p->token_env);
    fill_text(in, p->server);
    fill_text(in, p->key_file);
    fill_text(in, p->key_name);
    fill_text(in, p->key_algorithm);
    fill_text(in, p->key_secret_env);
    fill_int(in, p->file);
    fill_int(in, p->line);
    fill_int(in, p->column);
}

struct table_out {
    enum store_table table;
    uint32_t len;
    void (*fill)(struct filler *in, const struct fleet *f, uint32_t i);
};

enum err fleet_store(struct journal *j, uint64_t run, const struct fleet *fleet, struct why *why)
{
    assert(run > 0);
    const struct table_out tables[] = {
        {TABLE_WAVE, fleet->waves_len, fill_wave},
        {TABLE_ACCOUNT, fleet->accounts_len, fill_account},
        {TABLE_LANE, fleet->lanes_len, fill_lane},
        {TABLE_POLICY, fleet->policies_len, fill_policy},
        {TABLE_FILE, fleet->files_len, fill_file},
        {TABLE_CHOICE, fleet->choices_len, fill_choice},
        {TABLE_EXPECTED, fleet->expected ? fleet->choices_len : 0, fill_expected},
        {TABLE_PROVIDER, fleet->providers_len, fill_provider},
    };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(tables); i++) {
        struct filler in = {.j = j, .fits = true};
        for (uint32_t k = 0; err == OK && k < tables[i].len; k++) {
            uint64_t place = k;
            in.column = 0;
            tables[i].fill(&in, fleet, k);
            assert(in.column == store_columns[tables[i].table].len);
            err = in.fits ? journal_put(j, tables[i].table, run, in.values, &place, why)
                          : why_set(why, ERR_NOMEM, "out of memory");
        }
    }
    return err;
}

/* A row under reading: the next column to take, and the first fault in any row. */
struct taker {
    struct journal *j;
    struct fleet *fleet;
    const struct store_row *row;
    enum store_table table;
    unsigned column;
    bool ok, fits; /* no damage; no bound of memory reached */
    void (*take)(struct taker *t);
    enum err err; /* of reading more of the journal meanwhile */
    struct why *why;
};

static const struct store_value *take_value(struct taker *t)
{
    assert(t->column < store_columns[t->table].len);
    return &t->row->values[t->column++];
}

static uint64_t take_int(struct taker *t, uint64_t max)
{
    return value_number(take_value(t), max, &t->ok);
}

static double take_real(struct taker *t)
{
    return value_real(take_value(t));
}

static name_id take_name(struct taker *t)
{
    name_id id;
    t->fits &= names_add(&t->fleet->names, value_text(take_value(t)), &id);
    return id;
}

/* A number below len: an index into an array read before. */
static uint16_t take_index(struct taker *t, uint32_t len)
{
    if (len == 0)
        t->ok = false;
    return (uint16_t)take_int(t, len ? len - 1 : 0);
}

static void take_head(struct taker *t)
{
    struct fleet *f = t->fleet;
    uint64_t len = value_number(&t->row->values[HEAD_JOBS], IDENTITIES_MAX, &t->ok);
    t->column = HEAD_DIGEST;
    struct text digest = value_text(take_value(t));
    if (digest.len == sizeof f->digest)
        memcpy(f->digest, digest.at, digest.len);
    else
        t->ok = false;
    f->max_failures.value = take_real(t);
    f->max_failures.is_percent = take_int(t, 1) == 1;
    t->ok &= f->max_failures.value == NO_BOUND || quota_fits(f->max_failures);
    if (take_int(t, 1) == 1 && !f->expected) { /* a damaged journal may have two heads of a run */
        f->expected = calloc(len ? len : 1, sizeof *f->expected);
        t->fits &= f->expected != NULL;
    }
}

static void take_wave(struct taker *t)
{
    struct quota wave = {.value = take_real(t)};
    wave.is_percent = take_int(t, 1) == 1;
    t->ok &= quota_fits(wave) && wave.value > 0;
    if (t->fleet->waves_len < WAVES_MAX)
        t->fleet->waves[t->fleet->waves_len++] = wave;
    else
        t->ok = false;
}

static void take_account(struct taker *t)
{
    uint16_t index;
    struct account a = {.name = take_name(t)};
    a.profile = take_name(t);
    a.role_arn = take_name(t);
    a.external_id = take_name(t);
    a.source_profile = take_name(t);
    a.account_id = take_name(t);
    a.rate_per_s = take_real(t);
    t->ok &= rate_fits(a.rate_per_s);
    t->fits &= fleet_account(t->fleet, a, &index);
}

static void take_lane(struct taker *t)
{
    uint16_t index;
    uint32_t place = t->fleet->lanes_len;
    uint16_t account = take_index(t, t->fleet->accounts_len);
    if (!t->ok) /* who tells of the damage reads the lanes that are there */
        return;
    t->fits &= fleet_lane(t->fleet, account, take_name(t), &index);
    t->ok &= index == place;
    struct caller caller = {.account = take_name(t)};
    caller.partition = take_name(t);
    caller.arn = take_name(t);
    caller.begun_with = take_name(t);
    if (t->fits && t->ok)
        t->fleet->lanes[index].caller = caller;
}

static finding_set take_rules(struct taker *t)
{
    finding_set set;
    t->err = rule_numbers_from_row(t->j, take_value(t), &set, &t->ok, t->why);
    t->ok &= t->err == OK;
    return set;
}

static void take_policy(struct taker *t)
{
    uint16_t index;
    uint32_t place = t->fleet->policies_len;
    struct policy p = {.until = UNTIL_SUCCESS};
    for (int n = 0; n < POLICY_FIELDS; n++) {
        const struct policy_field *field = &policy_fields[n];
        uint64_t value = 0;
        switch (field->type) {
        case POLICY_WORD:
        case POLICY_COUNT:
        case POLICY_NUMBER: value = take_int(t, field->most); break;
        case POLICY_REGION:
        case POLICY_NAME: value = take_name(t); break;
        case POLICY_RULES: value = take_rules(t); break;
        }
        policy_put(&p, field, value);
    }
    t->fits &= fleet_policy(t->fleet, p, &index);
    t->ok &= index == place;
}

static void take_file(struct taker *t)
{
    uint16_t index;
    struct text name = value_text(take_value(t));
    t->fits &= fleet_file(t->fleet, name.len ? name : TEXT(""), &index);
}

static void take_choice(struct taker *t)
{
    struct fleet *f = t->fleet;
    uint32_t row;
    struct choice c = {.identity = take_name(t)};
    c.mail_from = take_name(t);
    c.lane = take_index(t, f->lanes_len);
    c.policy = take_index(t, f->policies_len);
    c.file = (uint16_t)take_int(t, UINT16_MAX);
    c.type = (uint8_t)take_int(t, IDENTITY_EMAIL_ADDRESS);
    c.guarded = (uint8_t)take_int(t, GUARDS - 1);
    c.line = (uint32_t)take_int(t, UINT32_MAX);
    c.column = (uint32_t)take_int(t, UINT32_MAX);
    t->ok &= c.identity != NAME_NONE && (c.line == 0 || c.file < f->files_len);
    t->ok &= !c.guarded || f->expected;
    t->fits &= fleet_choice(f, c, &row);
}

static void take_expected(struct taker *t)
{
    uint64_t place = t->row->number;
    struct expectation e = {.mail_from = take_name(t)};
    e.behavior = (uint8_t)take_int(t, BEHAVIOR_REJECT_MESSAGE);
    e.status = (uint8_t)take_int(t, MAIL_FROM_UNKNOWN);
    e.or_mail_from = take_name(t);
    e.or_behavior = (uint8_t)take_int(t, BEHAVIOR_REJECT_MESSAGE);
    if (t->fleet->expected && place < t->fleet->choices_len)
        t->fleet->expected[place] = e;
    else
        t->ok = false;
}

/* The array lasts as long as the fleet. */
static void take_zones(struct taker *t, struct provider *p)
{
    struct text rest = value_text(take_value(t));
    uint32_t len = rest.len > 0;
    for (size_t i = 0; i < rest.len; i++)
        len += rest.at[i] == ZONE_END;
    t->ok &= len > 0 && len <= PROVIDER_ZONES_MAX;
    if (!t->ok)
        return;
    p->zones = ARENA_ARRAY(&t->fleet->arena, struct text, len);
    t->fits &= p->zones != NULL;
    while (t->fits && p->zones_len < len)
        p->zones[p->zones_len++] = text_cut(&rest, ZONE_END);
}

static void take_provider(struct taker *t)
{
    struct provider p = {.kind = (enum provider_kind)take_int(t, PROVIDER_KINDS - 1)};
    uint16_t index;
    take_zones(t, &p);
    p.account = (uint16_t)take_int(t, ACCOUNTS_MAX - 1);
    t->ok &= p.kind != PROVIDER_ROUTE53 || p.account < t->fleet->accounts_len;
    p.endpoint_url = value_text(take_value(t));
    p.token_env = value_text(take_value(t));
    p.server = value_text(take_value(t));
    p.key_file = value_text(take_value(t));
    p.key_name = value_text(take_value(t));
    p.key_algorithm = value_text(take_value(t));
    p.key_secret_env = value_text(take_value(t));
    p.file = (uint16_t)take_int(t, UINT16_MAX);
    p.line = (uint32_t)take_int(t, UINT32_MAX);
    p.column = (uint32_t)take_int(t, UINT32_MAX);
    t->ok &= p.line == 0 || p.file < t->fleet->files_len;
    t->fits &= !t->ok || !t->fits || fleet_provider(t->fleet, &p, &index);
}

struct table_in {
    enum store_table table;
    const char *what;
    void (*take)(struct taker *t);
};

static const struct table_in tables_in[] = {
    {TABLE_RUN, "a run's head", take_head},
    {TABLE_WAVE, "a wave", take_wave},
    {TABLE_ACCOUNT, "an account", take_account},
    {TABLE_LANE, "a lane", take_lane},
    {TABLE_POLICY, "a policy", take_policy},
    {TABLE_FILE, "a file name", take_file},
    {TABLE_CHOICE, "a choice", take_choice},
    {TABLE_EXPECTED, "an expectation", take_expected},
    {TABLE_PROVIDER, "a provider of DNS", take_provider},
};

static bool take_one(void *ctx, const struct store_row *row)
{
    struct taker *t = ctx;
    t->row = row;
    t->column = 0;
    t->take(t);
    assert(t->table == TABLE_RUN || !t->ok || t->column == store_columns[t->table].len);
    return t->ok && t->fits;
}

static enum err table_load(struct journal *j, uint64_t run, struct fleet *fleet,
                           const struct table_in *in, struct why *why)
{
    struct taker t = {.j = j,
                      .fleet = fleet,
                      .ok = true,
                      .fits = true,
                      .table = in->table,
                      .take = in->take,
                      .why = why};
    enum err err = journal_each(j, in->table, run, take_one, &t, why);
    if (err == OK)
        err = t.err;
    if (err == OK && !t.ok)
        return journal_damaged(why, in->what);
    return err == OK && !t.fits ? why_set(why, ERR_NOMEM, "out of memory") : err;
}

enum err journal_fleet(struct journal *j, uint64_t run, struct fleet *fleet, struct why *why)
{
    struct run_head head;
    struct arena arena;
    arena_init(&arena, LINE_LEN_MAX * 16);
    enum err err = journal_run(j, run, &head, &arena, why);
    arena_clear(&arena);
    if (err != OK)
        return err;
    if (!fleet->names.slots && !names_init(&fleet->names, NAMES_BYTES_MAX))
        err = why_set(why, ERR_NOMEM, "out of memory");
    for (size_t i = 0; err == OK && i < COUNT(tables_in); i++)
        err = table_load(j, head.id, fleet, &tables_in[i], why);
    if (err == OK && fleet->choices_len != head.jobs)
        err = journal_damaged(why, "choices are missing");
    return err == OK ? OK : journal_wrap(j, err, why);
}

enum err fleet_waves_load(struct journal *j, uint64_t run, struct fleet *fleet, struct why *why)
{
    struct head head;
    enum err err = head_of_run(j, run, &head, why);
    assert(tables_in[0].table == TABLE_RUN && tables_in[1].table == TABLE_WAVE);
    for (size_t i = 0; err == OK && i < 2; i++)
        err = table_load(j, run, fleet, &tables_in[i], why);
    fleet->choices_len = err == OK ? head.head.jobs : 0;
    return err;
}
