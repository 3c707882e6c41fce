/*
 * The words of watching: what can be wrong with an identity after its migration, how bad that is,
 * and when a person has to be told. Reports, events, metrics, the page and the journal take the
 * names from here.
 *
 * Sources: SES Developer Guide, "MAIL FROM domain setup states" (72 hours in TemporaryFailure, then
 * Failed, which SES never leaves by itself).
 */
#ifndef MF_MODEL_WATCH_H
#define MF_MODEL_WATCH_H

#include "base/text.h"
#include "base/when.h"

/* In the order of reports: what loses mail first. A new one comes last, its name is kept. */
enum watch_kind {
    WATCH_REJECTING,        /* REJECT_MESSAGE is in force, and the status is not Success */
    WATCH_STATUS_FAILED,    /* Failed: SES does not look again */
    WATCH_STATUS_TEMPORARY, /* TemporaryFailure: the 72 hours run */
    WATCH_STATUS_PENDING,   /* Pending, where it was Success before or for longer than 72 hours */
    WATCH_IDENTITY_MISSING, /* SES does not know the identity any more */
    WATCH_IDENTITY_UNVERIFIED,
    WATCH_ACCOUNT_CANNOT_SEND, /* of a lane */
    WATCH_DRIFT_NAME,          /* SES has another MAIL FROM than the manifest, or none */
    WATCH_DRIFT_BEHAVIOR,
    WATCH_MX_GONE,           /* the authorities agree that there is no MX */
    WATCH_MX_WRONG,          /* another MX, several, a CNAME, a null MX */
    WATCH_SPF_GONE,          /* no SPF record */
    WATCH_SPF_WRONG,         /* several, a fault, too many look-ups, without SES */
    WATCH_DMARC_NOT_ALIGNED, /* DMARC cannot pass through SPF: strict, or other domains */
    WATCH_DNS_TROUBLE,       /* SERVFAIL, time-out: not the same as gone */
    WATCH_UNSEEN,            /* SES could not be asked about it */
    WATCH_ENDPOINT_REGIONS,  /* the two Regions of a global endpoint differ */
    WATCH_ADVISOR_OPEN,      /* an open recommendation of the VDM advisor */
    WATCH_REFUSED,           /* SES would not take the MAIL FROM that the manifest wants */
    WATCH_KINDS,
};

/* WELL is also: wrong, and not long enough to be told. */
enum watch_level { WATCH_WELL, WATCH_WARNING, WATCH_CRITICAL, WATCH_PAGE, WATCH_LEVELS };

const char *watch_kind_name(enum watch_kind k);   /* "mx-gone" */
const char *watch_level_name(enum watch_level l); /* "well", "warning", "critical", "page" */
/* Of a problem that is there: "unconfirmed" for WELL, seen and not long enough to be told. */
const char *watch_problem_level_name(enum watch_level l);
bool watch_kind_parse(struct text t, enum watch_kind *out);
bool watch_level_parse(struct text t, enum watch_level *out);

/* Manifest key `watch`. Zero is no value of any: start from WATCH_POLICY_USUAL. */
struct watch_policy {
    span_us confirm;        /* a fault of DNS is told once two looks so far apart have shown it */
    span_us critical;       /* and is critical once it has lasted so long */
    span_us page_before;    /* of the 72 hours: with less left a person is paged */
    uint32_t trouble_looks; /* SERVFAIL or time-out is told after so many looks in a row */
    span_us verification;   /* verification is read at most once in so long */
    span_us every;          /* from the start of a sweep to the start of the next one */
};

/* Ten minutes: a zone transfer or a resigning zone blinks. Six hours: a commercial watcher mails
 * after six hours of absence. An hour: SES itself takes days to unverify an identity. A quarter of
 * an hour: two looks, and so a warning, come within half an hour of a fault. */
#define WATCH_POLICY_USUAL                                                                         \
    ((struct watch_policy){.confirm = SPAN_S(600),                                                 \
                           .critical = SPAN_H(6),                                                  \
                           .page_before = SPAN_H(24),                                              \
                           .trouble_looks = 3,                                                     \
                           .verification = SPAN_H(1),                                              \
                           .every = SPAN_M(15)})

#define WATCH_EVERY_MIN SPAN_S(1) /* a look costs calls, and SES grants one a second */

#define WATCH_GRACE SPAN_H(72) /* SES looks so long before TemporaryFailure becomes Failed */

#endif
