/* Reads an HTTP date (RFC 9110, section 5.6.7) by rewriting the text as an RFC 3339 date. */
#include "http_date.h"

#include <stdio.h>

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static int month_of(struct text t)
{
    for (int i = 0; i < 12; i++)
        if (text_eq(t, (struct text){months + 3 * i, 3}))
            return i + 1;
    return 0;
}

/* Rewritten as ISO 8601, so one reader checks the numbers of both forms. */
bool http_date_parse(struct text t, instant_us *out)
{
    static const char pattern[] = "aaa, 00 aaa 0000 00:00:00 GMT";
    char iso[WHEN_LEN];
    if (t.len != sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < t.len; i++) {
        bool fits = pattern[i] == '0'   ? char_is_digit(t.at[i])
                    : pattern[i] == 'a' ? char_is_alpha(t.at[i])
                                        : pattern[i] == t.at[i];
        if (!fits)
            return false;
    }
    snprintf(iso, sizeof iso, "%.4s-%02d-%.2sT%.8sZ", t.at + 12, month_of(text_slice(t, 8, 11)),
             t.at + 5, t.at + 17);
    return when_parse(text_of(iso), out);
}
