/* A fleet's arrays, doubled as rows are added. */
#include "fleet.h"

#include "base/bounds.h"
#include "base/count.h"
#include "policy.h"

#include <stdlib.h>
#include <string.h>

void fleet_init(struct fleet *f)
{
    *f = (struct fleet){.max_failures = {.value = NO_BOUND}, .watch = WATCH_POLICY_USUAL};
    arena_init(&f->arena, SIZE_MAX);
}

void fleet_clear(struct fleet *f)
{
    names_clear(&f->names);
    free(f->accounts);
    free(f->lanes);
    free(f->policies);
    free(f->choices);
    free(f->expected);
    free(f->recent);
    free(f->files);
    free(f->providers);
    arena_clear(&f->arena);
    fleet_init(f);
}

/* Makes room for one more element; the capacity is the next power of two. */
static void *grown(void *array, uint32_t len, uint32_t len_max, size_t size)
{
    if (len >= len_max)
        return NULL;
    if (len != 0 && (len < 4 || (len & (len - 1)) != 0))
        return array;
    return realloc(array, size * (len < 4 ? 4 : (size_t)len * 2));
}

#define PUSH(array, len, max, value)                                                               \
    do {                                                                                           \
        void *room = grown((array), (len), (max), sizeof *(array));                                \
        if (!room)                                                                                 \
            return false;                                                                          \
        (array) = room;                                                                            \
        (array)[(len)++] = (value);                                                                \
    } while (0)

bool fleet_account(struct fleet *f, struct account account, uint16_t *index)
{
    *index = (uint16_t)f->accounts_len;
    PUSH(f->accounts, f->accounts_len, ACCOUNTS_MAX, account);
    return true;
}

bool fleet_file(struct fleet *f, struct text name, uint16_t *index)
{
    struct text copy = arena_text(&f->arena, name);
    if (!copy.at)
        return false;
    *index = (uint16_t)f->files_len;
    PUSH(f->files, f->files_len, UINT16_MAX, copy);
    return true;
}

bool fleet_choice(struct fleet *f, struct choice choice, uint32_t *row)
{
    *row = f->choices_len;
    PUSH(f->choices, f->choices_len, IDENTITIES_MAX, choice);
    return true;
}

static bool text_keep(struct fleet *f, struct text *t)
{
    if (t->len)
        *t = arena_text(&f->arena, *t);
    return t->len == 0 || t->at;
}

bool fleet_provider(struct fleet *f, const struct provider *provider, uint16_t *index)
{
    struct provider p = *provider;
    struct text *texts[] = {&p.endpoint_url, &p.token_env,     &p.server,        &p.key_file,
                            &p.key_name,     &p.key_algorithm, &p.key_secret_env};
    p.zones = ARENA_ARRAY(&f->arena, struct text, p.zones_len + 1u);
    if (!p.zones)
        return false;
    for (uint32_t i = 0; i < p.zones_len; i++) {
        p.zones[i] = provider->zones[i];
        if (!text_keep(f, &p.zones[i]))
            return false;
    }
    for (size_t i = 0; i < COUNT(texts); i++)
        if (!text_keep(f, texts[i]))
            return false;
    *index = (uint16_t)f->providers_len;
    PUSH(f->providers, f->providers_len, PROVIDERS_MAX, p);
    return true;
}

bool fleet_lane(struct fleet *f, uint16_t account, name_id region, uint16_t *lane)
{
    for (uint32_t i = f->lanes_len; i > 0; i--) { /* newest first: rows come in runs */
        if (f->lanes[i - 1].account == account && f->lanes[i - 1].region == region) {
            *lane = (uint16_t)(i - 1);
            return true;
        }
    }
    *lane = (uint16_t)f->lanes_len;
    PUSH(f->lanes, f->lanes_len, LANES_MAX, ((struct lane){.account = account, .region = region}));
    return true;
}

const char *require_name(enum dns_require require)
{
    static const char *const names[] = {
        [REQUIRE_MX_SPF] = "mx+spf", [REQUIRE_MX] = "mx", [REQUIRE_NONE] = "none"};
    return names[require];
}

bool fleet_policy(struct fleet *f, struct policy policy, uint16_t *index)
{
    for (uint32_t i = f->policies_len; i > 0; i--) {
        if (policy_eq(&f->policies[i - 1], &policy)) {
            *index = (uint16_t)(i - 1);
            return true;
        }
    }
    *index = (uint16_t)f->policies_len;
    PUSH(f->policies, f->policies_len, POLICIES_MAX, policy);
    return true;
}

bool quota_fits(struct quota q)
{
    return q.value >= 0 && q.value <= (q.is_percent ? 100 : IDENTITIES_MAX);
}

bool rate_fits(double rate_per_s)
{
    return rate_per_s == 0 || (rate_per_s >= RATE_MIN && rate_per_s <= RATE_MAX);
}

struct text fleet_identity(const struct fleet *f, uint32_t row)
{
    return names_text(&f->names, f->choices[row].identity);
}

struct text fleet_mail_from(const struct fleet *f, uint32_t row)
{
    return names_text(&f->names, f->choices[row].mail_from);
}

struct text fleet_region(const struct fleet *f, uint32_t row)
{
    return names_text(&f->names, f->lanes[f->choices[row].lane].region);
}

struct text fleet_account_name(const struct fleet *f, uint32_t row)
{
    return names_text(&f->names, f->accounts[f->lanes[f->choices[row].lane].account].name);
}

bool caller_is_known(const struct fleet *f, const struct caller *c)
{
    return c->account != NAME_NONE &&
           !text_eq(names_text(&f->names, c->account), TEXT(CALLER_UNKNOWN));
}

name_id fleet_account_number(const struct fleet *f, uint32_t lane)
{
    const struct lane *l = &f->lanes[lane];
    return caller_is_known(f, &l->caller) ? l->caller.account : f->accounts[l->account].account_id;
}

struct lane_name fleet_lane_name(const struct fleet *f, uint32_t row)
{
    name_id number = fleet_account_number(f, f->choices[row].lane);
    return (struct lane_name){fleet_account_name(f, row), names_text(&f->names, number),
                              fleet_region(f, row)};
}

struct text fleet_mx_region(const struct fleet *f, uint32_t row)
{
    name_id chosen = fleet_policy_of(f, row)->mx_region;
    return chosen == NAME_NONE ? fleet_region(f, row) : names_text(&f->names, chosen);
}

const struct policy *fleet_policy_of(const struct fleet *f, uint32_t row)
{
    return &f->policies[f->choices[row].policy];
}

bool fleet_is_shared(const struct fleet *f, uint32_t row)
{
    name_id name = f->choices[row].mail_from;
    return name < f->shared_len && f->shared[name];
}

double fleet_rate(const struct fleet *f, uint32_t lane, double option_per_s)
{
    double own = f->accounts[f->lanes[lane].account].rate_per_s;
    return option_per_s > 0 ? option_per_s : own > 0 ? own : 1;
}

struct text fleet_source(const struct fleet *f, uint32_t row, struct buf *scratch)
{
    const struct choice *c = &f->choices[row];
    buf_reset(scratch);
    if (c->line) {
        buf_add_text(scratch, f->files[c->file]);
        buf_add_char(scratch, ':');
        buf_add_u64(scratch, c->line);
    }
    return buf_text(scratch);
}
