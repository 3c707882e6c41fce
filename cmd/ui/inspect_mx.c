/* The MX of an inspected name, judged under the strictest policy. */
#include "inspect_mx.h"

#include "rules/mx.h"

#include <stdio.h>

void inspect_mx_judge(struct inspect_mx *mx, const struct survey *s, struct text region,
                      struct text feedback_host)
{
    const struct policy policy = {.require = REQUIRE_MX_SPF};
    struct judgement j = {.suffixes = s->options->suffixes, .feedback_host = feedback_host};
    mx->status = mx_judge(&j, &policy, s->name, region, survey_facts(s));
    if (mx->status == MX_STATUS_NONE)
        mx->status = MX_STATUS_TROUBLE;
    snprintf(mx->sentence, sizeof mx->sentence, "%s", j.first_error);
}
