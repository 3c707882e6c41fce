/* Values of options that watch without end, and of those that tell others. */
#include "option_readers.h"

#include "base/bounds.h"
#include "model/watch.h"

#include <string.h>

enum err read_hook(struct options *o, const char *value, struct why *why)
{
    if (o->notify.hooks_len == NOTIFY_HOOKS_MAX)
        return why_set(why, ERR_LIMIT, "--hook can be given %d times at most", NOTIFY_HOOKS_MAX);
    o->notify.hooks[o->notify.hooks_len++] = value;
    return OK;
}

enum err read_webhook(struct options *o, const char *value, struct why *why)
{
    if (o->notify.webhooks_len == NOTIFY_HTTP_MAX)
        return why_set(why, ERR_LIMIT, "--webhook can be given %d times at most", NOTIFY_HTTP_MAX);
    o->notify.webhooks[o->notify.webhooks_len++] = value;
    return OK;
}

enum err read_hook_timeout(struct options *o, const char *value, struct why *why)
{
    if (span_parse(text_of(value), &o->notify.hook_timeout) &&
        o->notify.hook_timeout >= SPAN_S(1) && o->notify.hook_timeout <= SPAN_M(15))
        return OK;
    return why_set(why, ERR_INPUT, "--hook-timeout takes a span from 1s to 15m, not \"%s\"", value);
}

enum err read_watch_format(struct options *o, const char *value, struct why *why)
{
    o->format = value;
    o->json = strcmp(value, "json") == 0;
    return o->json || strcmp(value, "text") == 0 || strcmp(value, "nagios") == 0
               ? OK
               : why_set(why, ERR_INPUT, "--format takes text, json or nagios, not \"%s\"", value);
}

enum err read_every(struct options *o, const char *value, struct why *why)
{
    o->every_as_written = strcmp(value, "manifest") == 0;
    if (o->every_as_written || (span_parse(text_of(value), &o->every) &&
                                o->every >= WATCH_EVERY_MIN && o->every <= MANIFEST_TIMEOUT_MAX))
        return OK;
    return why_set(why, ERR_INPUT,
                   "--every takes a span from 1s to 365d, such as 15m, or manifest, not \"%s\"",
                   value);
}
