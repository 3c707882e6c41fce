#include "rows_kept.h"

#include <assert.h>
#include <string.h>

static struct text keep_text(char to[80], struct text t)
{
    assert(t.len < 80);
    if (t.len)
        memcpy(to, t.at, t.len);
    return (struct text){to, t.len};
}

bool rows_keep(struct rows_kept *to, struct watch_memory *m)
{
    struct watch_rows rows;
    if (!watch_rows(m, &rows))
        return false;
    for (uint32_t i = 0; i < rows.identities_len; i++) {
        struct watch_identity_record r = rows.identities[i];
        assert(r.number > 0 && r.number <= ROWS_KEPT_MAX);
        char(*texts)[80] = to->texts[r.number - 1];
        r.key.lane.account = keep_text(texts[0], r.key.lane.account);
        r.key.lane.number = keep_text(texts[1], r.key.lane.number);
        r.key.lane.region = keep_text(texts[2], r.key.lane.region);
        r.key.identity = keep_text(texts[3], r.key.identity);
        r.mail_from = keep_text(texts[4], r.mail_from);
        to->identities[r.number - 1] = r;
        if (r.number > to->identities_len)
            to->identities_len = (uint32_t)r.number;
    }
    for (uint32_t i = 0; i < rows.problems_len; i++) {
        const struct watch_problem_record *r = &rows.problems[i];
        assert(r->number > 0 && r->number <= ROWS_KEPT_MAX);
        to->problems[r->number - 1] = *r;
        if (r->number > to->problems_len)
            to->problems_len = (uint32_t)r->number;
    }
    to->writes += rows.identities_len + rows.problems_len;
    return true;
}

struct watch_memory *rows_open(const struct rows_kept *from, const struct watch_policy *policy)
{
    struct watch_memory *m = watch_open(policy);
    bool ok = m != NULL;
    for (uint32_t i = 0; ok && i < from->identities_len; i++)
        ok = watch_learn_identity(m, &from->identities[i]);
    for (uint32_t i = 0; ok && i < from->problems_len; i++)
        ok = watch_learn_problem(m, &from->problems[i]);
    if (ok)
        return m;
    watch_close(m);
    return NULL;
}
