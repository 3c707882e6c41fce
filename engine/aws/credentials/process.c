/*
 * Keys printed by a program of the user (credential_process). The program runs without a shell and
 * without a terminal; its standard error goes into the error sentence, without texts resembling
 * keys. Source: AWS SDKs and Tools Reference Guide, "Process credential provider".
 */
#include "aws/json.h"
#include "child.h"
#include "command_line.h"
#include "key_provider.h"

#include <stdio.h>
#include <sys/wait.h>

#define TIME_MAX     SPAN_S(60)
#define STDERR_MAX   4096
#define SAID_LEN     300 /* characters of standard error in the sentence */
#define KEY_LIKE_LEN 20  /* access key ids have 20 characters, secrets 40 */

static bool applies(const struct provider_input *in)
{
    return profile_has(in->profile, "credential_process");
}

/* Reading */

/* Twenty characters of base64 in a row, a capital or a digit among them: a key, a token, or a path
 * not needed in the error. */
static bool is_key_like(struct text t)
{
    bool mixed = false;
    for (size_t i = 0; i < t.len; i++)
        mixed |= (t.at[i] >= 'A' && t.at[i] <= 'Z') || char_is_digit(t.at[i]);
    return t.len >= KEY_LIKE_LEN && mixed;
}

static bool is_of_key(char c)
{
    return char_is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-' || c == '%';
}

/* The last line: programs report their failure there. */
static void said_copy(struct text said, char out[SAID_LEN])
{
    struct buf safe;
    while (said.len && (said.at[said.len - 1] == '\n' || said.at[said.len - 1] == '\r'))
        said.len--;
    size_t end_of_line = text_rfind(said, '\n');
    said = text_trim(end_of_line < said.len ? text_from(said, end_of_line + 1) : said);
    buf_init(&safe, STDERR_MAX);
    while (said.len) {
        size_t len = 0;
        while (len < said.len && is_of_key(said.at[len]))
            len++;
        struct text word = text_slice(said, 0, len ? len : 1);
        buf_add_text(&safe, is_key_like(word) ? TEXT("(hidden)") : word);
        said = text_from(said, word.len);
    }
    snprintf(out, SAID_LEN, "%s", safe.len ? safe.at : "");
    buf_clear(&safe);
}

static enum err result_read(const struct child_result *r, bool is_renewal, struct credentials *out,
                            struct why *why)
{
    bool is_good =
        !r->is_late && !r->is_too_long && WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0;
    if (!is_good) {
        /* A program with earlier success may succeed again. */
        bool is_passing = is_renewal;
        char said[SAID_LEN], how[64];
        said_copy(buf_text(&r->err), said);
        if (r->is_late)
            snprintf(how, sizeof how, "did not end within %d s", (int)(TIME_MAX / SPAN_S(1)));
        else if (r->is_too_long)
            snprintf(how, sizeof how, "printed more than %u bytes", CREDENTIAL_ANSWER_MAX);
        else if (WIFSIGNALED(r->status))
            snprintf(how, sizeof how, "was ended by signal %d", WTERMSIG(r->status));
        else
            snprintf(how, sizeof how, "ended with exit code %d", WEXITSTATUS(r->status));
        return why_set(why, is_passing ? ERR_IO : ERR_AUTH, "the program %s%s%s", how,
                       said[0] ? "; its last output: " : "", said);
    }
    struct json *json = NULL;
    double version = 0;
    enum err err = json_parse(&json, buf_text(&r->out), why);
    if (!err &&
        (!json_number(json_member(json, "Version"), &version) || version < 1 || version > 1))
        err = why_set(why, ERR_PROTO, "\"Version\" is not 1");
    json_wipe(json);
    if (!err)
        err = key_json_read(buf_text(&r->out), "SessionToken", out, why);
    return err ? why_wrap(why, ERR_AUTH, "what it printed") : OK;
}

/* Running */

/* The command line is not shown: people put secrets there. */
static enum err run(const struct provider_input *in, struct credentials *out, struct why *why)
{
    struct command_line line;
    struct child_result result = {.status = 0};
    command_line_init(&line);
    buf_init(&result.out, CREDENTIAL_ANSWER_MAX);
    buf_init(&result.err, STDERR_MAX);
    enum err err =
        command_line_parse(&line, profile_get_whole(in->profile, "credential_process"), why);
    if (err)
        err = ERR_AUTH;
    if (!err && out)
        err = child_run(&(struct child_terms){.argv = line.argv,
                                              .time_max = TIME_MAX,
                                              .ending_fd = in->exchange->ending_fd},
                        &result, why);
    if (!err && out)
        err = result_read(&result, in->is_renewal, out, why);
    if (err)
        why_wrap(why, err, "credential_process");
    if (err && !out)
        why_wrap(why, err, "profile \"%s\"", in->profile->name);
    buf_wipe(&result.out);
    buf_wipe(&result.err);
    command_line_clear(&line);
    return err;
}

const struct key_provider provider_process = {
    .name = "process", .is_of_profile = true, .applies = applies, .run = run};
