#include "out_of_memory.h"

#include <stdlib.h>

#define ALLOCATIONS_MAX 10000

/* allocations until one fails; negative: none does */
static _Thread_local long left = -1;

bool is_scarce(void)
{
    return left >= 0 && left-- == 0;
}

bool memory_ran_out(void)
{
    return left < 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strndup(const char *text, size_t len);

void *__wrap_malloc(size_t size)
{
    return is_scarce() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_scarce() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return is_scarce() ? NULL : __real_realloc(p, size);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return is_scarce() ? NULL : __real_strndup(text, len);
}

void fail_every_allocation(work *w)
{
    bool ok = false;
    for (long n = 0; !ok; n++) {
        assert_true(n < ALLOCATIONS_MAX);
        left = n;
        ok = w();
        bool was_enough = left >= 0;
        left = -1;
        if (ok != was_enough)
            fail_msg("allocation %ld: %s", n, ok ? "a failure was not told" : "told without one");
    }
}
