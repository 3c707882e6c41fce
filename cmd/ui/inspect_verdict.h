/*
 * The verdict on one inspected name: the same judgements as a plan's, under the strictest policy.
 */
#ifndef MF_INSPECT_VERDICT_H
#define MF_INSPECT_VERDICT_H

#include "rules/judge.h"
#include "survey/survey.h"

/* The parts of the verdict. Findings come in this order. */
enum inspect_part { INSPECT_MX, INSPECT_SPF, INSPECT_DNSSEC, INSPECT_DMARC, INSPECT_PARTS };

struct inspect_verdict {
    enum mx_status mx;
    enum spf_status spf;
    enum dmarc_status dmarc;
    struct judgement judgement;    /* with sentences */
    uint32_t begin[INSPECT_PARTS]; /* the part's first finding */
    struct arena memory;
};

/* region is whose feedback host the MX should name; feedback_host is as in judge.h. */
void inspect_verdict_make(struct inspect_verdict *v, const struct survey *s, struct text region,
                          struct text feedback_host);
void inspect_verdict_clear(struct inspect_verdict *v);
/* The findings of one part. */
struct finding_notes inspect_notes(const struct inspect_verdict *v, enum inspect_part part);
/* Is it known that the record authorizes SES, or that it does not? */
bool inspect_knows_ses(const struct survey *s);

#endif
