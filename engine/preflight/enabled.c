/* Holds what STS says of the same keys in two Regions against each other. */
#include "enabled.h"

#include "model/region.h"

static bool is_taken(const struct probe *p)
{
    return p->attempts_max && p->answered_at && p->verdict == VERDICT_OK;
}

static bool is_unknown_key(const struct probe *p)
{
    return p->attempts_max && p->answered_at && p->verdict == VERDICT_DENIED &&
           reply_knows_no_keys(&p->reply);
}

/* Of a lane of SES, or of Route 53 in the same account. */
static struct text region_of(const struct enabled *e, uint16_t lane)
{
    if (lane >= e->fleet->lanes_len)
        return text_of(e->lanes->list[lane].at.sts.region);
    return names_text(&e->fleet->names, e->fleet->lanes[lane].region);
}

/* A question that STS has answered with the account's name; NULL: none. */
static const struct probe *taken_of(const struct enabled *e, uint32_t account)
{
    if (is_taken(&e->callers[account]))
        return &e->callers[account];
    for (uint16_t i = 0; i < e->fleet->lanes_len; i++)
        if (e->fleet->lanes[i].account == account && is_taken(&e->regions[i]))
            return &e->regions[i];
    return NULL;
}

bool enabled_wants(const struct enabled *e, uint16_t lane, bool is_second)
{
    uint16_t account = e->fleet->lanes[lane].account;
    const struct probe *caller = &e->callers[account];
    if (e->lanes->trouble[lane] || !caller->attempts_max || caller->lane == lane ||
        !lanes_may_ask_caller(e->lanes, lane))
        return false;
    if (!is_second)
        return region_is_opt_in(region_of(e, lane));
    for (uint16_t i = 0; i < lane; i++) /* one more is enough */
        if (e->fleet->lanes[i].account == account && e->regions[i].attempts_max &&
            !e->regions[i].answered_at)
            return false;
    return is_unknown_key(caller) && !taken_of(e, account) && !e->regions[lane].attempts_max;
}

void enabled_judge(const struct enabled *e)
{
    for (uint16_t i = 0; i < e->fleet->lanes_len; i++) {
        uint16_t account = e->fleet->lanes[i].account;
        const struct probe *caller = &e->callers[account], *taken = taken_of(e, account);
        const struct probe *here = caller->lane == i ? caller : &e->regions[i];
        struct text region = region_of(e, i);
        struct why why = {""};
        if (e->lanes->trouble[i] || !taken || !is_unknown_key(here))
            continue;
        const struct region_off off = {region, taken->account.caller_account, here->reply.code,
                                       region_of(e, taken->lane)};
        lanes_region_off(&off, "STS", &why);
        lanes_give_up(e->lanes, i, why.text);
    }
    for (uint32_t i = 0; i < e->fleet->accounts_len; i++) {
        const struct probe *taken = taken_of(e, i);
        if (taken && is_unknown_key(&e->callers[i]))
            e->callers[i] = *taken;
    }
}

const char *enabled_doubt(const struct enabled *e, uint32_t account)
{
    const struct probe *caller = &e->callers[account];
    if (!is_unknown_key(caller) || !region_is_opt_in(region_of(e, caller->lane)))
        return "";
    return REGION_OFF_DOUBT;
}
