/*
 * Duty: SES v1, the Query protocol of 2010-12-01: a form comes in, XML goes out. Invariant: an
 * identity that the account does not have is left out of the maps, never invented.
 */
#include "sim.h"

#include "base/count.h"

#include <string.h>

/* Complaints of the validating front end, in its words. */

static void fail_null(struct exchange *x, const char *member)
{
    exchange_fail(x, 400, "ValidationError",
                  "1 validation error detected: Value null at '%s' failed to satisfy constraint: "
                  "Member must not be null",
                  member);
}

static void fail_constraint(struct exchange *x, struct text value, const char *member,
                            const char *constraint)
{
    exchange_fail(x, 400, "ValidationError",
                  "1 validation error detected: Value '" TEXT_FMT
                  "' at '%s' failed to satisfy constraint: Member must %s",
                  TEXT_ARG(value), member, constraint);
}

/* Identities.member.1 to .N, numbered without a gap. False with the error in x. */
static bool identities_read(struct exchange *x)
{
    static const char prefix[] = "Identities.member.";
    struct text *found = ARENA_ARRAY(&x->arena, struct text, SES_BATCH_MAX);
    uint64_t highest = 0, number;
    for (uint32_t i = 0; found && i < x->form.len; i++) {
        struct text name = x->form.fields[i].name;
        if (!text_starts(name, text_of(prefix)))
            continue;
        if (!text_to_u64(text_from(name, sizeof prefix - 1), &number) || number == 0) {
            exchange_fail(x, 400, "InvalidQueryParameter",
                          "The parameter " TEXT_FMT " is not valid.", TEXT_ARG(name));
            return false;
        }
        highest = number > highest ? number : highest;
        if (number <= SES_BATCH_MAX)
            found[number - 1] = x->form.fields[i].value;
    }
    if (!found || highest == 0)
        fail_null(x, "identities");
    else if (highest > SES_BATCH_MAX)
        fail_constraint(x, TEXT("[...]"), "identities", "have length less than or equal to 100");
    for (uint32_t i = 0; !x->is_error && i < highest; i++)
        if (!found[i].at)
            exchange_fail(x, 400, "InvalidQueryParameter", "Identities.member.%u is missing.",
                          i + 1);
    if (!x->is_error)
        exchange_names(x, found, (uint32_t)highest);
    return !x->is_error;
}

/* Attributes: one map entry per identity that exists. */

typedef void attributes_fn(struct buf *out, struct text identity, const struct ses_facts *facts);

static void attributes_answer(struct sim *s, struct exchange *x, const char *map,
                              attributes_fn *attributes)
{
    if (!identities_read(x))
        return;
    xml_begin(x);
    buf_add_fmt(&x->out, "<%s>", map);
    for (uint32_t i = 0; i < x->identities_len; i++) {
        uint32_t id;
        struct text asked = x->identities[i], identity = asked;
        size_t arn = text_find_text(asked, TEXT(":identity/"));
        if (text_starts(asked, TEXT("arn:")) && arn < asked.len)
            identity = text_from(asked, arn + strlen(":identity/"));
        if (!ses_model_find(&s->model, x->lane, identity, &id))
            continue;
        struct ses_facts facts = setting_read(s, x, id);
        buf_add_str(&x->out, "<entry>");
        xml_element(&x->out, "key", asked);
        buf_add_str(&x->out, "<value>");
        attributes(&x->out, identity, &facts);
        buf_add_str(&x->out, "</value></entry>");
    }
    buf_add_fmt(&x->out, "</%s>", map);
    xml_end(x);
}

static void mail_from_attributes(struct buf *out, struct text identity,
                                 const struct ses_facts *facts)
{
    (void)identity;
    if (facts->mail_from.len) {
        xml_element(out, "MailFromDomain", facts->mail_from);
        xml_element(out, "MailFromDomainStatus", text_of(mail_from_status_name_v1(facts->status)));
    }
    xml_element(out, "BehaviorOnMXFailure", text_of(behavior_name_v1(facts->behavior)));
}

