/* A bounded list of sentences behind a mutex; the notices are called without it. */
#include "sayings.h"

#include "base/plural.h"

#include <stdarg.h>
#include <stdio.h>

void sayings_init(struct sayings *s)
{
    pthread_mutex_init(&s->mutex, NULL);
    s->len = s->more = 0;
}

void sayings_clear(struct sayings *s)
{
    pthread_mutex_destroy(&s->mutex);
}

void sayings_add(struct sayings *s, enum notice kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&s->mutex);
    if (s->len < NOTIFY_SAYINGS_MAX) {
        s->at[s->len].kind = kind;
        vsnprintf(s->at[s->len].text, SAYING_LEN_MAX, fmt, ap);
        s->len++;
    } else {
        s->more++;
    }
    pthread_mutex_unlock(&s->mutex);
    va_end(ap);
}

void sayings_tell(struct sayings *s, const struct notices *notices)
{
    char text[SAYING_LEN_MAX];
    for (uint32_t i = 0;; i++) {
        enum notice kind = NOTICE_NOTE;
        pthread_mutex_lock(&s->mutex);
        bool has_one = i < s->len;
        uint32_t more = has_one ? 0 : s->more;
        if (has_one) {
            kind = s->at[i].kind;
            snprintf(text, sizeof text, "%s", s->at[i].text);
        } else {
            s->len = s->more = 0;
        }
        pthread_mutex_unlock(&s->mutex);
        if (has_one && kind == NOTICE_ERROR)
            notice_error(notices, "%s", text);
        else if (has_one)
            notice_note(notices, "%s", text);
        if (more)
            notice_note(notices, "... and %u more %s about notifications", more,
                        plural(more, "line", "lines"));
        if (!has_one)
            return;
    }
}
