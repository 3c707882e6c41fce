/*
 * For the family: the judgement of the MX records at a MAIL FROM name.
 */
#ifndef MF_RULES_MX_H
#define MF_RULES_MX_H

#include "judge.h"

/* Adds the findings and returns what the report's column mx says.
 * wanted_region is the Region whose feedback host the records should name. */
enum mx_status mx_judge(struct judgement *j, const struct policy *policy, struct text name,
                        struct text wanted_region, const struct dns_facts *dns);
/* dns->wildcard is true. Is what it gives the name all that SES and receivers want? Else none of it
 * counts: as soon as one of the records is published at the name, the wildcard's are gone for it.
 */
bool wildcard_serves(const struct judgement *j, struct text name, const struct dns_facts *dns);

#endif
