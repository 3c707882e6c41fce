/* The names of the problems and levels of watching. */
#include "watch.h"

static const char *const kind_names[WATCH_KINDS] = {
    [WATCH_REJECTING] = "rejecting",
    [WATCH_STATUS_FAILED] = "status-failed",
    [WATCH_STATUS_TEMPORARY] = "status-temporary",
    [WATCH_STATUS_PENDING] = "status-pending",
    [WATCH_IDENTITY_MISSING] = "identity-missing",
    [WATCH_IDENTITY_UNVERIFIED] = "identity-unverified",
    [WATCH_ACCOUNT_CANNOT_SEND] = "account-cannot-send",
    [WATCH_DRIFT_NAME] = "drift-name",
    [WATCH_DRIFT_BEHAVIOR] = "drift-behavior",
    [WATCH_MX_GONE] = "mx-gone",
    [WATCH_MX_WRONG] = "mx-wrong",
    [WATCH_SPF_GONE] = "spf-gone",
    [WATCH_SPF_WRONG] = "spf-wrong",
    [WATCH_DMARC_NOT_ALIGNED] = "dmarc-not-aligned",
    [WATCH_DNS_TROUBLE] = "dns-trouble",
    [WATCH_UNSEEN] = "unseen",
    [WATCH_ENDPOINT_REGIONS] = "endpoint-regions-differ",
    [WATCH_ADVISOR_OPEN] = "advisor-open",
    [WATCH_REFUSED] = "refused",
};

static const char *const level_names[WATCH_LEVELS] = {"well", "warning", "critical", "page"};

static bool name_find(const char *const *names, unsigned len, struct text t, unsigned *found)
{
    for (unsigned i = 0; i < len; i++)
        if (text_eq(t, text_of(names[i]))) {
            *found = i;
            return true;
        }
    return false;
}

const char *watch_kind_name(enum watch_kind k)
{
    return kind_names[k];
}

const char *watch_level_name(enum watch_level l)
{
    return level_names[l];
}

const char *watch_problem_level_name(enum watch_level l)
{
    return l == WATCH_WELL ? "unconfirmed" : level_names[l];
}

bool watch_kind_parse(struct text t, enum watch_kind *out)
{
    unsigned found = 0;
    bool is_known = name_find(kind_names, WATCH_KINDS, t, &found);
    *out = (enum watch_kind)found;
    return is_known;
}

bool watch_level_parse(struct text t, enum watch_level *out)
{
    unsigned found = 0;
    bool is_known = name_find(level_names, WATCH_LEVELS, t, &found);
    *out = (enum watch_level)found;
    return is_known;
}
