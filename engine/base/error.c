/* Builds the sentences of errors in place; a longer sentence is cut. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err why_set(struct why *why, enum err err, const char *fmt, ...)
{
    if (why) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(why->text, sizeof why->text, fmt, ap);
        va_end(ap);
    }
    return err;
}

enum err why_wrap(struct why *why, enum err err, const char *fmt, ...)
{
    if (why) {
        char inner[WHY_LEN_MAX];
        memcpy(inner, why->text, sizeof inner);
        va_list ap;
        va_start(ap, fmt);
        int n = vsnprintf(why->text, sizeof why->text, fmt, ap);
        va_end(ap);
        size_t used = n < 0 ? 0 : (size_t)n;
        if (used + 2 < sizeof why->text)
            snprintf(why->text + used, sizeof why->text - used, ": %.*s",
                     (int)(sizeof why->text - used - 3), inner);
    }
    return err;
}
