#include "way_on.h"

#include "limits.h"
#include "run_trust.h"
#include "say.h"

static bool is_settled(const struct run *r)
{
    const uint32_t *by_state = r->totals.by_state;
    uint32_t waiting = by_state[JOB_FOLLOWING] + by_state[JOB_WAITING_DNS];
    return r->options->no_wait && waiting > 0 && waiting + by_state[JOB_DONE] == r->totals.jobs;
}

void way_on_print(const struct run *r, bool wrote)
{
    unsigned long long id = r->head.id;
    struct buf again;
    if (r->head.verb == RUN_PLAN)
        return;
    buf_init(&again, LINE_LEN_MAX);
    run_trust_again(r->options, &again);
    const char *more = again.len ? again.at : "";
    if (r->end != ENGINE_ENDED && is_settled(r))
        printf("Every change is confirmed; %u wait for SES, %u for DNS. To follow them: mailfrom "
               "resume %llu%s\n",
               r->totals.by_state[JOB_FOLLOWING], r->totals.by_state[JOB_WAITING_DNS], id, more);
    else if (r->end != ENGINE_ENDED)
        printf("Stopped before the end. To go on: mailfrom resume %llu%s\n", id, more);
    else if (wrote)
        printf("To take it back: mailfrom rollback %llu%s\n", id, more);
    buf_clear(&again);
}

void way_on_after(const struct run *r, enum err err)
{
    if (err != OK && r->journal && r->head.id && r->head.verb != RUN_PLAN)
        say_error("nothing more was sent after that, and what was sent is in the journal: "
                  "mailfrom resume %llu goes on",
                  (unsigned long long)r->head.id);
}

void way_on_records(const struct run *r, uint32_t waiting)
{
    const struct options *o = r->options;
    bool is_plan = r->head.verb == RUN_PLAN;
    if (waiting == 0 || (is_plan && o->dry_run))
        return;
    printf("%u wait%s for DNS. What is to be published: mailfrom records ", waiting,
           waiting == 1 ? "s" : "");
    if (!is_plan)
        printf("%llu", (unsigned long long)r->head.id);
    for (size_t i = 0; is_plan && i < o->arguments_len; i++)
        printf("%s%s", i ? " " : "", o->arguments[i]);
    printf(" --missing\n");
}