static void verification_attributes(struct buf *out, struct text identity,
                                    const struct ses_facts *facts)
{
    xml_element(out, "VerificationStatus", text_of(verification_name_v1(facts->verification)));
    if (identity_type_of(identity) == IDENTITY_DOMAIN)
        xml_element(out, "VerificationToken", TEXT("QTKknzFg2J4ygwa+XvHAxUl1hyHoY0gVfZdfjIedHZ0="));
}

static void notification_attributes(struct buf *out, struct text identity,
                                    const struct ses_facts *facts)
{
    (void)identity;
    xml_element(out, "ForwardingEnabled", facts->forwarding ? TEXT("true") : TEXT("false"));
    xml_element(out, "HeadersInBounceNotificationsEnabled", TEXT("false"));
    xml_element(out, "HeadersInComplaintNotificationsEnabled", TEXT("false"));
    xml_element(out, "HeadersInDeliveryNotificationsEnabled", TEXT("false"));
}

static void dkim_attributes(struct buf *out, struct text identity, const struct ses_facts *facts)
{
    bool signs = facts->dkim == DKIM_SUCCESS;
    bool has_keys = identity_type_of(identity) == IDENTITY_DOMAIN;
    enum dkim_status status = facts->dkim == DKIM_DISABLED ? DKIM_SUCCESS : facts->dkim;
    xml_element(out, "DkimEnabled", signs ? TEXT("true") : TEXT("false"));
    xml_element(out, "DkimVerificationStatus", text_of(dkim_status_name_v1(status)));
    buf_add_str(out, "<DkimTokens>");
    for (int i = 0; has_keys && i < DKIM_TOKENS; i++)
        xml_element(out, "member", text_of(dkim_tokens[i]));
    buf_add_str(out, "</DkimTokens>");
}

static void read_mail_from(struct sim *s, struct exchange *x)
{
    attributes_answer(s, x, "MailFromDomainAttributes", mail_from_attributes);
}

static void read_verification(struct sim *s, struct exchange *x)
{
    attributes_answer(s, x, "VerificationAttributes", verification_attributes);
}

static void read_notification(struct sim *s, struct exchange *x)
{
    attributes_answer(s, x, "NotificationAttributes", notification_attributes);
}

static void read_dkim(struct sim *s, struct exchange *x)
{
    attributes_answer(s, x, "DkimAttributes", dkim_attributes);
}

/* The write */

static void set_mail_from(struct sim *s, struct exchange *x)
{
    struct text *identity = ARENA_NEW(&x->arena, struct text);
    struct text word = form_get(&x->form, "BehaviorOnMXFailure");
    enum behavior behavior = BEHAVIOR_USE_DEFAULT_VALUE;
    struct why why;
    if (identity)
        *identity = form_get(&x->form, "Identity");
    if (!identity || !identity->at) {
        fail_null(x, "identity");
        return;
    }
    exchange_names(x, identity, 1);
    x->is_write = true;
    x->mail_from = form_get(&x->form, "MailFromDomain");
    if (word.at &&
        (!behavior_parse(word, &behavior) || !text_eq(word, text_of(behavior_name_v1(behavior))))) {
        fail_constraint(x, word, "behaviorOnMXFailure",
                        "satisfy enum value set: [RejectMessage, UseDefaultValue]");
        return;
    }
    x->behavior = behavior_name(behavior);
    enum ses_refusal refusal = setting_write(s, x, *identity, behavior, &why);
    if (refusal == SES_NO_ROOM)
        exchange_trouble(x, TROUBLE_INTERNAL, why.text);
    else if (refusal != SES_ACCEPTED)
        exchange_fail(x, 400, "InvalidParameterValue", "%s", why.text);
    else {
        xml_begin(x);
        xml_end(x);
    }
}

