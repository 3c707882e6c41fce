/* What to do next, as commands to be pasted. */
#include "next_steps.h"

#include "messages.h"
#include "options/advice.h"
#include "scheduler/waves.h"

#include "base/count.h"
#include "base/plural.h"

static bool is_settled(const struct run *r)
{
    const uint32_t *by_state = r->totals.by_state;
    uint32_t waiting = by_state[JOB_FOLLOWING] + by_state[JOB_WAITING_DNS];
    bool has_waves = r->fleet.waves_len > 0 || waves_numbered(&r->fleet) > 0;
    uint32_t held = has_waves ? by_state[JOB_READY] : 0;
    return r->config.detach && waiting > 0 && waiting + held + by_state[JOB_DONE] == r->totals.jobs;
}

/* "Every change is confirmed; 5 wait for SES, 1 for DNS" */
static void waits_print(const uint32_t by_state[JOB_STATES])
{
    static const struct {
        enum job_state state;
        const char *whom;
    } waits[] = {{JOB_FOLLOWING, "SES"}, {JOB_WAITING_DNS, "DNS"}, {JOB_READY, "their wave"}};
    bool is_first = true;
    printf("Every change is confirmed");
    for (size_t i = 0; i < COUNT(waits); i++) {
        uint32_t count = by_state[waits[i].state];
        if (count && is_first)
            printf("; %u %s for %s", count, plural(count, "waits", "wait"), waits[i].whom);
        else if (count)
            printf(", %u for %s", count, waits[i].whom);
        is_first = is_first && count == 0;
    }
}

void next_steps_print(const struct options *o, const struct run *r, bool wrote)
{
    struct advice a;
    uint64_t id = r->head.id;
    if (r->head.verb == RUN_PLAN)
        return;
    if (r->end != ENGINE_ENDED && is_settled(r)) {
        waits_print(r->totals.by_state);
        printf(". To follow them: %s\n", advice_run(&a, o, "resume", id, ""));
    } else if (r->end != ENGINE_ENDED)
        printf("Stopped before the end. To go on: %s\n", advice_run(&a, o, "resume", id, ""));
    else if (wrote)
        printf("To take it back: %s\n", advice_run(&a, o, "rollback", id, ""));
}

void next_steps_retry(const struct options *o, const struct run *r, uint32_t bad, uint32_t drifted)
{
    struct advice a;
    if (bad == 0 || r->head.verb == RUN_PLAN)
        return;
    printf("%u did not succeed. To try %s again, once the cause is mended: %s\n", bad,
           plural(bad, "it", "them"), advice_run(&a, o, "resume", r->head.id, "--retry-failed"));
    if (drifted)
        printf("%u %s drifted, since SES has changed meanwhile: mailfrom explain drifted\n",
               drifted, plural(drifted, "has", "have"));
}

void next_steps_after(const struct options *o, const struct run *r, enum err err)
{
    struct advice a;
    if (err == OK || !r->journal || !r->head.id || r->head.verb == RUN_PLAN)
        return;
    const char *command = advice_run(&a, o, "resume", r->head.id, "");
    message_error_then(
        command, "nothing more was sent after that, and what was sent is in the journal; to go "
                 "on:");
}

void next_steps_records(const struct options *o, const struct run *r, uint32_t waiting)
{
    struct advice a; /* large for a small stack: one is enough */
    struct buf words;
    bool is_plan = r->head.verb == RUN_PLAN;
    if (waiting == 0 || (is_plan && (o->dry_run || o->publish)))
        return;
    buf_init(&words, sizeof a.text);
    for (size_t i = 0; is_plan && i < o->arguments_len; i++)
        buf_add_fmt(&words, "%s ", advice_word(&a, o->arguments[i]));
    if (!is_plan)
        buf_add_fmt(&words, "%llu ", (unsigned long long)r->head.id);
    buf_add_str(&words, "--missing");
    buf_add_char(&words, '\0');
    printf("%u %s for DNS. What is to be published: %s\n", waiting,
           plural(waiting, "waits", "wait"),
           advice_make(&a, o, "records", words.failed ? "" : words.at));
    buf_clear(&words);
}
