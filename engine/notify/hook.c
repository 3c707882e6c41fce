/* Runs the program of a hook once for each event, and hands its output to the notices. */
#include "hook.h"

#include "aws/credentials/child.h"
#include "base/count.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES_MAX 5 /* of one run */

/* What programs need to find files, other programs and the way out, and to speak the user's
 * language. */
static const char *const variables[] = {"PATH",
                                        "HOME",
                                        "USER",
                                        "LOGNAME",
                                        "SHELL",
                                        "LANG",
                                        "LANGUAGE",
                                        "TZ",
                                        "TMPDIR",
                                        "TERM",
                                        "HTTP_PROXY",
                                        "NO_PROXY",
                                        "no_proxy",
                                        "http_proxy",
                                        "https_proxy",
                                        "HTTPS_PROXY",
                                        "all_proxy",
                                        "ALL_PROXY",
                                        "SSL_CERT_FILE",
                                        "SSL_CERT_DIR",
                                        "XDG_RUNTIME_DIR",
                                        "XDG_CONFIG_HOME",
                                        "DBUS_SESSION_BUS_ADDRESS"};

static bool is_seen(const char *entry)
{
    struct text name = text_slice(text_of(entry), 0, text_find(text_of(entry), '='));
    if (text_starts(name, TEXT("HOOK_")) || text_starts(name, TEXT("LC_")))
        return true;
    for (size_t i = 0; i < COUNT(variables); i++)
        if (text_eq(name, text_of(variables[i])))
            return true;
    return false;
}

char **hook_environment(char *const *environment)
{
    size_t len = 0, kept = 0;
    while (environment[len])
        len++;
    char **envp = calloc(len + 1, sizeof *envp);
    for (size_t i = 0; envp && i < len; i++)
        if (is_seen(environment[i]))
            envp[kept++] = environment[i];
    return envp;
}

enum err hook_vet(const char *command, struct why *why)
{
    struct command_line line;
    char path[PATH_LEN_MAX];
    command_line_init(&line);
    enum err err = command_line_parse(&line, text_of(command), why);
    if (err == OK)
        err = child_find(line.argv[0], path, why);
    command_line_clear(&line);
    return err == OK ? OK : ERR_INPUT;
}

enum err hook_new(struct hook **out, const char *command, struct why *why)
{
    struct hook *h = calloc(1, sizeof *h);
    *out = NULL;
    if (!h)
        return why_set(why, ERR_NOMEM, "out of memory");
    command_line_init(&h->line);
    h->envp = hook_environment(environ);
    enum err err = h->envp ? command_line_parse(&h->line, text_of(command), why)
                           : why_set(why, ERR_NOMEM, "out of memory");
    if (err != OK)
        hook_free(h);
    else
        *out = h;
    return err;
}

/* The beginning of what it printed, a line for each of its lines. */
static void output_say(const struct hook *h, struct text output, bool is_cut)
{
    uint32_t said = 0;
    while (output.len && said < LINES_MAX) {
        struct text line = text_trim(text_cut(&output, '\n'));
        if (line.len)
            sayings_add(h->sayings, NOTICE_NOTE, "%.100s: " TEXT_FMT, h->line.argv[0],
                        TEXT_ARG(text_slice(line, 0, SAYING_LEN_MAX - 120)));
        said += line.len > 0;
    }
    if (text_trim(output).len || is_cut)
        sayings_add(h->sayings, NOTICE_NOTE, "%.100s: (the rest of its output is left out)",
                    h->line.argv[0]);
}

static enum delivery result_judge(const struct hook *h, const struct child_result *r,
                                  struct why *why)
{
    char limit[WHEN_LEN];
    if (r->is_late) {
        why_set(why, ERR_IO, "it did not end within %s and was ended",
                span_format(h->timeout, limit));
        return DELIVERY_LOST;
    }
    if (WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0)
        return DELIVERY_DONE;
    if (WIFSIGNALED(r->status))
        why_set(why, ERR_IO, "it was ended by signal %d", WTERMSIG(r->status));
    else
        why_set(why, ERR_IO, "it ended with exit code %d", WEXITSTATUS(r->status));
    return DELIVERY_LOST;
}

enum delivery hook_deliver(void *ctx, struct outlet *o, const struct message *m, struct text bytes,
                           struct why *why)
{
    struct hook *h = ctx;
    struct child_result result = {.status = 0};
    const struct child_terms terms = {.argv = h->line.argv,
                                      .envp = h->envp,
                                      .input = bytes,
                                      .time_max = h->timeout,
                                      .grace = HOOK_GRACE,
                                      .ending_fd = h->ending_fd,
                                      .drops_output = true};
    (void)o, (void)m;
    buf_init(&result.out, HOOK_OUTPUT_MAX);
    buf_init(&result.err, HOOK_OUTPUT_MAX);
    enum err err = child_run(&terms, &result, why);
    output_say(h, buf_text(&result.out), result.out.failed);
    output_say(h, buf_text(&result.err), result.err.failed);
    buf_clear(&result.out);
    buf_clear(&result.err);
    if (err == ERR_BUSY)
        return DELIVERY_ENDING;
    return err == OK ? result_judge(h, &result, why) : DELIVERY_LOST;
}

void hook_free(void *ctx)
{
    struct hook *h = ctx;
    command_line_clear(&h->line);
    free(h->envp);
    free(h);
}
