/* The key watch: when what watching finds is told, and how often it looks. */
#include "raw.h"

#include "base/bounds.h"

#define TROUBLE_LOOKS_MAX 1000 /* ten days of looks a quarter of an hour apart */

static void put_watch(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct watch_policy *p = into;
    struct text t = w->event.text;
    uint64_t looks = 0;
    span_us span = 0;
    bool is_looks = rule->key == KEY_TROUBLE_LOOKS;
    bool good = is_looks ? text_to_u64(t, &looks) && looks > 0 && looks <= TROUBLE_LOOKS_MAX
                         : span_parse(t, &span) && span <= MANIFEST_TIMEOUT_MAX &&
                               (rule->key != KEY_EVERY || span >= WATCH_EVERY_MIN);
    if (!good) {
        complain_value(w->raw, w->event.at, rule, t, NULL);
        return;
    }
    switch (rule->key) {
    case KEY_CONFIRM: p->confirm = span; break;
    case KEY_CRITICAL: p->critical = span; break;
    case KEY_PAGE_BEFORE: p->page_before = span; break;
    case KEY_VERIFICATION: p->verification = span; break;
    case KEY_EVERY: p->every = span; break;
    default: p->trouble_looks = (uint32_t)looks; break;
    }
}

static void take_watch(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    walk_texts(w, rule, put_watch, into);
}

void walk_watch(struct manifest_walk *w)
{
    walk_map(w, SECTION_WATCH, take_watch, &w->raw->fleet->watch);
}
