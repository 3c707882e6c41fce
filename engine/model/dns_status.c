/* The names of the statuses of MX, SPF and DMARC. */
#include "dns_status.h"

static const char *const mx_names[MX_STATUSES] = {
    [MX_STATUS_NONE] = "",
    [MX_STATUS_OK] = "ok",
    [MX_STATUS_MISSING] = "missing",
    [MX_STATUS_SEVERAL] = "several",
    [MX_STATUS_FOREIGN] = "foreign",
    [MX_STATUS_NULL_MX] = "null-mx",
    [MX_STATUS_WRONG_SUFFIX] = "wrong-suffix",
    [MX_STATUS_UNKNOWN_REGION] = "unknown-region",
    [MX_STATUS_CNAME] = "cname",
    [MX_STATUS_TROUBLE] = "trouble",
};

static const char *const spf_names[SPF_STATUSES] = {
    [SPF_STATUS_NONE] = "",
    [SPF_STATUS_OK] = "ok",
    [SPF_STATUS_MISSING] = "missing",
    [SPF_STATUS_SEVERAL] = "several",
    [SPF_STATUS_SYNTAX] = "syntax",
    [SPF_STATUS_LOOKUPS] = "lookups",
    [SPF_STATUS_VOID_LOOKUPS] = "void-lookups",
    [SPF_STATUS_WITHOUT_SES] = "without-ses",
    [SPF_STATUS_TROUBLE] = "trouble",
};

static const char *const dmarc_names[DMARC_STATUSES] = {
    [DMARC_STATUS_NONE] = "",           [DMARC_STATUS_OK] = "ok",
    [DMARC_STATUS_STRICT] = "strict",   [DMARC_STATUS_NOT_ALIGNED] = "not-aligned",
    [DMARC_STATUS_DIFFERS] = "differs", [DMARC_STATUS_MISSING] = "missing",
    [DMARC_STATUS_TROUBLE] = "trouble", [DMARC_STATUS_SEVERAL] = "several",
};

/* The index of name, or 0: NONE in each of the three enums. */
static unsigned name_find(const char *const *names, unsigned len, struct text name)
{
    for (unsigned i = 1; i < len && name.len; i++)
        if (text_eq(name, text_of(names[i])))
            return i;
    return 0;
}

const char *mx_status_name(enum mx_status s)
{
    return mx_names[s];
}

const char *spf_status_name(enum spf_status s)
{
    return spf_names[s];
}

const char *dmarc_status_name(enum dmarc_status s)
{
    return dmarc_names[s];
}

enum mx_status mx_status_parse(struct text name)
{
    return (enum mx_status)name_find(mx_names, MX_STATUSES, name);
}

enum spf_status spf_status_parse(struct text name)
{
    return (enum spf_status)name_find(spf_names, SPF_STATUSES, name);
}

enum dmarc_status dmarc_status_parse(struct text name)
{
    return (enum dmarc_status)name_find(dmarc_names, DMARC_STATUSES, name);
}
