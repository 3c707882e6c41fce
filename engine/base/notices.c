/* Notices: a sentence is put together here, bounded, and told by the caller's function. */
#include "notices.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 0))) static void tell(const struct notices *n, enum notice kind,
                                                       const char *fmt, va_list ap)
{
    char sentence[NOTICE_LEN_MAX];
    if (!n->tell)
        return;
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    n->tell(n->ctx, kind, sentence);
}

void notice_note(const struct notices *n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(n, NOTICE_NOTE, fmt, ap);
    va_end(ap);
}

void notice_error(const struct notices *n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(n, NOTICE_ERROR, fmt, ap);
    va_end(ap);
}
