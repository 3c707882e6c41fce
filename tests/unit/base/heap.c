#include "unit.h"

#include "base/heap.h"

#define IDS 97

/* The same promises kept in the most obvious way: one instant per id, looked through. */
struct plain {
    instant_us at[IDS];
};

static uint32_t plain_first(const struct plain *p)
{
    uint32_t best = IDS;
    for (uint32_t id = 0; id < IDS; id++)
        if (p->at[id] != WHEN_NEVER && (best == IDS || p->at[id] < p->at[best]))
            best = id;
    return best;
}

static void compare(const struct heap *h, const struct plain *p)
{
    uint32_t first = plain_first(p), present = 0;
    for (uint32_t id = 0; id < IDS; id++)
        present += p->at[id] != WHEN_NEVER;
    assert_int_equal(h->len, present);
    assert_true(heap_first(h) == (first == IDS ? WHEN_NEVER : p->at[first]));
}

static void play(uint64_t seed)
{
    struct heap h;
    struct plain p;
    assert_true(heap_init(&h, IDS));
    for (uint32_t id = 0; id < IDS; id++)
        p.at[id] = WHEN_NEVER;
    for (int step = 0; step < 20000; step++) {
        uint32_t id = (uint32_t)(dice(&seed) % IDS), got = IDS;
        instant_us now = (instant_us)(dice(&seed) % 50); /* few values, so that ties are common */
        switch (dice(&seed) % 4) {
        case 0:
        case 1:
            heap_set(&h, id, now);
            p.at[id] = now;
            break;
        case 2:
            if (dice(&seed) % 2)
                heap_drop(&h, id);
            else
                heap_set(&h, id, WHEN_NEVER);
            p.at[id] = WHEN_NEVER;
            break;
        default:
            id = plain_first(&p);
            bool due = id < IDS && p.at[id] <= now;
            assert_int_equal(heap_pop_due(&h, now, &got), due);
            if (due) {
                assert_int_equal(got, id); /* a tie goes to the smaller id */
                p.at[id] = WHEN_NEVER;
            }
        }
        compare(&h, &p);
    }
    heap_clear(&h);
}

static void it_agrees_with_a_plain_list(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++)
        play(seed);
}

static void a_million_deadlines_come_out_in_order(void **state)
{
    (void)state;
    uint32_t ids = 1000000, id;
    uint64_t seed = 7;
    struct heap h;
    assert_true(heap_init(&h, ids));
    for (uint32_t i = 0; i < ids; i++)
        heap_set(&h, i, (instant_us)(dice(&seed) % 1000000));
    instant_us last = -1;
    for (uint32_t i = 0; i < ids; i++) {
        instant_us first = heap_first(&h);
        assert_true(first >= last);
        last = first;
        assert_true(heap_pop_due(&h, WHEN_NEVER - 1, &id));
    }
    assert_false(heap_pop_due(&h, WHEN_NEVER, &id));
    heap_clear(&h);
}

static void an_empty_heap_waits_for_ever(void **state)
{
    (void)state;
    struct heap h;
    uint32_t id;
    assert_true(heap_init(&h, 0));
    assert_true(heap_first(&h) == WHEN_NEVER);
    assert_false(heap_pop_due(&h, WHEN_NEVER, &id));
    heap_clear(&h);
    heap_clear(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_a_plain_list),
        cmocka_unit_test(a_million_deadlines_come_out_in_order),
        cmocka_unit_test(an_empty_heap_waits_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
