/* The names of each kind of call in each API, and whether it is a write. */
#include "call.h"

#include <assert.h>
#include <string.h>

static const char *const actions[CALL_KINDS][APIS] = {
    [CALL_READ_VERIFICATION] = {"GetIdentityVerificationAttributes", "GetEmailIdentity"},
    [CALL_READ_MAIL_FROM] = {"GetIdentityMailFromDomainAttributes", "GetEmailIdentity"},
    [CALL_READ_NOTIFICATION] = {"GetIdentityNotificationAttributes", "GetEmailIdentity"},
    [CALL_READ_DKIM] = {"GetIdentityDkimAttributes", "GetEmailIdentity"},
    [CALL_GET] = {"GetEmailIdentity", "GetEmailIdentity"},
    [CALL_LIST] = {"ListIdentities", "ListEmailIdentities"},
    [CALL_SET] = {"SetIdentityMailFromDomain", "PutEmailIdentityMailFromAttributes"},
    [CALL_ACCOUNT] = {"GetAccountSendingEnabled", "GetAccount"},
    [CALL_QUOTA] = {"GetSendQuota", "GetAccount"},
    [CALL_CALLER] = {"GetCallerIdentity", "GetCallerIdentity"},
    [CALL_ENDPOINTS] = {"ListMultiRegionEndpoints", "ListMultiRegionEndpoints"},
    [CALL_ADVICE] = {"ListRecommendations", "ListRecommendations"},
    [CALL_ASK] = {"DNS", "DNS"},
    [CALL_ZONES] = {[API_ROUTE53] = "ListHostedZonesByName",
                    [API_RFC2136] = "SOA",
                    [API_CLOUDFLARE] = "GET zones"},
    [CALL_ZONE] = {[API_ROUTE53] = "GetHostedZone"},
    [CALL_RECORDS] =
        {[API_ROUTE53] = "ListResourceRecordSets", [API_CLOUDFLARE] = "GET dns_records"},
    [CALL_CHANGE] = {[API_ROUTE53] = "ChangeResourceRecordSets",
                     [API_RFC2136] = "UPDATE",
                     [API_CLOUDFLARE] = "POST dns_records/batch"},
    [CALL_MEMBERS] = {"ListAccounts"},
    [CALL_MEMBERS_OF] = {"ListAccountsForParent"},
    [CALL_UNITS] = {"ListOrganizationalUnitsForParent"},
    [CALL_ROOTS] = {"ListRoots"},
    [CALL_ACCOUNT_TAGS] = {"ListTagsForResource"},
};

bool call_changes_world(enum call_kind kind)
{
    return kind == CALL_SET || kind == CALL_CHANGE;
}

bool call_is_of_provider(enum call_kind kind)
{
    return kind >= CALL_ZONES && kind <= CALL_CHANGE;
}

bool call_is_of_organization(enum call_kind kind)
{
    return kind >= CALL_MEMBERS && kind <= CALL_ACCOUNT_TAGS;
}

const char *call_action(enum call_kind kind, enum api api)
{
    assert(actions[kind][api]);
    return actions[kind][api];
}

bool call_is_too_late(const struct call *c, instant_us now)
{
    return c->not_after && now > c->not_after;
}

void call_answer_reset(struct call *c)
{
    arena_reset(&c->arena);
    if (c->kind == CALL_ASK) { /* by far the most calls, and the least to clear */
        memset(&c->dns, 0, sizeof c->dns);
        return;
    }
    memset(&c->reply, 0, sizeof c->reply);
    memset(c->facts, 0, sizeof c->facts[0] * c->count);
    memset(&c->account, 0, sizeof c->account);
    c->listed = NULL;
    c->listed_verified = NULL;
    c->listed_len = 0;
    c->next_token = TEXT_NONE;
    c->endpoints = NULL;
    c->endpoints_len = 0;
    c->advice = NULL;
    c->advice_len = 0;
    c->tags = NULL;
    c->tags_len = 0;
    c->items = NULL;
    c->items_len = 0;
    c->zones = NULL;
    c->zones_len = 0;
    c->sets = NULL;
    c->sets_len = 0;
    c->faults = NULL;
    c->faults_len = 0;
}
