/* Words of global endpoints and recommendations. */
#include "recommendation.h"

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

static const char *const names[ADVISOR_TYPES] = {[ADVISOR_SPF] = "SPF",
                                                 [ADVISOR_DMARC] = "DMARC",
                                                 [ADVISOR_DKIM] = "DKIM",
                                                 [ADVISOR_OTHER] = "other"};

const char *advisor_type_name(enum advisor_type a)
{
    assert(a < ADVISOR_TYPES);
    return names[a];
}

enum advisor_type advisor_type_parse(struct text type)
{
    for (int a = 0; a < ADVISOR_OTHER; a++)
        if (text_eq(type, text_of(names[a])))
            return (enum advisor_type)a;
    return ADVISOR_OTHER;
}

struct text recommendation_identity(struct text arn)
{
    static const struct text mark = TEXT(":identity/");
    size_t at = text_find_text(arn, mark);
    bool is_of_ses = text_starts(arn, TEXT("arn:")) && at < arn.len;
    return is_of_ses ? text_from(arn, at + mark.len) : TEXT_NONE;
}
