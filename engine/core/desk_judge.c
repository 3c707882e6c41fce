/*
 * Judging a job: gathers what the fleet and the job know, and asks the rules.
 */
#include "desk_family.h"

void desk_judge_ses(struct desk *d, uint32_t number, const struct ses_facts *facts,
                    struct judgement *j)
{
    name_id wanted = d->fleet->choices[number].mail_from;
    struct surroundings around = {
        .mail_from_is_shared = wanted != MAIL_FROM_DEFAULT && d->mail_from_uses[wanted] > 1,
        .set_by_us = d->jobs[number].writes > 0,
    };
    j->suffixes = d->options.suffixes;
    judge_name(j, d->fleet, number);
    judge_ses(j, d->fleet, number, facts, &around);
}
