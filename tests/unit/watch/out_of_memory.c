/* The memory of watching, with memory that runs out; see out_of_memory.h. */
#include "out_of_memory.h"

#include "rows_kept.h"

#include <stdio.h>

#define NOW ((instant_us)1800000000000000)

/* Looks at so many, with a problem each; then rows, events, and another process. */
static bool work_watch(void)
{
    static struct rows_kept rows;
    const struct watch_wanted wanted = {.mail_from = TEXT("b.a.test")};
    const struct watch_seen seen = {.is_read = true,
                                    .exists = true,
                                    .mail_from = TEXT("b.a.test"),
                                    .status = MAIL_FROM_FAILED,
                                    .mx = MX_STATUS_MISSING};
    char name[32];
    memset(&rows, 0, sizeof rows);
    struct watch_memory *m = watch_open(&WATCH_POLICY_USUAL);
    bool ok = m != NULL;
    if (ok)
        watch_sweep_begin(m, NOW);
    for (int i = 0; i < 120 && ok; i++) {
        int len = snprintf(name, sizeof name, "d%d.test", i);
        const struct watch_key key = {{TEXT("main"), TEXT_NONE, TEXT("us-east-1")},
                                      {name, (size_t)len}};
        ok = watch_look(m, &key, 0, &wanted, &seen, NOW);
    }
    ok = ok && watch_sweep_end(m, NOW) && rows_keep(&rows, m);
    watch_close(m);
    m = ok ? rows_open(&rows, &WATCH_POLICY_USUAL) : NULL;
    ok = ok && m;
    if (ok) {
        watch_sweep_begin(m, NOW + WATCH_FORGET);
        ok = watch_sweep_end(m, NOW + WATCH_FORGET) && rows_keep(&rows, m);
    }
    watch_close(m);
    return ok;
}

static void watching_says_so(void **state)
{
    (void)state;
    fail_every_allocation(work_watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(watching_says_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
