/*
 * Calls to v2 paths and JSON, v2 JSON to facts. Invariant: null, absent and unknown members are
 * equal; a member of the wrong type makes the whole answer unreadable, and an unreadable answer
 * leaves no fact behind.
 */
#include "ses_v2.h"

#include "base/escape.h"
#include "base/json_out.h"
#include "json.h"
#include "reply.h"

#include <assert.h>

#define IDENTITIES_PATH "/v2/email/identities"

static bool is_in_v2(enum call_kind kind)
{
    return kind == CALL_GET || kind == CALL_LIST || kind == CALL_SET || kind == CALL_ACCOUNT ||
           kind == CALL_ENDPOINTS || kind == CALL_ADVICE;
}

/* A dot segment would be taken off by the first proxy, and GET of the empty identity is LIST. */
static enum err identity_check(const struct call *c, struct why *why)
{
    if (c->count != 1)
        return why_set(why, ERR_INPUT, "%s takes one identity, not %u",
                       call_action(c->kind, API_V2), c->count);
    struct text identity = c->identities[0];
    if (identity.len == 0 || text_eq(identity, TEXT(".")) || text_eq(identity, TEXT("..")))
        return why_set(why, ERR_INPUT, "\"" TEXT_FMT "\" is not an identity", TEXT_ARG(identity));
    return OK;
}

static const char *path_of(enum call_kind kind)
{
    switch (kind) {
    case CALL_LIST: return IDENTITIES_PATH;
    case CALL_ENDPOINTS: return "/v2/email/multi-region-endpoints";
    case CALL_ADVICE: return "/v2/email/vdm/recommendations";
    case CALL_ACCOUNT: return "/v2/email/account";
    default: return IDENTITIES_PATH "/"; /* and the identity */
    }
}

enum err ses_v2_encode(const struct call *c, const char **method, struct buf *path,
                       struct buf *query, struct buf *body, struct why *why)
{
    if (!is_in_v2(c->kind))
        return why_set(why, ERR_INPUT, "this call does not exist in SES API v2");
    bool has_identity = c->kind == CALL_GET || c->kind == CALL_SET;
    enum err err = has_identity ? identity_check(c, why) : OK;
    if (err)
        return err;
    *method = c->kind == CALL_SET ? "PUT" : c->kind == CALL_ADVICE ? "POST" : "GET";
    buf_add_str(path, path_of(c->kind));
    if (has_identity)
        escape_percent(path, c->identities[0]);
    if (c->kind == CALL_SET) {
        buf_add_str(path, "/mail-from");
        struct json_out j;
        json_init(&j, body);
        json_add_object(&j, NULL);
        if (c->mail_from.len)
            json_add_text(&j, "MailFromDomain", c->mail_from);
        json_add_word(&j, "BehaviorOnMxFailure", behavior_name(c->behavior));
        json_end(&j);
    }
    if (c->kind == CALL_ADVICE) {
        struct json_out j;
        json_init(&j, body);
        json_add_object(&j, NULL);
        json_add_object(&j, "Filter");
        json_add_word(&j, "STATUS", "OPEN");
        json_end(&j);
        if (c->token.len)
            json_add_text(&j, "NextToken", c->token);
        json_add_u64(&j, "PageSize", SES_ADVICE_PAGE);
        json_end(&j);
    }
    if (c->kind == CALL_LIST || c->kind == CALL_ENDPOINTS) {
        if (c->token.len) {
            buf_add_str(query, "NextToken=");
            escape_percent(query, c->token);
            buf_add_char(query, '&');
        }
        buf_add_fmt(query, "PageSize=%d", SES_LIST_PAGE);
    }
    if (path->failed || query->failed || body->failed)
        return why_set(why, ERR_LIMIT, "the request is too long");
    return OK;
}

/* Decoding. A reader of one member is true when the member is absent or of the right type. */

static bool read_text(const struct json *object, const char *name, struct text *out)
{
    const struct json *member = json_member(object, name);
    return !member || json_text(member, out);
}

static bool read_bool(const struct json *object, const char *name, bool *out)
{
    const struct json *member = json_member(object, name);
    return !member || json_bool(member, out);
}

static bool read_number(const struct json *object, const char *name, double *out)
{
    const struct json *member = json_member(object, name);
    return !member || json_number(member, out);
}

static bool read_mail_from(const struct json *block, struct arena *arena, struct ses_facts *f)
{
    struct text domain = TEXT_NONE, status = TEXT_NONE, behavior = TEXT_NONE;
    if (block && !json_is_object(block))
        return false;
    if (!read_text(block, "MailFromDomain", &domain) ||
        !read_text(block, "MailFromDomainStatus", &status) ||
        !read_text(block, "BehaviorOnMxFailure", &behavior))
        return false;
    behavior_parse(behavior, &f->behavior);
    if (domain.len == 0)
        return true;
    f->status = status.len ? mail_from_status_parse(status) : MAIL_FROM_UNKNOWN;
    f->mail_from = arena_text(arena, domain);
    return f->mail_from.at != NULL;
}

