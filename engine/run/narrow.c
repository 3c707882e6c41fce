/* Selection and fleet: what is left, what is told, what is kept. */
#include "narrow.h"

#include "base/plural.h"

#include <stdio.h>
#include <stdlib.h>

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

enum err selection_tell(const struct selection *s, const struct selection_found *found,
                        const char *whole, const struct notices *n, struct why *why)
{
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    selection_write(s, &words);
    enum err err = OK;
    if (words.failed)
        err = no_memory(why);
    else if (found->rows && found->kept == 0)
        err = why_set(why, ERR_INPUT, TEXT_FMT " leaves none of the %u %s of %s",
                      TEXT_ARG(buf_text(&words)), found->rows,
                      plural(found->rows, "identity", "identities"), whole);
    for (uint32_t i = 0; err == OK && i < s->len; i++)
        if (found->rows && found->hits[i] == 0)
            notice_note(n, "note: --%s %s fits no identity of %s",
                        selection_option(s->values[i].kind), s->values[i].given, whole);
    buf_clear(&words);
    return err;
}

enum err selection_keep(struct access *access, const struct selection *s,
                        const struct selection_found *found, struct arena *arena, struct why *why)
{
    struct buf words;
    buf_init(&words, LINE_LEN_MAX);
    if (access->selection)
        buf_add_fmt(&words, "%s; then ", access->selection);
    selection_write(s, &words);
    if (found)
        buf_add_fmt(&words, ": %u of %u identities", found->kept, found->rows);
    access->selection = words.failed ? NULL : arena_text(arena, buf_text(&words)).at;
    buf_clear(&words);
    return access->selection ? OK : no_memory(why);
}

/* Verdicts follow their rows. */
static void verdicts_narrow(struct run *r, const struct fleet_part *part)
{
    struct plan_verdict **next = &r->verdicts;
    for (struct plan_verdict *v = r->verdicts; v; v = v->next) {
        v->row = part->row[v->row];
        if (v->row == FLEET_LEFT_OUT)
            continue;
        *next = v;
        next = &v->next;
    }
    *next = NULL;
}

/* Marks, tells and takes. */
static enum err part_take(struct run *r, const struct selection *s, uint32_t limit,
                          const char *whole, struct fleet_part *part, struct selection_found *found,
                          struct why *why)
{
    bool *keep = calloc(r->fleet.choices_len + 1u, sizeof *keep);
    if (!keep)
        return no_memory(why);
    selection_mark(s, &r->fleet, limit, keep, found);
    enum err err = selection_tell(s, found, whole, &r->config.notices, why);
    if (err == OK && !fleet_part_take(&r->fleet, keep, &r->arena, part))
        err = no_memory(why);
    free(keep);
    return err;
}

enum err run_narrow(struct run *r, struct access *access, const struct selection *s, uint32_t limit,
                    const char *whole, struct why *why)
{
    struct fleet_part part;
    struct selection_found found;
    if (!selection_chooses(s) && !limit)
        return s->limit ? selection_keep(access, s, NULL, &r->arena, why) : OK;
    enum err err = part_take(r, s, limit, whole, &part, &found, why);
    if (err != OK)
        return err;
    verdicts_narrow(r, &part);
    return selection_keep(access, s, &found, &r->arena, why);
}

enum err selection_of_run(const struct selection **out, const struct selection *s,
                          struct text options, struct arena *arena, struct why *why)
{
    struct access kept = {.carriers = 0};
    struct selection *of_run = ARENA_NEW(arena, struct selection);
    if (!of_run)
        return no_memory(why);
    enum err err = access_read(&kept, options, arena, why);
    of_run->limit = s->limit;
    for (uint32_t i = 0; i < s->len; i++) {
        const struct selection_value *v = &s->values[i];
        bool is_usual =
            v->kind == SELECT_REGION && text_eq(text_of(v->given), text_of(kept.region));
        if (!is_usual)
            of_run->values[of_run->len++] = *v;
    }
    *out = of_run;
    return err;
}

enum err run_view(struct run *r, struct access *access, const struct selection *s, struct why *why)
{
    struct access kept = {.carriers = 0};
    char whole[32];
    const struct selection *of_run = s;
    struct selection_found found;
    struct fleet_part *part = ARENA_NEW(&r->arena, struct fleet_part);
    if (!part)
        return no_memory(why);
    enum err err = access_read(&kept, r->head.options, &r->arena, why);
    access->selection = kept.selection;
    if (err == OK)
        err = selection_of_run(&of_run, s, r->head.options, &r->arena, why);
    if (err != OK || (!selection_chooses(of_run) && !of_run->limit))
        return err;
    snprintf(whole, sizeof whole, "run %llu", (unsigned long long)r->head.id);
    err = part_take(r, of_run, of_run->limit, whole, part, &found, why);
    if (err != OK)
        return err;
    r->view = part;
    r->head.jobs = r->fleet.choices_len;
    return selection_keep(access, of_run, &found, &r->arena, why);
}

uint32_t run_row_shown(const struct run *r, uint32_t job)
{
    if (!r->view)
        return job;
    return job < r->view->rows ? r->view->row[job] : FLEET_LEFT_OUT;
}

uint32_t run_lane_shown(const struct run *r, uint32_t lane)
{
    if (!r->view)
        return lane;
    return lane < r->view->lanes ? r->view->lane[lane] : FLEET_LEFT_OUT;
}
