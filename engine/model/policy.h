/*
 * A policy: the settings that rows share. All settings stand in one list, POLICY_LIST, a line for
 * each member of struct policy. Manifests, plan files, journals and comparisons go by the list, so
 * a new setting is a member and a line here, the name of its key in manifests/schema.c, and a
 * column of the journal (a migration in store_sqlite/schema.c).
 */
#ifndef MF_POLICY_H
#define MF_POLICY_H

#include "base/bounds.h"
#include "base/names.h"
#include "base/text.h"
#include "base/when.h"
#include "finding.h"
#include "ses.h"

/* What must be visible in DNS before the first write (manifest key dns.require). */
enum dns_require { REQUIRE_MX_SPF, REQUIRE_MX, REQUIRE_NONE };
const char *require_name(enum dns_require require); /* "mx+spf", "mx", "none" */

/* When a choice is reached: SES says Success, or SES merely shows the name and the behaviour. The
 * latter is for a rollback to a set-up without Success before the run. */
enum until { UNTIL_SUCCESS, UNTIL_SET };

/* Most fleets have a handful of distinct policies. */
struct policy {
    finding_set accept;     /* findings accepted by the owner */
    uint64_t wave;          /* in which the first write may start; 0: after all with a number */
    span_us timeout_us;     /* how long DNS and SES together may take */
    enum behavior behavior; /* wanted in the end */
    enum dns_require require;
    name_id mx_region; /* NAME_NONE: the lane's own Region */
    enum until until;
    name_id owner;          /* who publishes the records, for a person; NAME_NONE: not given */
    name_id records_format; /* of the files for the owner; NAME_NONE: not given */
};

enum policy_type {
    POLICY_WORD,   /* an enum: manifests and plan files have its word, the journal its number */
    POLICY_NUMBER, /* a span_us of 0 or more */
    POLICY_COUNT,  /* from 1; 0: not given. Plan files of older programs may lack it */
    POLICY_REGION, /* a name_id of fleet.names */
    POLICY_NAME,   /* likewise, for people */
    POLICY_RULES,  /* a finding_set */
};

#define WAVES_MAX            64
#define POLICY_TIMEOUT_USUAL SPAN_H(72) /* as long as SES itself looks for the MX record */

/* In the order of the journal's columns: setting, member, column of the journal, key of a plan file
 * (NULL: the journal alone has it), type, greatest value, value in place of 0. */
#define POLICY_LIST(FIELD)                                                                         \
    FIELD(BEHAVIOR, behavior, "behavior", "behavior", POLICY_WORD, BEHAVIOR_REJECT_MESSAGE, 0)     \
    FIELD(REQUIRE, require, "require", "require", POLICY_WORD, REQUIRE_NONE, REQUIRE_MX_SPF)       \
    FIELD(MX_REGION, mx_region, "mx_region", "mx_region", POLICY_REGION, 0, NAME_NONE)             \
    FIELD(TIMEOUT, timeout_us, "timeout", "timeout_us", POLICY_NUMBER, MANIFEST_TIMEOUT_MAX,       \
          POLICY_TIMEOUT_USUAL)                                                                    \
    FIELD(ACCEPT, accept, "accept", "accept", POLICY_RULES, 0, 0)                                  \
    FIELD(UNTIL, until, "until", NULL, POLICY_WORD, UNTIL_SET, UNTIL_SUCCESS)                      \
    FIELD(WAVE, wave, "wave", "wave", POLICY_COUNT, WAVES_MAX, 0)                                  \
    FIELD(OWNER, owner, "owner", "owner", POLICY_NAME, 0, NAME_NONE)                               \
    FIELD(RECORDS_FORMAT, records_format, "records_format", "records_format", POLICY_NAME, 0,      \
          NAME_NONE)

#define POLICY_SETTING(setting, member, column, key, type, most, usual) SETTING_##setting,
enum policy_setting { POLICY_LIST(POLICY_SETTING) POLICY_FIELDS };
#undef POLICY_SETTING

struct policy_field {
    const char *key;
    enum policy_type type;
    size_t offset; /* in struct policy */
    uint64_t most; /* of words and numbers */
    uint64_t usual;
};

extern const struct policy_field policy_fields[POLICY_FIELDS];

uint64_t policy_get(const struct policy *p, const struct policy_field *field);
void policy_put(struct policy *p, const struct policy_field *field, uint64_t value);

#define POLICY_WORDS_MAX 8 /* of one setting, in one spelling */

/* Of version 2 of the API, in which plan files are written, and of version 1, if it differs. */
enum policy_spelling { SPELLING_V2, SPELLING_V1, POLICY_SPELLINGS };
/* NULL: the setting has no words, or none in this spelling. */
const char *policy_word(const struct policy_field *field, enum policy_spelling spelling,
                        unsigned value);
/* The value of a word in either spelling, upper and lower case as it is written. */
bool policy_word_parse(const struct policy_field *field, struct text t, uint64_t *value);
bool policy_eq(const struct policy *a, const struct policy *b);

#endif
