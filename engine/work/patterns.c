/* Patterns of lanes, character by character. */
#include "patterns.h"

#include "base/buf.h"

/* Goes back to the newest * only, so the time is bounded by the product of the lengths. */
bool pattern_fits(const char *pattern, struct text words)
{
    const char *star = NULL;
    size_t at = 0, from = 0;
    while (at < words.len) {
        if (*pattern == '*') {
            star = pattern++;
            from = at;
        } else if (*pattern == '?' || (*pattern && *pattern == words.at[at])) {
            pattern++;
            at++;
        } else if (star) {
            pattern = star + 1;
            at = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool lane_fits(const char *pattern, struct text account, struct text region)
{
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    buf_add_fmt(&words, TEXT_FMT "/" TEXT_FMT, TEXT_ARG(account), TEXT_ARG(region));
    bool fits = !words.failed && pattern_fits(pattern, buf_text(&words));
    buf_clear(&words);
    return fits;
}

bool patterns_fit(const char *const *patterns, uint32_t len, const struct lane_name *lane)
{
    for (uint32_t i = 0; i < len; i++)
        if (lane_fits(patterns[i], lane->account, lane->region) ||
            (lane->number.len && lane_fits(patterns[i], lane->number, lane->region)))
            return true;
    return len == 0;
}
