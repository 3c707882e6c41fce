/*
 * For the family: the judgement of the MX records at a MAIL FROM name.
 */
#ifndef MF_RULES_MX_H
#define MF_RULES_MX_H

#include "judge.h"

/* Adds the findings and returns the status for the report's column mx. The records should name the
 * feedback host of wanted_region. */
enum mx_status mx_judge(struct judgement *j, const struct policy *policy, struct text name,
                        struct text wanted_region, const struct dns_facts *dns);
/* dns->wildcard is true. Does the wildcard give the name every needed record? If one is missing,
 * none counts: publishing any record at the name removes the wildcard's records from the name.
 */
bool wildcard_serves(const struct judgement *j, struct text name, const struct dns_facts *dns);

#endif
