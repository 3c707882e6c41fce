#include "fleets.h"
#include "fuzz.h"

#include "base/bounds.h"

#include <math.h>

static void quota_is_sound(const struct quota *q, bool unset_is_fine)
{
    assert(isfinite(q->value));
    assert(q->value >= 0 || unset_is_fine);
    assert(!q->is_percent || q->value <= 100);
}

static void lists_are_sound(const struct fleet *f)
{
    assert(f->accounts_len <= ACCOUNTS_MAX && f->lanes_len <= LANES_MAX);
    assert(f->policies_len <= POLICIES_MAX && f->waves_len <= WAVES_MAX);
    for (uint32_t i = 0; i < f->accounts_len; i++) {
        assert(isfinite(f->accounts[i].rate_per_s));
        assert(f->accounts[i].rate_per_s >= 0 && f->accounts[i].rate_per_s <= 10000);
    }
    for (uint32_t i = 0; i < f->lanes_len; i++)
        assert(f->lanes[i].account < f->accounts_len);
    for (uint32_t i = 0; i < f->policies_len; i++) {
        assert(f->policies[i].behavior <= BEHAVIOR_REJECT_MESSAGE);
        assert(f->policies[i].require <= REQUIRE_NONE);
        assert(f->policies[i].timeout_us >= 0);
        assert(f->policies[i].timeout_us <= MANIFEST_TIMEOUT_MAX);
    }
    for (uint32_t i = 0; i < f->waves_len; i++)
        quota_is_sound(&f->waves[i], false);
    quota_is_sound(&f->max_failures, true);
}

void fleet_is_sound(const struct fleet *f)
{
    lists_are_sound(f);
    assert(f->choices_len <= IDENTITIES_MAX);
    for (uint32_t row = 0; row < f->choices_len; row++) {
        const struct choice *c = &f->choices[row];
        assert(fleet_identity(f, row).len > 0 && fleet_identity(f, row).len <= NAME_LEN_MAX);
        assert(c->lane < f->lanes_len && c->policy < f->policies_len && c->guarded < GUARDS);
        assert(c->line == 0 || c->file < f->files_len);
        assert(c->guarded == GUARD_NONE || c->guarded == GUARD_SKIP || f->expected);
        assert(c->type <= IDENTITY_EMAIL_ADDRESS);
    }
}

static void names_are_same(const struct fleet *a, name_id x, const struct fleet *b, name_id y)
{
    assert(text_eq(names_text(&a->names, x), names_text(&b->names, y)));
}

static void policies_are_same(const struct fleet *a, const struct fleet *b, uint32_t row)
{
    const struct policy *p = fleet_policy_of(a, row), *q = fleet_policy_of(b, row);
    assert(p->behavior == q->behavior && p->require == q->require);
    assert(p->timeout_us == q->timeout_us && p->accept == q->accept && p->until == q->until);
    names_are_same(a, p->mx_region, b, q->mx_region);
}

static void expectations_are_same(const struct fleet *a, const struct fleet *b, uint32_t row)
{
    const struct expectation *e = &a->expected[row], *g = &b->expected[row];
    assert(e->behavior == g->behavior && e->or_behavior == g->or_behavior);
    assert(e->status == g->status);
    names_are_same(a, e->mail_from, b, g->mail_from);
    names_are_same(a, e->or_mail_from, b, g->or_mail_from);
}

static void callers_are_same(const struct fleet *a, const struct caller *x, const struct fleet *b,
                             const struct caller *y)
{
    names_are_same(a, x->account, b, y->account);
    names_are_same(a, x->partition, b, y->partition);
    names_are_same(a, x->arn, b, y->arn);
    names_are_same(a, x->begun_with, b, y->begun_with);
}

static void rows_are_same(const struct fleet *a, const struct fleet *b, uint32_t row)
{
    const struct choice *c = &a->choices[row], *d = &b->choices[row];
    assert(text_eq(fleet_identity(a, row), fleet_identity(b, row)));
    assert(text_eq(fleet_mail_from(a, row), fleet_mail_from(b, row)));
    assert(text_eq(fleet_account_name(a, row), fleet_account_name(b, row)));
    assert(text_eq(fleet_region(a, row), fleet_region(b, row)));
    assert(c->type == d->type && c->guarded == d->guarded && c->file == d->file);
    assert(c->line == d->line && c->column == d->column);
    policies_are_same(a, b, row);
    callers_are_same(a, &a->lanes[c->lane].caller, b, &b->lanes[d->lane].caller);
    assert(!a->expected == !b->expected);
    if (a->expected)
        expectations_are_same(a, b, row);
}

void fleets_are_same(const struct fleet *a, const struct fleet *b)
{
    assert(a->choices_len == b->choices_len && a->waves_len == b->waves_len);
    assert(memcmp(a->digest, b->digest, sizeof a->digest) == 0);
    for (uint32_t i = 0; i < a->waves_len; i++)
        assert(a->waves[i].value == b->waves[i].value &&
               a->waves[i].is_percent == b->waves[i].is_percent);
    assert(a->max_failures.value == b->max_failures.value);
    for (uint32_t row = 0; row < a->choices_len; row++)
        rows_are_same(a, b, row);
}
