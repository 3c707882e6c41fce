/*
 * The values in a DMARC aggregate report, each vetted: what strangers wrote becomes a number, an
 * instant or a domain of this program's form, or is refused. Pure.
 */
#ifndef MF_REPORT_VALUES_H
#define MF_REPORT_VALUES_H

#include "aggregate.h"
#include "base/dname.h"

/* Any capitals; "hardfail" is fail (RFC 8601, section 2.7.2, of old). Empty is AUTH_NONE. */
enum auth_result auth_result_of(struct text word);
bool auth_word_is_pass(struct text word);

/* A disposition or a policy: "none", "pass", "quarantine", "reject", else "". */
void disposition_copy(struct text word, char out[16]);

/* The domain in a field that may hold an address, "<a@B.example.>", a U-label or capitals: lower
 * case, A-labels, no final dot. Empty: there is none. Underscores are allowed. out has the bytes.
 */
struct text report_domain(struct text given, char out[DNAME_LEN_MAX + 1]);

/* Seconds since 1970, a fraction is cut; milliseconds are taken as such. False: no instant, the
 * first day of 1970, or after 2199. */
bool report_instant(struct text given, instant_us *out);

bool report_count(struct text given, uint64_t *out); /* at most EVIDENCE_COUNT_MAX */
bool report_address(struct text given);              /* IPv4 or IPv6 */

#endif