/* The identity's own status counts: VerifiedForSendingStatus is also true for an address that only
 * inherits from its domain. Old emulators send only VerifiedForSendingStatus, so the value counts
 * when alone. */
static bool read_verification(const struct json *root, struct ses_facts *f)
{
    struct text status = TEXT_NONE;
    bool for_sending = false;
    if (!read_text(root, "VerificationStatus", &status) ||
        !read_bool(root, "VerifiedForSendingStatus", &for_sending))
        return false;
    if (!status.len && !json_member(root, "VerifiedForSendingStatus"))
        return false;
    f->verification = status.len    ? verification_parse(status)
                      : for_sending ? VERIFICATION_SUCCESS
                                    : VERIFICATION_PENDING;
    return true;
}

static bool read_dkim(const struct json *block, struct ses_facts *f)
{
    struct text status = TEXT_NONE;
    bool signs = false;
    if (block && !json_is_object(block))
        return false;
    if (!read_text(block, "Status", &status) || !read_bool(block, "SigningEnabled", &signs))
        return false;
    f->dkim = dkim_status_told(status, json_member(block, "SigningEnabled") ? &signs : NULL);
    return true;
}

/* A tag without a key is none. */
static bool read_tags(const struct json *list, struct call *c)
{
    uint32_t len = 0;
    for (const struct json *tag = json_first(list); tag; tag = json_next(tag))
        len++;
    c->tags = ARENA_ARRAY(&c->arena, struct ses_tag, len + 1);
    c->tags_len = 0;
    for (const struct json *tag = json_first(list); c->tags && tag; tag = json_next(tag)) {
        struct text key = TEXT_NONE, value = TEXT("");
        if (!json_is_object(tag) || !read_text(tag, "Key", &key) ||
            !read_text(tag, "Value", &value))
            return false;
        struct ses_tag *out = &c->tags[c->tags_len];
        *out = (struct ses_tag){arena_text(&c->arena, key), arena_text(&c->arena, value)};
        if ((key.len && !out->key.at) || (value.len && !out->value.at))
            return false;
        c->tags_len += key.len > 0;
    }
    return c->tags != NULL;
}

static bool decode_get(struct call *c, const struct json *root)
{
    struct ses_facts f = {.known =
                              KNOWN_VERIFICATION | KNOWN_MAIL_FROM | KNOWN_FORWARDING | KNOWN_DKIM,
                          .forwarding = true}; /* SES forwards unless told not to */
    if (!read_verification(root, &f) || !read_bool(root, "FeedbackForwardingStatus", &f.forwarding))
        return false;
    if (!read_mail_from(json_member(root, "MailFromAttributes"), &c->arena, &f) ||
        !read_dkim(json_member(root, "DkimAttributes"), &f))
        return false;
    const struct json *tags = json_member(root, "Tags");
    if ((tags && !json_is_array(tags)) || !read_tags(tags, c))
        return false;
    c->facts[0] = f;
    return true;
}

static bool read_token(const struct json *root, struct call *c)
{
    struct text token = TEXT_NONE;
    if (!read_text(root, "NextToken", &token))
        return false;
    c->next_token = token.len ? arena_text(&c->arena, token) : TEXT_NONE;
    return !token.len || c->next_token.at;
}

static bool copy_text(struct call *c, struct text *t)
{
    *t = t->len ? arena_text(&c->arena, *t) : TEXT_NONE;
    return !t->len || t->at;
}

static uint32_t list_len(const struct json *list)
{
    uint32_t len = 0;
    for (const struct json *item = json_first(list); item; item = json_next(item))
        len++;
    return len;
}

static bool decode_endpoint(struct call *c, const struct json *item)
{
    struct global_endpoint *e = &c->endpoints[c->endpoints_len++];
    const struct json *regions = json_member(item, "Regions");
    int len = 0;
    if (!json_is_object(item) || !json_text(json_member(item, "EndpointName"), &e->name) ||
        !read_text(item, "Status", &e->status) || (regions && !json_is_array(regions)))
        return false;
    for (const struct json *region = json_first(regions); region; region = json_next(region)) {
        struct text name = TEXT_NONE;
        if (!json_text(region, &name))
            return false;
        if (len < ENDPOINT_REGIONS)
            e->regions[len++] = name;
    }
    return copy_text(c, &e->name) && copy_text(c, &e->status) && copy_text(c, &e->regions[0]) &&
           copy_text(c, &e->regions[1]);
}

static bool decode_endpoints(struct call *c, const struct json *root)
{
    const struct json *list = json_member(root, "MultiRegionEndpoints");
    if (list && !json_is_array(list))
        return false;
    c->endpoints = ARENA_ARRAY(&c->arena, struct global_endpoint, list_len(list) + 1);
    for (const struct json *item = json_first(list); item; item = json_next(item))
        if (!c->endpoints || !decode_endpoint(c, item))
            return false;
    return c->endpoints && read_token(root, c);
}

