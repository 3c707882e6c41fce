/* Words of global endpoints and recommendations. */
#include "advice.h"

#include <assert.h>

bool global_endpoint_counts(const struct global_endpoint *e)
{
    return e->regions[0].len && e->regions[1].len && !text_eq(e->status, TEXT("FAILED")) &&
           !text_eq(e->status, TEXT("DELETING"));
}

struct text global_endpoint_other(const struct global_endpoint *e, struct text region)
{
    for (int i = 0; i < ENDPOINT_REGIONS; i++)
        if (text_eq(e->regions[i], region))
            return e->regions[1 - i];
    return TEXT_NONE;
}

static const char *const names[ADVICES] = {
    [ADVICE_SPF] = "SPF", [ADVICE_DMARC] = "DMARC", [ADVICE_DKIM] = "DKIM", [ADVICE_OTHER] = "other"};

const char *advice_name(enum advice a)
{
    assert(a < ADVICES);
    return names[a];
}

enum advice advice_parse(struct text type)
{
    for (int a = 0; a < ADVICE_OTHER; a++)
        if (text_eq(type, text_of(names[a])))
            return (enum advice)a;
    return ADVICE_OTHER;
}

struct text recommendation_identity(struct text arn)
{
    static const struct text mark = TEXT(":identity/");
    size_t at = text_find_text(arn, mark);
    bool is_of_ses = text_starts(arn, TEXT("arn:")) && at < arn.len;
    return is_of_ses ? text_from(arn, at + mark.len) : TEXT_NONE;
}
