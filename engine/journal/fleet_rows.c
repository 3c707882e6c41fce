/*
 * The fleet of a run, to rows and back. Each table is written in the order of its array and read
 * in that order, so that every index means the same again.
 *
 * What is read is not believed: an index that points nowhere is damage, not a crash.
 */
#include "inside.h"

#include "base/bounds.h"
#include "base/count.h"

#include <stdlib.h>
#include <string.h>

/* An INSERT in use: the next place to bind. */
struct filler {
    struct journal *j;
    struct sql_stmt *st;
    int place;
};

static enum err filler_begin(struct filler *in, struct journal *j, const char *text,
                             struct why *why)
{
    *in = (struct filler){.j = j};
    return sql_prepare(j->sql, &in->st, text_of(text), why);
}

static void fill_row(struct filler *in, uint64_t run, uint32_t row)
{
    sql_bind_int(in->st, 1, (int64_t)run);
    sql_bind_int(in->st, 2, row);
    in->place = 3;
}

static void fill_int(struct filler *in, int64_t value)
{
    sql_bind_int(in->st, in->place++, value);
}

static void fill_real(struct filler *in, double value)
{
    sql_bind_real(in->st, in->place++, value);
}

static void fill_name(struct filler *in, const struct fleet *f, name_id id)
{
    sql_bind_text(in->st, in->place++, names_text(&f->names, id));
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
    const struct policy *p = &f->policies[i];
    fill_int(in, p->behavior);
    fill_int(in, p->require);
    fill_name(in, f, p->mx_region);
    fill_int(in, p->timeout_us);
    fill_int(in, (int64_t)rule_numbers_to_row(in->j, p->accept));
    fill_int(in, p->until);
}

static void fill_file(struct filler *in, const struct fleet *f, uint32_t i)
{
    sql_bind_text(in->st, in->place++, f->files[i]);
}

static void fill_choice(struct filler *in, const struct fleet *f, uint32_t i)
{
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
    const struct expectation *e = &f->expected[i];
    fill_name(in, f, e->mail_from);
    fill_int(in, e->behavior);
    fill_int(in, e->status);
    fill_name(in, f, e->or_mail_from);
    fill_int(in, e->or_behavior);
}

struct table_out {
    const char *insert;
    uint32_t len;
    void (*fill)(struct filler *in, const struct fleet *f, uint32_t i);
};

static enum err table_store(struct journal *j, uint64_t run, const struct fleet *fleet,
                            const struct table_out *table, struct why *why)
{
    struct filler in;
    enum err err = filler_begin(&in, j, table->insert, why);
    for (uint32_t i = 0; err == OK && i < table->len; i++) {
        fill_row(&in, run, i);
        table->fill(&in, fleet, i);
        err = sql_run(j->sql, in.st, why);
    }
    sql_finish(in.st);
    return err;
}

enum err fleet_store(struct journal *j, uint64_t run, const struct fleet *fleet, struct why *why)
{
    const struct table_out tables[] = {
        {"INSERT INTO wave VALUES (?,?,?,?)", fleet->waves_len, fill_wave},
        {"INSERT INTO account VALUES (?,?,?,?,?,?,?,?,?)", fleet->accounts_len, fill_account},
        {"INSERT INTO lane VALUES (?,?,?,?,?,?,?,?)", fleet->lanes_len, fill_lane},
        {"INSERT INTO policy VALUES (?,?,?,?,?,?,?,?)", fleet->policies_len, fill_policy},
        {"INSERT INTO file VALUES (?,?,?)", fleet->files_len, fill_file},
        {"INSERT INTO choice VALUES (?,?,?,?,?,?,?,?,?,?,?)", fleet->choices_len, fill_choice},
        {"INSERT INTO expected VALUES (?,?,?,?,?,?,?)", fleet->expected ? fleet->choices_len : 0,
         fill_expected},
    };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(tables); i++)
        err = table_store(j, run, fleet, &tables[i], why);
    return err;
}

/* A SELECT in use: the next column to take, and what went wrong in any of them. */
struct taker {
    struct journal *j;
    struct sql_stmt *st;
    struct fleet *fleet;
    int column;
    bool ok, fits; /* no damage; no bound of memory reached */
};

static uint64_t take_int(struct taker *t, uint64_t max)
{
    return journal_number(t->st, t->column++, max, &t->ok);
}

static double take_real(struct taker *t)
{
    return sql_col_real(t->st, t->column++);
}