/* Deleting one that is not there is no error. */
static void delete_identity(struct sim *s, struct exchange *x)
{
    uint32_t id;
    struct text *identity = ARENA_NEW(&x->arena, struct text);
    if (identity)
        *identity = form_get(&x->form, "Identity");
    if (!identity || !identity->at) {
        fail_null(x, "identity");
        return;
    }
    exchange_names(x, identity, 1);
    if (ses_model_find(&s->model, x->lane, *identity, &id))
        ses_model_delete(&s->model, id);
    xml_begin(x);
    xml_end(x);
}

/* Listing */

static bool page_size_read(struct exchange *x, uint32_t *size)
{
    struct text word = form_get(&x->form, "MaxItems");
    uint64_t n = SES_LIST_PAGE;
    if (word.at && (!text_to_u64(word, &n) || n < 1 || n > SES_LIST_PAGE))
        fail_constraint(x, word, "maxItems",
                        n < 1 ? "have value greater than or equal to 1"
                              : "have value less than or equal to 1000");
    *size = (uint32_t)n;
    return !x->is_error;
}

static void list_identities(struct sim *s, struct exchange *x)
{
    enum ses_filter filter = SES_ALL;
    uint32_t size = 0, cursor = 0, ids[SES_LIST_PAGE];
    char token[SES_TOKEN_LEN];
    struct text from = form_get(&x->form, "NextToken");
    struct text type = form_get(&x->form, "IdentityType");
    if (!type.at)
        filter = SES_ALL;
    else if (text_eq(type, TEXT("Domain")))
        filter = SES_DOMAINS;
    else if (text_eq(type, TEXT("EmailAddress")))
        filter = SES_ADDRESSES;
    else
        fail_constraint(x, type, "identityType", "satisfy enum value set: [Domain, EmailAddress]");
    if (x->is_error || !page_size_read(x, &size))
        return;
    if (from.len && !ses_token_parse(&s->model, x->lane, filter, from, &cursor)) {
        exchange_fail(x, 400, "InvalidParameterValue", "Invalid NextToken.");
        return;
    }
    uint32_t len = ses_model_list(&s->model, x->lane, filter, &cursor, ids, size);
    xml_begin(x);
    buf_add_str(&x->out, "<Identities>");
    for (uint32_t i = 0; i < len; i++)
        xml_element(&x->out, "member", ses_model_name(&s->model, ids[i]));
    buf_add_str(&x->out, "</Identities>");
    if (cursor)
        xml_element(&x->out, "NextToken", text_of(ses_token_make(x->lane, filter, cursor, token)));
    xml_end(x);
}

/* The account */

static void sending_enabled(struct sim *s, struct exchange *x)
{
    (void)s;
    xml_begin(x);
    xml_element(&x->out, "Enabled",
                text_eq(x->state, TEXT("disabled")) ? TEXT("false") : TEXT("true"));
    xml_end(x);
}

static void send_quota(struct sim *s, struct exchange *x)
{
    (void)s;
    xml_begin(x);
    xml_element(&x->out, "Max24HourSend", TEXT("50000.0"));
    xml_element(&x->out, "MaxSendRate", TEXT("14.0"));
    xml_element(&x->out, "SentLast24Hours", TEXT("0.0"));
    xml_end(x);
}

static const struct route routes[] = {
    {"SetIdentityMailFromDomain", set_mail_from, SES_SET_V1},
    {"GetIdentityMailFromDomainAttributes", read_mail_from, SES_READ_MAIL_FROM},
    {"GetIdentityVerificationAttributes", read_verification, SES_READ_VERIFICATION},
    {"GetIdentityNotificationAttributes", read_notification, SES_READ_NOTIFICATION},
    {"GetIdentityDkimAttributes", read_dkim, SES_READ_DKIM},
    {"ListIdentities", list_identities, SES_LIST_V1},
    {"GetAccountSendingEnabled", sending_enabled, SES_SENDING_ENABLED},
    {"GetSendQuota", send_quota, SES_SEND_QUOTA},
    {"DeleteIdentity", delete_identity, SES_ACTIONS},
};

const struct route *v1_route(struct exchange *x)
{
    return query_route(x, routes, COUNT(routes), "2010-12-01");
}
