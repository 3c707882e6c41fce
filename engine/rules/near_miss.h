/*
 * Near misses: a TXT record or a host that was meant as the wanted one, and that no receiver and no
 * SES takes for it. Panels, spreadsheets and chats make them: quotation marks inside the value, a
 * tab for the blank, a semicolon from DMARC in SPF, the priority inside the host. Pure.
 */
#ifndef MF_NEAR_MISS_H
#define MF_NEAR_MISS_H

#include "base/arena.h"
#include "base/buf.h"

#define NEAR_FAULT_LEN 160          /* with NUL */
#define NEAR_SHOWN_MAX 160          /* octets of a record or host in a sentence */
#define NEAR_ARENA_MAX (256u << 10) /* the record as it was meant, and its terms */

/* Was the text meant as an SPF record, without being one? fault then says what is wrong with it, as
 * a printable clause: "a tab follows v=spf1, where a blank must be". */
bool near_spf(struct text txt, char fault[NEAR_FAULT_LEN]);
/* The record that the writer of a near miss meant, with Amazon SES in it; in the arena, or static
 * where nothing can be saved. */
struct text near_spf_meant(struct text txt, struct arena *arena);

/* The same of DMARC. A DMARC record that receivers ignore, or read as p=none, because a policy is
 * missing or unknown, is a near miss too. */
bool near_dmarc(struct text txt, char fault[NEAR_FAULT_LEN]);
struct text near_dmarc_meant(struct text txt, struct arena *arena);

/* Was the host of an MX meant as the feedback host of a Region (feedback.h), without being one? The
 * host is in presentation form, lower case. */
bool near_feedback_host(struct text pattern, struct text host, char fault[NEAR_FAULT_LEN]);

/* The part of a text from outside that a sentence shows, escaped; what a person cannot see as
 * <U+00A0>. */
void near_show(struct buf *out, struct text found);

#endif
