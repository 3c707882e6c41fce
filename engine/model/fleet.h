/*
 * A fleet: what the user wants, vetted. Made once from manifests (manifests/vet.c) or from the
 * journal (resume, rollback), then read-only for as long as a run lasts, so that every thread may
 * read it. One row per identity, in the order of the manifest; the row's number is the job's.
 *
 * A row is 24 bytes and every name is stored once, so a million identities take about 100 MB.
 */
#ifndef MF_FLEET_H
#define MF_FLEET_H

#include "base/buf.h"
#include "base/names.h"
#include "base/when.h"
#include "finding.h"
#include "ses.h"

/* An AWS account as the manifest names it. All names but `name` may be NAME_NONE. */
struct account {
    name_id name; /* "default" when the manifest has no accounts */
    name_id profile;
    name_id role_arn, external_id, source_profile;
    name_id account_id; /* twelve digits: a guard, checked before the first call that matters */
    double rate_per_s;  /* 0: not given */
};

/* Whose credentials the calls of a lane are signed with, as STS GetCallerIdentity tells. */
struct caller {
    name_id account;   /* twelve digits; CALLER_UNKNOWN: STS could not be asked; NAME_NONE: nobody
                          has looked */
    name_id partition; /* "aws", "aws-cn", ..., of arn */
    name_id arn;
    name_id begun_with; /* where the credentials came from, for a person: "profile prod" */
};

#define CALLER_UNKNOWN "unknown"

/* A lane: one account in one Region. It has its own pace, credentials and failures. */
struct lane {
    uint16_t account; /* index into fleet.accounts */
    name_id region;
    struct caller caller; /* of the run that is to go on, or of the plan; else nobody's */
};

/* What must be visible in DNS before the first write (manifest key dns.require). */
enum dns_require { REQUIRE_MX_SPF, REQUIRE_MX, REQUIRE_NONE };
const char *require_name(enum dns_require require); /* "mx+spf", "mx", "none" */

/* When a choice is reached: SES says Success; or it merely holds the name and the behaviour, which
 * is all there was where a rollback leads back to a set-up that had not succeeded. */
enum until { UNTIL_SUCCESS, UNTIL_SET };

/* What must hold before the first write to a row. */
enum guard {
    GUARD_NONE,
    GUARD_REVIEWED, /* all of fleet.expected[row], on which a plan was reviewed; else drifted */
    GUARD_WRITTEN,  /* what a run left there, or may have left there; else drifted. A row that is
                       back as wanted already is fine too */
    GUARD_FORCED,   /* the same is expected, but what else is there is overwritten and told */
    GUARD_SKIP,     /* no change was reviewed: SES is not even asked, the row ends as skipped */
    GUARD_UNKNOWN,  /* what there was before a run, whose records are lost, is not known: SES is
                       asked, nothing is written, and what the run may have left is refused */
    GUARDS,
};

/* The settings that rows share; most fleets have a handful of distinct ones. What each is called
 * elsewhere stands in policy.c. */
struct policy {
    finding_set accept;     /* findings that the owner knows and accepts */
    span_us timeout_us;     /* how long DNS and SES together may take */
    enum behavior behavior; /* wanted in the end */
    enum dns_require require;
    name_id mx_region; /* NAME_NONE: the lane's own Region */
    enum until until;
};

#define MAIL_FROM_DEFAULT NAME_NONE /* back to amazonses.com */

struct choice {
    name_id identity;  /* as SES stores it: domain in lower case, address as written */
    name_id mail_from; /* wanted; A-labels, lower case; or MAIL_FROM_DEFAULT */
    uint16_t lane;
    uint16_t policy;
    uint16_t file;         /* index into fleet.files */
    uint8_t type;          /* enum identity_type */
    uint8_t guarded;       /* enum guard; all but NONE and SKIP look at fleet.expected[row] */
    uint32_t line, column; /* of the identity in its file, from 1; 0: not from a file */
};

/* What SES must still say before a write: the facts that a plan was reviewed on, or what the run
 * wrote that is now to be rolled back. */
struct expectation {
    name_id mail_from;
    name_id or_mail_from; /* GUARD_WRITTEN, GUARD_FORCED: what SES holds if the run's last write, */
    uint8_t or_behavior;  /* whose answer is not known, took no effect; else the same once more */
    uint8_t behavior;     /* enum behavior */
    uint8_t status;       /* GUARD_REVIEWED: enum mail_from_status; MAIL_FROM_UNKNOWN: any */
};

/* What another run of the same journal has sent last for this identity, and SES has accepted, or
 * may have where the answer is not known. SES promises no read that shows every write, so that
 * counts for more than one read of what stood there before; how long ago it was is not asked, since
 * clocks are set. */
struct recent_write {
    name_id mail_from, mail_from_before; /* what it put there, and what stood there before */
    uint8_t behavior, behavior_before;   /* enum behavior */
    bool is_later; /* that run began after the one that is resumed: its word is the last */
    uint32_t at_s; /* seconds since 1970, when it was sent or known to stand; 0: there is none */
    uint32_t run;
};

/* waves: each entry is a share or a count; max_failures likewise. */
struct quota {
    bool is_percent;
    double value;
};

#define WAVES_MAX 64
#define NO_BOUND  (-1.0)

/* Bounds of numbers that a manifest sets and that plan files and journals bring back, which
 * somebody may have edited since. */
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
    struct text *files;           /* as the user named them */
    uint32_t accounts_len, lanes_len, policies_len, choices_len, files_len;
    struct quota waves[WAVES_MAX];
    uint32_t waves_len;
    struct quota max_failures; /* its value may be NO_BOUND */
    unsigned char digest[32];  /* SHA-256 over every file's name and bytes, in reading order */
};

void fleet_init(struct fleet *f); /* fleet_clear accepts it at once */
void fleet_clear(struct fleet *f);

/* Finds or adds. False: out of memory or of bounds (ACCOUNTS_MAX, LANES_MAX, POLICIES_MAX). */
bool fleet_lane(struct fleet *f, uint16_t account, name_id region, uint16_t *lane);
bool fleet_policy(struct fleet *f, struct policy policy, uint16_t *index);
bool fleet_account(struct fleet *f, struct account account, uint16_t *index); /* always adds */
bool fleet_file(struct fleet *f, struct text name, uint16_t *index);          /* always adds */
bool fleet_choice(struct fleet *f, struct choice choice, uint32_t *row);      /* always adds */

/* Row's texts, borrowed from the fleet. */
struct text fleet_identity(const struct fleet *f, uint32_t row);
struct text fleet_mail_from(const struct fleet *f, uint32_t row); /* empty: default */
struct text fleet_region(const struct fleet *f, uint32_t row);
struct text fleet_account_name(const struct fleet *f, uint32_t row);
const struct policy *fleet_policy_of(const struct fleet *f, uint32_t row);
/* Requests per second of each action of a lane: option_per_s (--rate; 0: not given), else what the
 * account says, else 1. */
double fleet_rate(const struct fleet *f, uint32_t lane, double option_per_s);
/* "fleet.yaml:12", or "" for a row that no file holds. */
struct text fleet_source(const struct fleet *f, uint32_t row, struct buf *scratch);

#endif
