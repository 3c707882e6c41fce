/* Reads the names of all runs, for a plan from the journal's file beside it. */
#include "own.h"

static bool own_add(void *ctx, const struct lane_name *lane, struct text identity,
                    struct text mail_from)
{
    return own_names_add(ctx, lane, identity, mail_from);
}

enum err run_read_aside(struct run *r, enum err (*read)(struct run *r, struct why *why),
                        struct why *trouble)
{
    struct journal *mine = r->journal;
    r->journal = NULL;
    enum err err = run_journal(r, JOURNAL_READ, trouble);
    if (err == OK)
        err = read(r, trouble);
    if (r->journal)
        journal_close(r->journal);
    r->journal = mine;
    return err;
}

static enum err own_read(struct run *r, struct why *why)
{
    const struct run_observer *o = &r->config.observer;
    enum err err = r->head.verb == RUN_PLAN && o->beside ? o->beside(o->ctx, r, why) : OK;
    if (err != OK)
        return err;
    return journal_written(r->journal, own_add, &r->own, why);
}

/* A plan makes no change, so it needs no journal. */
static enum err own_read_aside(struct run *r, struct why *why)
{
    struct why trouble = {""};
    enum err err = run_read_aside(r, own_read, &trouble);
    if (err == ERR_NOMEM)
        return why_set(why, err, "%s", trouble.text);
    if (err != OK && err != ERR_GONE)
        notice_note(
            &r->config.notices,
            "note: %s. Without the journal it is not known which names mailfrom has set, so "
            "overwrites-custom reports every custom MAIL FROM",
            trouble.text);
    return OK;
}

enum err run_own_names(struct run *r, struct why *why)
{
    own_names_clear(&r->own); /* the names of the shown plan */
    if (!own_names_init(&r->own, &r->fleet))
        return why_set(why, ERR_NOMEM, "out of memory");
    return r->head.verb == RUN_PLAN ? own_read_aside(r, why) : own_read(r, why);
}
