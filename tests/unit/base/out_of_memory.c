/* Every room of base and model, with memory that runs out; see out_of_memory.h. */
#include "out_of_memory.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/heap.h"
#include "model/fleet.h"

#include <stdio.h>
#include <stdlib.h>

static bool work_arena(void)
{
    struct arena a;
    bool ok = true;
    arena_init(&a, SIZE_MAX);
    for (int i = 0; i < 200 && ok; i++)
        ok = arena_take(&a, 100) && arena_fmt(&a, "%d", i).at;
    arena_reset(&a);
    ok = arena_take(&a, 5000) && ok;
    arena_clear(&a);
    return ok;
}

static bool work_buf(void)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    for (int i = 0; i < 1000; i++)
        buf_add_fmt(&b, "%04d;", i);
    bool ok = !b.failed;
    assert_true(b.len % 5 == 0); /* nothing is added in part, nothing after a hole */
    buf_clear(&b);
    return ok;
}

static bool work_heap(void)
{
    struct heap h;
    bool ok = heap_init(&h, 100);
    heap_clear(&h);
    return ok;
}

static bool work_names(void)
{
    struct names n;
    char text[32];
    name_id id;
    bool ok = names_init(&n, NAMES_BYTES_MAX);
    uint32_t added = 0;
    for (; added < 3000 && ok; added += ok) {
        int len = snprintf(text, sizeof text, "d%u.example", added);
        ok = names_add(&n, (struct text){text, (size_t)len}, &id);
        assert_int_equal(id, ok ? added + 1 : NAME_NONE);
    }
    for (uint32_t i = 0; i < added; i++) {
        int len = snprintf(text, sizeof text, "d%u.example", i);
        assert_int_equal(names_find(&n, (struct text){text, (size_t)len}), i + 1);
    }
    names_clear(&n);
    return ok;
}

static bool work_fleet(void)
{
    struct fleet f;
    uint32_t row;
    uint16_t index;
    bool ok = true;
    fleet_init(&f);
    for (uint16_t i = 0; i < 100 && ok; i++)
        ok = fleet_account(&f, (struct account){0}, &index) && fleet_lane(&f, i, i, &index) &&
             fleet_policy(&f, (struct policy){.accept = i}, &index) &&
             fleet_file(&f, TEXT("fleet.yaml"), &index) &&
             fleet_choice(&f, (struct choice){.line = i}, &row);
    fleet_clear(&f);
    return ok;
}

static void every_room_of_base_and_model_survives_it(void **state)
{
    (void)state;
    work *const all[] = {work_arena, work_buf, work_heap, work_names, work_fleet};
    for (size_t i = 0; i < COUNT(all); i++)
        fail_every_allocation(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_room_of_base_and_model_survives_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
