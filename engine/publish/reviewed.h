/*
 * A reviewed plan of record sets: what publish --out has written, the JSON report of a dry run
 * (reports/published.h), read back. A publishing by it creates what was planned there, in the
 * zones named there, and nothing else.
 */
#ifndef MF_PUBLISH_REVIEWED_H
#define MF_PUBLISH_REVIEWED_H

#include "base/arena.h"
#include "base/error.h"
#include "base/names.h"

/* One name of the plan. Texts in the arena. */
struct reviewed_name {
    bool mx, txt, merges;            /* planned */
    struct text mx_value, txt_value; /* as the report has them */
    struct text zone_id, txt_before;
    uint32_t ttl_s;
};

struct reviewed {
    struct names names; /* id is index + 1 */
    struct reviewed_name *list;
    uint32_t len;
};

/* json: the whole file. ERR_INPUT: no such plan; ERR_NOMEM. Clear it in every case. */
enum err reviewed_read(struct reviewed *r, struct text json, struct arena *arena, struct why *why);
void reviewed_clear(struct reviewed *r);
/* NULL: the plan has no change of the name. */
const struct reviewed_name *reviewed_find(const struct reviewed *r, struct text name);

#endif
