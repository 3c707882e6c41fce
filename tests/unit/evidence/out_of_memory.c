/* Counting with memory that runs out anywhere; see out_of_memory.h. */
#include "out_of_memory.h"

#include "sent_rows.h"

#include <stdio.h>

static bool changes_make(struct changes *c)
{
    bool ok = changes_init(c) && changes_add_mail_from(c, TEXT("bounce.d1.example"));
    for (int i = 0; i < 70 && ok; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%d.example", i);
        const struct changed_identity one = {text_of(name), TEXT("us-east-1"), TODAY * DAY_US, 0};
        ok = changes_add(c, &one);
    }
    return ok;
}

static bool work_count(void)
{
    struct changes c;
    struct tally t = {0};
    bool ok = changes_make(&c) && tally_init(&t, &c, DAY_MIN, DAY_MAX);
    for (int i = 0; i < 140 && ok; i++) {
        char name[32], address[32];
        snprintf(name, sizeof name, "d%d.example", i % 70);
        snprintf(address, sizeof address, "192.0.2.%d", i);
        ok = sent_add(&t, &(struct sent_row){.day = i % 2,
                                             .from = name,
                                             .mail_from = "amazonses.com",
                                             .spf = AUTH_PASS,
                                             .messages = 1,
                                             .address = address});
    }
    if (ok)
        tally_settle(&t);
    tally_clear(&t);
    changes_clear(&c);
    return ok;
}

static void counting_says_so(void **state)
{
    (void)state;
    fail_every_allocation(work_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counting_says_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
