/* Tells the ids of AWS Organizations from names. */
#include "organization.h"

static bool is_low(struct text t, size_t least, size_t most)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_digit(t.at[i]) && (t.at[i] < 'a' || t.at[i] > 'z'))
            return false;
    return t.len >= least && t.len <= most;
}

/* "r-[0-9a-z]{4,32}" or "ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}" */
bool organization_unit_is_id(struct text t)
{
    if (text_starts(t, TEXT("r-")))
        return is_low(text_from(t, 2), 4, 32);
    if (!text_starts(t, TEXT("ou-")))
        return false;
    struct text own = text_from(t, 3), root = text_cut(&own, '-');
    return is_low(root, 4, 32) && is_low(own, 8, 32);
}
