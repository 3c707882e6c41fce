/* Orders as words. */
#include "order.h"

#include <assert.h>
#include <stdio.h>

const char *order_kind_name(enum order_kind k)
{
    static const char *const names[ORDER_KINDS] = {"pause", "resume", "pace", "stop", "leave"};
    assert(k < ORDER_KINDS);
    return names[k];
}

const char *order_giver(const struct order *o, char out[ORDER_GIVER_MAX])
{
    snprintf(out, ORDER_GIVER_MAX, "%s (pid %u on %s)", o->user, o->pid, o->host);
    return out;
}

void order_name_copy(char *out, size_t size, struct text name)
{
    size_t len = name.len < size - 1 ? name.len : size - 1;
    assert(size > 0);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)(name.at[i] > ' ' - 1 && name.at[i] <= '~' ? name.at[i] : '?');
    out[len] = '\0';
}
