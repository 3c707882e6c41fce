/*
 * For the family, and for inspect: the judgements of receivers' views of one name, whoever asks.
 * judge.h has them for a row of a fleet.
 */
#ifndef MF_RECEIVERS_H
#define MF_RECEIVERS_H

#include "judge.h"

/* judge_spf(), of a name. */
void receivers_judge_spf(struct judgement *j, const struct policy *policy, struct text name,
                         const struct spf_survey *survey, enum spf_status *spf);
/* judge_dmarc(), of a name and a From domain. */
void receivers_judge_dmarc(struct judgement *j, const struct policy *policy, struct text from,
                           struct text name, const struct dmarc_survey *survey,
                           enum dmarc_status *dmarc);

#endif