/* The filter asked for open ones only; where a stand-in knows no filter, fixed ones come too. */
static bool decode_recommendation(struct call *c, const struct json *item)
{
    struct text resource = TEXT_NONE, type = TEXT_NONE, status = TEXT_NONE, impact = TEXT_NONE;
    struct recommendation *r = &c->advice[c->advice_len];
    if (!json_is_object(item) || !read_text(item, "ResourceArn", &resource) ||
        !read_text(item, "Type", &type) || !read_text(item, "Status", &status) ||
        !read_text(item, "Impact", &impact) || !read_text(item, "Description", &r->description))
        return false;
    r->type = advisor_type_parse(type);
    r->is_high = text_eq(impact, TEXT("HIGH"));
    r->identity = recommendation_identity(resource);
    c->advice_len += !text_eq(status, TEXT("FIXED"));
    return copy_text(c, &r->identity) && copy_text(c, &r->description);
}

static bool decode_advice(struct call *c, const struct json *root)
{
    const struct json *list = json_member(root, "Recommendations");
    if (list && !json_is_array(list))
        return false;
    c->advice = ARENA_ARRAY(&c->arena, struct recommendation, list_len(list) + 1);
    for (const struct json *item = json_first(list); item; item = json_next(item))
        if (!c->advice || !decode_recommendation(c, item))
            return false;
    return c->advice && read_token(root, c);
}

static bool decode_list(struct call *c, const struct json *root)
{
    uint32_t cap = 0;
    const struct json *identities = json_member(root, "EmailIdentities");
    if (!json_is_array(identities))
        return false;
    c->listed_verified = ARENA_ARRAY(&c->arena, uint8_t, list_len(identities) + 1);
    if (!c->listed_verified)
        return false;
    for (const struct json *item = json_first(identities); item; item = json_next(item)) {
        struct text name = TEXT_NONE, status = TEXT_NONE;
        if (!json_text(json_member(item, "IdentityName"), &name) || name.len == 0 ||
            !read_text(item, "VerificationStatus", &status) || !listed_add(c, &cap, name))
            return false;
        if (status.len)
            c->listed_verified[c->listed_len - 1] = (uint8_t)(verification_parse(status) + 1);
    }
    return read_token(root, c);
}

static bool decode_account(struct call *c, const struct json *root)
{
    struct account_facts f = {0};
    struct text enforcement = TEXT_NONE;
    struct text vdm = TEXT_NONE;
    const struct json *quota = json_member(root, "SendQuota");
    if (!read_text(json_member(root, "VdmAttributes"), "VdmEnabled", &vdm))
        return false;
    f.has_advisor = text_eq(vdm, TEXT("ENABLED"));
    if (!json_bool(json_member(root, "SendingEnabled"), &f.sending_enabled) ||
        !read_bool(root, "ProductionAccessEnabled", &f.production_access) ||
        !read_text(root, "EnforcementStatus", &enforcement))
        return false;
    if (!read_number(quota, "Max24HourSend", &f.max_24_hour_send) ||
        !read_number(quota, "MaxSendRate", &f.max_send_rate))
        return false;
    f.enforcement_status = enforcement.len ? arena_text(&c->arena, enforcement) : TEXT_NONE;
    c->account = f;
    return !enforcement.len || f.enforcement_status.at;
}

static bool decode_ok(struct call *c, const struct json *root)
{
    switch (c->kind) {
    case CALL_GET: return decode_get(c, root);
    case CALL_LIST: return decode_list(c, root);
    case CALL_ACCOUNT: return decode_account(c, root);
    case CALL_ENDPOINTS: return decode_endpoints(c, root);
    case CALL_ADVICE: return decode_advice(c, root);
    default: return !json_first(root); /* SET answers {} */
    }
}

void ses_v2_decode(struct call *c, int http_status, struct text error_type, struct text body)
{
    struct json *root = NULL;
    struct why why = {""};
    assert(is_in_v2(c->kind));
    reply_begin(&c->reply, http_status);
    listed_drop(c);
    if (c->reply.how != REPLY_HTTP)
        return;
    if (!HTTP_IS_OK(http_status)) {
        reply_fail_json(&c->reply, error_type, body);
        return;
    }
    if (c->kind == CALL_SET && body.len == 0)
        return; /* REST does not define whether an empty answer is written as {} */
    if (json_parse(&root, body, &why))
        reply_garble(&c->reply, "the answer is not the JSON that was promised: %.200s", why.text);
    else if (!json_is_object(root) || !decode_ok(c, root)) {
        reply_garble(&c->reply, "the answer is not one of %s", call_action(c->kind, API_V2));
        listed_drop(c);
    }
    json_free(root);
}
