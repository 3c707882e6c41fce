/*
 * Findings are stored as sets of bits; the journal itself maps each bit to the name of a rule. So
 * the program may order, add and drop rules, and a journal of any other order keeps its meaning.
 */
#include "inside.h"

#include "scheduler/record_digest.h"

#include <assert.h>
#include <string.h>

static void number_take(struct rule_numbers *rules, unsigned number, struct text name)
{
    assert(number < RULE_NUMBERS);
    enum finding f;
    rules->rule_of[number] = RULE_UNKNOWN;
    rules->digest_of[number] = record_digest_rule(name);
    if (!finding_parse(name, &f))
        return;
    rules->rule_of[number] = (unsigned char)f;
    if (rules->number_of[f] == RULE_NONE)
        rules->number_of[f] = (unsigned char)number;
}

struct numbers_reading {
    struct rule_numbers rules;
    bool ok;
};

static bool number_read(void *ctx, const struct store_row *row)
{
    struct numbers_reading *r = ctx;
    r->ok = row->number < RULE_NUMBERS;
    if (r->ok)
        number_take(&r->rules, (unsigned)row->number, value_text(&row->values[0]));
    return r->ok;
}

void rule_numbers_invariant(const struct rule_numbers *rules)
{
    for (int f = 0; f < FINDINGS_LEN; f++) {
        unsigned number = rules->number_of[f];
        assert(number == RULE_NONE || number < RULE_NUMBERS);
        assert(number == RULE_NONE || rules->rule_of[number] == f);
    }
}

enum err rule_numbers_load(struct journal *j, struct why *why)
{
    struct numbers_reading r = {.ok = true};
    memset(r.rules.number_of, RULE_NONE, sizeof r.rules.number_of);
    memset(r.rules.rule_of, RULE_NONE, sizeof r.rules.rule_of);
    enum err err = journal_each(j, TABLE_RULE, 0, number_read, &r, why);
    if (err == OK && !r.ok)
        err = journal_damaged(why, "a number of a rule");
    if (err != OK) /* what was known stays known */
        return err;
    rule_numbers_invariant(&r.rules);
    j->rules = r.rules;
    return OK;
}

static enum err number_add(struct journal *j, struct text name, struct why *why)
{
    uint64_t number = 0;
    const struct store_value value = store_text(name);
    while (number < RULE_NUMBERS && j->rules.rule_of[number] != RULE_NONE)
        number++;
    if (number == RULE_NUMBERS)
        return journal_damaged(why, "it has numbers for more rules than there ever were");
    enum err err = journal_put(j, TABLE_RULE, 0, &value, &number, why);
    if (err == OK)
        number_take(&j->rules, (unsigned)number, name);
    return err;
}

static enum err numbers_add(struct journal *j, struct why *why)
{
    enum err err = OK;
    for (int f = 0; err == OK && f < FINDINGS_LEN; f++)
        if (j->rules.number_of[f] == RULE_NONE)
            err = number_add(j, text_of(finding_rule((enum finding)f)->name), why);
    rule_numbers_invariant(&j->rules);
    return err;
}

enum err rule_numbers_add(struct journal *j, struct why *why)
{
    if (!memchr(j->rules.number_of, RULE_NONE, sizeof j->rules.number_of))
        return OK;
    enum err err = journal_enter(j, why);
    if (err != OK)
        return err;
    if (journal_is_shared(j)) { /* another process may add the same ones */
        err = j->store->leases->alone(j->store, why);
        err = err == OK ? rule_numbers_load(j, why) : err;
    }
    return journal_leave(j, err == OK ? numbers_add(j, why) : err, STORE_COMMIT, why);
}

enum err rule_numbers_name(struct journal *j, struct text name, unsigned char *number,
                           struct why *why)
{
    uint64_t digest = record_digest_rule(name);
    enum err err = OK;
    for (int turn = 0; err == OK && turn < 2; turn++) {
        for (unsigned n = 0; n < RULE_NUMBERS; n++) {
            if (j->rules.rule_of[n] == RULE_NONE || j->rules.digest_of[n] != digest)
                continue;
            *number = (unsigned char)n;
            return OK;
        }
        err = number_add(j, name, why);
    }
    assert(err != OK);
    return err;
}

uint64_t rule_numbers_to_row(const struct journal *j, finding_set findings)
{
    uint64_t set = 0;
    for (int f = 0; f < FINDINGS_LEN; f++) {
        if (!(findings & FINDING_BIT(f)))
            continue;
        assert(j->rules.number_of[f] < RULE_NUMBERS);
        set |= (uint64_t)1 << j->rules.number_of[f];
    }
    return set;
}

/* Has each number of the set a rule? */
static bool are_known(const struct journal *j, uint64_t set)
{
    for (unsigned number = 0; set; number++, set >>= 1)
        if ((set & 1) && j->rules.rule_of[number] == RULE_NONE)
            return false;
    return true;
}

enum err rule_numbers_from_row(struct journal *j, const struct store_value *value, finding_set *out,
                               bool *ok, struct why *why)
{
    finding_set findings = 0;
    uint64_t set = value_number(value, INT64_MAX, ok);
    *out = 0;
    /* A newer worker may have added one since this journal was opened. */
    enum err err = journal_is_shared(j) && !are_known(j, set) ? rule_numbers_load(j, why) : OK;
    if (err != OK)
        return err;
    for (; set; set &= set - 1) {
        unsigned number = (unsigned)__builtin_ctzll(set);
        if (j->rules.rule_of[number] == RULE_NONE)
            *ok = false;
        else if (j->rules.rule_of[number] != RULE_UNKNOWN)
            findings |= FINDING_BIT(j->rules.rule_of[number]);
    }
    *out = findings;
    return OK;
}

uint64_t rule_numbers_digest(const struct journal *j, uint64_t set)
{
    uint64_t sum = 0;
    for (set &= ((uint64_t)1 << RULE_NUMBERS) - 1; set; set &= set - 1)
        sum += j->rules.digest_of[__builtin_ctzll(set)];
    return sum;
}
