/* SES's words in both spellings, each table read both ways. */
#include "ses.h"

#include "base/count.h"

struct spelling {
    const char *v2, *v1;
};

/* Index of t in either column, or count. */
static size_t spelled(const struct spelling *words, size_t count, struct text t)
{
    size_t i = 0;
    while (i < count && !text_eq(t, text_of(words[i].v2)) && !text_eq(t, text_of(words[i].v1)))
        i++;
    return i;
}

struct text identity_domain(struct text identity)
{
    size_t at = text_rfind(identity, '@');
    return at == identity.len ? identity : text_from(identity, at + 1);
}

enum identity_type identity_type_of(struct text identity)
{
    return text_find(identity, '@') < identity.len ? IDENTITY_EMAIL_ADDRESS : IDENTITY_DOMAIN;
}

const char *identity_type_name(enum identity_type type)
{
    return type == IDENTITY_EMAIL_ADDRESS ? "EMAIL_ADDRESS" : "DOMAIN";
}

static const struct spelling behaviors[] = {
    [BEHAVIOR_USE_DEFAULT_VALUE] = {"USE_DEFAULT_VALUE", "UseDefaultValue"},
    [BEHAVIOR_REJECT_MESSAGE] = {"REJECT_MESSAGE", "RejectMessage"},
};

const char *behavior_name(enum behavior b)
{
    return behaviors[b].v2;
}

const char *behavior_name_v1(enum behavior b)
{
    return behaviors[b].v1;
}

bool behavior_parse(struct text t, enum behavior *out)
{
    size_t i = spelled(behaviors, COUNT(behaviors), t);
    if (i == COUNT(behaviors))
        return false;
    *out = (enum behavior)i;
    return true;
}

static const struct spelling statuses[] = {
    [MAIL_FROM_NONE] = {"", ""},
    [MAIL_FROM_PENDING] = {"PENDING", "Pending"},
    [MAIL_FROM_SUCCESS] = {"SUCCESS", "Success"},
    [MAIL_FROM_FAILED] = {"FAILED", "Failed"},
    [MAIL_FROM_TEMPORARY_FAILURE] = {"TEMPORARY_FAILURE", "TemporaryFailure"},
    [MAIL_FROM_UNKNOWN] = {"UNKNOWN", "Unknown"},
};

const char *mail_from_status_name(enum mail_from_status s)
{
    return statuses[s].v2;
}

const char *mail_from_status_name_v1(enum mail_from_status s)
{
    return statuses[s].v1;
}

enum mail_from_status mail_from_status_parse(struct text t)
{
    size_t i = spelled(statuses, COUNT(statuses), t);
    return i == COUNT(statuses) ? MAIL_FROM_UNKNOWN : (enum mail_from_status)i;
}

static const struct spelling verifications[] = {
    [VERIFICATION_NONE] = {"", ""},
    [VERIFICATION_PENDING] = {"PENDING", "Pending"},
    [VERIFICATION_SUCCESS] = {"SUCCESS", "Success"},
    [VERIFICATION_FAILED] = {"FAILED", "Failed"},
    [VERIFICATION_TEMPORARY_FAILURE] = {"TEMPORARY_FAILURE", "TemporaryFailure"},
    [VERIFICATION_NOT_STARTED] = {"NOT_STARTED", "NotStarted"},
};

bool ses_rejects_mail(struct text mail_from, enum mail_from_status status, enum behavior behavior)
{
    return mail_from.len > 0 && behavior == BEHAVIOR_REJECT_MESSAGE && status != MAIL_FROM_SUCCESS;
}

const char *verification_name(enum verification v)
{
    return verifications[v].v2;
}

const char *verification_name_v1(enum verification v)
{
    return verifications[v].v1;
}

enum verification verification_parse(struct text t)
{
    size_t i = spelled(verifications, COUNT(verifications), t);
    return i == COUNT(verifications) ? VERIFICATION_NOT_STARTED : (enum verification)i;
}

static const struct spelling dkim_statuses[] = {
    [DKIM_UNKNOWN] = {"", ""},
    [DKIM_NOT_STARTED] = {"NOT_STARTED", "NotStarted"},
    [DKIM_PENDING] = {"PENDING", "Pending"},
    [DKIM_SUCCESS] = {"SUCCESS", "Success"},
    [DKIM_FAILED] = {"FAILED", "Failed"},
    [DKIM_TEMPORARY_FAILURE] = {"TEMPORARY_FAILURE", "TemporaryFailure"},
    [DKIM_DISABLED] = {"DISABLED", "Disabled"},
};

const char *dkim_status_name(enum dkim_status s)
{
    return dkim_statuses[s].v2;
}

const char *dkim_status_name_v1(enum dkim_status s)
{
    return dkim_statuses[s].v1;
}

enum dkim_status dkim_status_parse(struct text t)
{
    size_t i = t.len ? spelled(dkim_statuses, COUNT(dkim_statuses), t) : DKIM_UNKNOWN;
    return i == COUNT(dkim_statuses) ? DKIM_UNKNOWN : (enum dkim_status)i;
}

enum dkim_status dkim_status_told(struct text status, const bool *signs)
{
    enum dkim_status s = dkim_status_parse(status);
    if (s != DKIM_SUCCESS || !signs)
        return s == DKIM_SUCCESS ? DKIM_UNKNOWN : s;
    return *signs ? DKIM_SUCCESS : DKIM_DISABLED;
}

enum dkim_status dkim_status_held(struct text identity, enum dkim_status own,
                                  enum dkim_status of_domain)
{
    bool is_own = identity_type_of(identity) == IDENTITY_DOMAIN || own == DKIM_SUCCESS;
    return is_own ? own : of_domain;
}
