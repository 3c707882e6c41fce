/*
 * For the family: is there one SPF record at the MAIL FROM name, and does it name Amazon SES? The
 * full reading of the record, its look-ups included, is spf.h's.
 */
#ifndef MF_SPF_PRESENCE_H
#define MF_SPF_PRESENCE_H

#include "judge.h"

/* Adds the findings and returns what the report's column spf says. */
enum spf_status spf_presence_judge(struct judgement *j, const struct policy *policy,
                                   struct text name, const struct dns_facts *dns);
/* Is there just one, and does it name Amazon SES? True when that could not be asked. */
bool spf_presence_is_good(const struct dns_facts *dns);

#endif
