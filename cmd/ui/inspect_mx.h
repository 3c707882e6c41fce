/*
 * What a person is told of the MX of an inspected name.
 */
#ifndef MF_INSPECT_MX_H
#define MF_INSPECT_MX_H

#include "rules/judge.h"
#include "survey/survey.h"

struct inspect_mx {
    enum mx_status status;
    char sentence[512]; /* what is wrong with it, and how to mend it; or empty */
};

/* region is whose feedback host the MX should name; feedback_host is as in judge.h. */
void inspect_mx_judge(struct inspect_mx *mx, const struct survey *s, struct text region,
                      struct text feedback_host);

#endif
