/*
 * For the family: is there one SPF record at the MAIL FROM name, and does the record name Amazon
 * SES? The full reading of the record, its look-ups included, is spf.h's.
 */
#ifndef MF_SPF_PRESENCE_H
#define MF_SPF_PRESENCE_H

#include "judge.h"

/* Adds the findings and returns the status for the report's column spf. */
enum spf_status spf_presence_judge(struct judgement *j, const struct policy *policy,
                                   struct text name, const struct dns_facts *dns);
/* Is there exactly one record, and does the record name Amazon SES? True without an answer from
   DNS. */
bool spf_presence_is_good(const struct dns_facts *dns);

#endif
