/*
 * A fleet: the vetted wishes of the user. Made once from manifests (manifests/vet.c) or from the
 * journal (resume, rollback), then read-only until the end of the run, so every thread may read.
 * One row per identity, in the order of the manifest; the row's number is the job's.
 *
 * A row is 24 bytes and every name is stored once, so a million identities take about 100 MB.
 */
#ifndef MF_FLEET_H
#define MF_FLEET_H

#include "base/buf.h"
#include "base/names.h"
#include "base/when.h"
#include "dns_provider.h"
#include "policy.h"
#include "watch.h"

/* An AWS account of the manifest. All names but `name` may be NAME_NONE. */
struct account {
    name_id name; /* "default" when the manifest has no accounts */
    name_id profile;
    name_id role_arn, external_id, source_profile;
    name_id account_id; /* twelve digits: a guard, checked before the first call to SES */
    double rate_per_s;  /* 0: not given */
    /* Of an account that an organization has; not kept in the journal. */
    name_id title;     /* its name there, for people: any characters */
    bool every_region; /* it is meant in every Region that it has, and lacks none that it has not */
};

/* The owner of the credentials of a lane, as STS GetCallerIdentity tells. */
struct caller {
    name_id
        account; /* twelve digits; CALLER_UNKNOWN: STS gave no answer; NAME_NONE: not asked yet */
    name_id partition; /* "aws", "aws-cn", ..., of arn */
    name_id arn;
    name_id begun_with; /* where the credentials came from, for a person: "profile prod" */
};

#define CALLER_UNKNOWN "unknown"

/* A lane: one account in one Region, with a pace, credentials and failures of its own. */
struct lane {
    uint16_t account; /* index into fleet.accounts */
    name_id region;
    struct caller caller; /* of the resumed run or of the plan; empty for a new run */
};

/* What must hold before the first write to a row. */
enum guard {
    GUARD_NONE,
    GUARD_REVIEWED, /* all of fleet.expected[row], as in the reviewed plan; otherwise drifted */
    GUARD_WRITTEN,  /* the last write of a run, or the value before an unconfirmed write; otherwise
                       drifted. A row already put back is fine too */
    GUARD_FORCED,   /* like GUARD_WRITTEN, but any other value is overwritten and reported */
    GUARD_SKIP,     /* no change was reviewed: SES is not even asked, the row ends as skipped */
    GUARD_UNKNOWN,  /* the journal has lost the value before the run: SES is read, nothing is
                       written, and a row possibly left by the run is refused */
    GUARDS,
};

#define MAIL_FROM_DEFAULT NAME_NONE /* back to amazonses.com */

struct choice {
    name_id identity;  /* in SES's spelling: domain in lower case, address as written */
    name_id mail_from; /* wanted; A-labels, lower case; or MAIL_FROM_DEFAULT */
    uint16_t lane;
    uint16_t policy;
    uint16_t file;         /* index into fleet.files */
    uint8_t type;          /* enum identity_type */
    uint8_t guarded;       /* enum guard; all but NONE and SKIP look at fleet.expected[row] */
    uint32_t line, column; /* of the identity in the file, from 1; 0: no file */
};

/* What SES must still show before a write: the facts of the reviewed plan, or the last write of the
 * run to roll back. */
struct expectation {
    name_id mail_from;
    name_id
        or_mail_from; /* GUARD_WRITTEN, GUARD_FORCED: the state of SES if the run's last write, */
    uint8_t
        or_behavior; /* without a known answer, took no effect; otherwise equal to the first pair */
    uint8_t behavior; /* enum behavior */
    uint8_t status;   /* GUARD_REVIEWED: enum mail_from_status; MAIL_FROM_UNKNOWN: any */
};

/* The last write of another run of the journal for this identity: accepted by SES, or without a
 * known answer. SES does not promise read-after-write consistency, so the write counts for more
 * than one read of the value before. Two reads must agree whatever its age, since clocks are set;
 * they lie further apart after a write of the last hour. */
struct recent_write {
    name_id mail_from, mail_from_before; /* the value written, and the value replaced */
    uint8_t behavior, behavior_before;   /* enum behavior */
    bool is_later; /* the other run began after the resumed one, so the other run's write is the
                      later */
    uint32_t at_s; /* seconds since 1970: when the write was sent or confirmed; 0: no write */
    uint32_t run;
};