static name_id take_name(struct taker *t)
{
    name_id id;
    t->fits &= names_add(&t->fleet->names, sql_col_text(t->st, t->column++), &id);
    return id;
}

/* A number below len: an index into an array that was read before. */
static uint16_t take_index(struct taker *t, uint32_t len)
{
    if (len == 0)
        t->ok = false;
    return (uint16_t)take_int(t, len ? len - 1 : 0);
}

static void take_head(struct taker *t)
{
    struct fleet *f = t->fleet;
    struct text digest = sql_col_text(t->st, t->column++);
    if (digest.len == sizeof f->digest)
        memcpy(f->digest, digest.at, digest.len);
    else
        t->ok = false;
    f->max_failures.value = take_real(t);
    f->max_failures.is_percent = take_int(t, 1) == 1;
    t->ok &= f->max_failures.value == NO_BOUND || quota_fits(f->max_failures);
    if (take_int(t, 1) == 1 && !f->expected) { /* a damaged journal may have two heads of a run */
        uint64_t len = take_int(t, IDENTITIES_MAX);
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
    t->fits &= fleet_lane(t->fleet, account, take_name(t), &index);
    t->ok &= index == place;
    struct caller caller = {.account = take_name(t)};
    caller.partition = take_name(t);
    caller.arn = take_name(t);
    caller.begun_with = take_name(t);
    if (t->fits && t->ok)
        t->fleet->lanes[index].caller = caller;
}

static void take_policy(struct taker *t)
{
    uint16_t index;
    uint32_t place = t->fleet->policies_len;
    struct policy p = {.behavior = (enum behavior)take_int(t, BEHAVIOR_REJECT_MESSAGE)};
    p.require = (enum dns_require)take_int(t, REQUIRE_NONE);
    p.mx_region = take_name(t);
    p.timeout_us = (span_us)take_int(t, MANIFEST_TIMEOUT_MAX);
    p.accept = rule_numbers_from_row(t->j, t->st, t->column++, &t->ok);
    p.until = (enum until)take_int(t, UNTIL_SET);
    t->fits &= fleet_policy(t->fleet, p, &index);
    t->ok &= index == place;
}

static void take_file(struct taker *t)
{
    uint16_t index;
    struct text name = sql_col_text(t->st, t->column++);
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
    uint32_t place = (uint32_t)take_int(t, UINT32_MAX);
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

struct table_in {
    const char *select, *what;
    void (*take)(struct taker *t);
};

static const struct table_in tables_in[] = {
    {"SELECT digest, max_failures, max_failures_percent, guarded, jobs FROM run WHERE id = ?",
     "a run's head", take_head},
    {"SELECT value, percent FROM wave WHERE run = ? ORDER BY place", "a wave", take_wave},
    {"SELECT name, profile, role_arn, external_id, source_profile, account_id, rate"
     " FROM account WHERE run = ? ORDER BY place",
     "an account", take_account},
    {"SELECT account, region, caller_account, caller_partition, caller_arn, begun_with"
     " FROM lane WHERE run = ? ORDER BY place",
     "a lane", take_lane},
    {"SELECT behavior, require, mx_region, timeout, accept, until"
     " FROM policy WHERE run = ? ORDER BY place",
     "a policy", take_policy},
    {"SELECT name FROM file WHERE run = ? ORDER BY place", "a file name", take_file},
    {"SELECT identity, mail_from, lane, policy, file, type, guarded, line, col"
     " FROM choice WHERE run = ? ORDER BY place",
     "a choice", take_choice},
    {"SELECT place, mail_from, behavior, status, or_mail_from, or_behavior FROM expected WHERE run "
     "= ? ORDER BY place",
     "an expectation", take_expected},
};

static enum err table_load(struct journal *j, uint64_t run, struct fleet *fleet,
                           const struct table_in *table, struct why *why)
{
    struct taker t = {.j = j, .fleet = fleet, .ok = true, .fits = true};
    enum err err = journal_select(j, &t.st, table->select, run, why);
    while (err == OK && (err = sql_step(j->sql, t.st, why)) == OK) {
        t.column = 0;
        table->take(&t);
        if (!t.ok)
            err = journal_damaged(why, table->what);
        else if (!t.fits)
            err = why_set(why, ERR_NOMEM, "out of memory");
    }
    sql_finish(t.st);
    return err == ERR_GONE ? OK : err;
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
    return err == OK ? OK : why_wrap(why, err, "journal %s", j->place.file);
}
