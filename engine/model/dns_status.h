/*
 * The verdict on the DNS of one MAIL FROM: the columns mx, spf and dmarc of a report. The names are
 * a contract (reports, journals, `inspect --format json`) and are never changed. NONE has an empty
 * name and means: not judged.
 */
#ifndef MF_DNS_STATUS_H
#define MF_DNS_STATUS_H

#include "base/text.h"

enum mx_status {
    MX_STATUS_NONE,
    MX_STATUS_OK,
    MX_STATUS_MISSING,
    MX_STATUS_SEVERAL,
    MX_STATUS_FOREIGN,
    MX_STATUS_NULL_MX,
    MX_STATUS_WRONG_SUFFIX,
    MX_STATUS_UNKNOWN_REGION,
    MX_STATUS_CNAME,
    MX_STATUS_TROUBLE,
    MX_STATUSES,
};

enum spf_status {
    SPF_STATUS_NONE,
    SPF_STATUS_OK,
    SPF_STATUS_MISSING,
    SPF_STATUS_SEVERAL,
    SPF_STATUS_SYNTAX,
    SPF_STATUS_LOOKUPS,
    SPF_STATUS_VOID_LOOKUPS,
    SPF_STATUS_WITHOUT_SES,
    SPF_STATUS_TROUBLE,
    SPF_STATUSES,
};

enum dmarc_status {
    DMARC_STATUS_NONE,
    DMARC_STATUS_OK,
    DMARC_STATUS_STRICT,
    DMARC_STATUS_NOT_ALIGNED,
    DMARC_STATUS_DIFFERS,
    DMARC_STATUS_MISSING,
    DMARC_STATUS_TROUBLE,
    DMARC_STATUS_SEVERAL,
    DMARC_STATUSES,
};

const char *mx_status_name(enum mx_status s); /* "wrong-suffix" */
const char *spf_status_name(enum spf_status s);
const char *dmarc_status_name(enum dmarc_status s);
/* The status with this name, or NONE. */
enum mx_status mx_status_parse(struct text name);
enum spf_status spf_status_parse(struct text name);
enum dmarc_status dmarc_status_parse(struct text name);

#endif