/* waves: each entry is a share or a count; max_failures likewise. */
struct quota {
    bool is_percent;
    double value;
};

#define NO_BOUND (-1.0)

/* Bounds of the numbers of a manifest. Plan files and journals are held to the bounds again, since
 * a file may have been edited. */
bool quota_fits(struct quota q);   /* a share up to 100, a count up to IDENTITIES_MAX; 0 or more */
bool rate_fits(double rate_per_s); /* RATE_MIN to RATE_MAX, or 0: not given */

struct fleet {
    struct names names;
    struct arena arena; /* everything below */
    struct account *accounts;
    struct lane *lanes;
    struct policy *policies;
    struct choice *choices;
    struct expectation *expected; /* NULL, or one per choice */
    struct recent_write *recent;  /* likewise; not kept in the journal */
    const bool *shared; /* of a part of a fleet, by name: several rows of the whole want this MAIL
                           FROM; else NULL. Not kept in the journal */
    struct text *files; /* as named by the user */
    struct provider *providers; /* of DNS: who can write which zones; the first that fits counts */
    uint32_t providers_len;
    uint32_t accounts_len, lanes_len, policies_len, choices_len, files_len, shared_len;
    struct quota waves[WAVES_MAX];
    uint32_t waves_len;
    struct quota max_failures; /* value may be NO_BOUND */
    struct watch_policy
        watch; /* not kept in the journal: the usual one of a run that is read back */
    unsigned char digest[32]; /* SHA-256 over every file's name and bytes, in reading order */
};

void fleet_init(struct fleet *f); /* fleet_clear accepts an empty fleet */
void fleet_clear(struct fleet *f);

/* Finds or adds. False: out of memory or of bounds (ACCOUNTS_MAX, LANES_MAX, POLICIES_MAX). */
bool fleet_lane(struct fleet *f, uint16_t account, name_id region, uint16_t *lane);
bool fleet_policy(struct fleet *f, struct policy policy, uint16_t *index);
bool fleet_account(struct fleet *f, struct account account, uint16_t *index); /* always adds */
bool fleet_file(struct fleet *f, struct text name, uint16_t *index);          /* always adds */
bool fleet_choice(struct fleet *f, struct choice choice, uint32_t *row);      /* always adds */
/* Likewise. Texts and patterns are copied. False: also beyond PROVIDERS_MAX. */
bool fleet_provider(struct fleet *f, const struct provider *provider, uint16_t *index);

/* Row's texts, borrowed from the fleet. */
struct text fleet_identity(const struct fleet *f, uint32_t row);
struct text fleet_mail_from(const struct fleet *f, uint32_t row); /* empty: default */
struct text fleet_region(const struct fleet *f, uint32_t row);
struct text fleet_account_name(const struct fleet *f, uint32_t row);
/* True: the caller is there, and not CALLER_UNKNOWN. */
bool caller_is_known(const struct fleet *f, const struct caller *c);
/* The twelve digits of a lane's account: of its caller, or else those that the manifest demands;
 * NAME_NONE: not known. */
name_id fleet_account_number(const struct fleet *f, uint32_t lane);
/* A lane as another run of the journal names it. */
struct lane_name {
    struct text account; /* by the manifest */
    struct text number;  /* twelve digits; empty: not known */
    struct text region;
};
struct lane_name fleet_lane_name(const struct fleet *f, uint32_t row);
const struct policy *fleet_policy_of(const struct fleet *f, uint32_t row);
/* The Region that the row's MX should name: dns.mx_region, or else the lane's own. */
struct text fleet_mx_region(const struct fleet *f, uint32_t row);
/* Does the row share its MAIL FROM with rows that a selection has left out? */
bool fleet_is_shared(const struct fleet *f, uint32_t row);
/* Requests per second of each action of a lane: option_per_s (--rate; 0: not given), then the
 * account's rate, then 1. */
double fleet_rate(const struct fleet *f, uint32_t lane, double option_per_s);
/* "fleet.yaml:12", or "" for a row without a file. */
struct text fleet_source(const struct fleet *f, uint32_t row, struct buf *scratch);

#endif
