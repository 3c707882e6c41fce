/* Looks at the first bytes of files that arguments name. Pipes are left alone: each byte of one is
 * for its reader. */
#include "kinds.h"

#include "base/content.h"
#include "base/count.h"
#include "options/advice.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static enum content kind_of(const char *path)
{
    char head[CONTENT_BYTES];
    int fd = is_file(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    ssize_t len = fd < 0 ? 0 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    return len > 0 ? content_of((struct text){head, (size_t)len}) : CONTENT_OTHER;
}

/* Not inlined: its advice would lie on the stack of the whole verb. */
__attribute__((noinline)) static enum err fault_set(const char *path, enum content kind,
                                                    const char *expected, struct why *why)
{
    struct advice a;
    if (kind == CONTENT_PLAN)
        return why_set(why, ERR_INPUT,
                       "%s is a plan file, not %s; to carry it out: mailfrom apply --plan %s", path,
                       expected, advice_word(&a, path));
    if (kind == CONTENT_JOURNAL)
        return why_set(why, ERR_INPUT, "%s is %s, not %s; a journal is named by --journal %s", path,
                       content_name(kind), expected, advice_word(&a, path));
    if (kind == CONTENT_STATE || kind == CONTENT_TEMPLATE)
        return why_set(why, ERR_INPUT, "%s is %s, not %s; identities_from in a manifest takes it",
                       path, content_name(kind), expected);
    return why_set(why, ERR_INPUT, "%s is %s, not %s", path, content_name(kind), expected);
}

enum err kinds_manifests_vet(const struct options *o, struct why *why)
{
    for (size_t i = 0; i < o->arguments_len; i++) {
        enum content kind = kind_of(o->arguments[i]);
        if (kind != CONTENT_OTHER)
            return fault_set(o->arguments[i], kind, "a manifest", why);
    }
    return OK;
}

enum err kinds_not(const char *word, const char *expected, struct why *why)
{
    enum content kind = kind_of(word);
    if (kind != CONTENT_OTHER)
        return fault_set(word, kind, expected, why);
    return why_set(why, ERR_INPUT, is_file(word) ? "%s is a file, not %s" : "\"%s\" is not %s",
                   word, expected);
}

enum err kinds_names_vet(const struct options *o, struct why *why)
{
    static const struct text ends[] = {{".yaml", 5}, {".yml", 4}, {".csv", 4}, {".plan", 5}};
    for (size_t i = 0; i < o->arguments_len; i++) {
        const char *word = o->arguments[i];
        enum content kind = kind_of(*word == '@' ? word + 1 : word);
        if (kind != CONTENT_OTHER)
            return fault_set(*word == '@' ? word + 1 : word, kind, "a list of names", why);
        for (size_t e = 0; e < COUNT(ends); e++)
            if (text_ends(text_of(word), ends[e]) && is_file(word))
                return why_set(why, ERR_INPUT,
                               "%s is a file, not a name: @%s takes a name from each of its lines",
                               word, word);
    }
    return OK;
}

enum err kinds_plan_vet(const struct options *o, struct why *why)
{
    static const struct text ends[] = {{".yaml", 5}, {".yml", 4}};
    enum content kind = kind_of(o->plan);
    if (kind == CONTENT_PLAN)
        return OK;
    if (kind != CONTENT_OTHER)
        return fault_set(o->plan, kind, "a plan file", why);
    for (size_t e = 0; e < COUNT(ends); e++)
        if (text_ends(text_of(o->plan), ends[e]) && is_file(o->plan))
            return why_set(
                why, ERR_INPUT,
                "%s is not a plan file of mailfrom; a manifest is carried out without --plan",
                o->plan);
    return OK;
}
