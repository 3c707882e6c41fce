/*
 * Losses of records. A store reports the losses found at opening; the running digest notices
 * missing, changed or foreign records anywhere, in any store. A loss found once is written into the
 * journal, so the loss stays known.
 */
#include "inside.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct vetting {
    struct head head;
    struct outline *outline; /* made on the way; NULL: it is not wanted, or cannot be made */
    uint64_t digest, number; /* of the record before */
    bool end_seen;
    struct publish_links links;
    struct run_loss *lost;
};

static bool vet_one(void *ctx, const struct record *record, const struct kept *kept)
{
    struct vetting *v = ctx;
    struct record_words words = kept->words;
    if (record->kind == RECORD_PUBLISH)
        words.publish = publish_links_take(&v->links, kept->number);
    bool fits = kept->digest ? record_digest(v->digest, record, &words) == kept->digest
                             : kept->number <= v->head.undigested;
    if (!fits) {
        /* Numbers grow, and whether one was left out only the store knows. */
        unsigned long long before = (unsigned long long)v->number,
                           at = (unsigned long long)kept->number;
        if (!*v->lost->what) {
            if (v->number)
                snprintf(v->lost->what, sizeof v->lost->what,
                         "record %llu does not follow record %llu: one was changed, or those "
                         "between them are missing",
                         at, before);
            else
                snprintf(
                    v->lost->what, sizeof v->lost->what,
                    "record %llu does not begin the run: it was changed, or those before it are "
                    "missing",
                    at);
        }
    }
    v->digest = kept->digest ? kept->digest : v->digest;
    v->number = kept->number;
    v->end_seen |= kept->number == v->head.last_record && kept->digest == v->head.last_digest;
    v->lost->kept += record_is_of_job(record);
    bool has_notes = kept->values[RECORD_NOTES].type != STORE_NULL;
    if (v->outline && record_is_of_job(record) &&
        !outline_take(v->outline, record->job, kept->number, has_notes))
        v->outline = NULL;
    return true;
}

/* What is read over and over stays as it is while this journal is open, and a pass over all records
 * is made here anyway. */
static enum err outline_wish(struct journal *j, struct vetting *v, struct why *why)
{
    outline_clear(&j->outline);
    if (!j->store->is_read_only || journal_is_shared(j))
        return OK;
    v->outline = &j->outline;
    return outline_begin(&j->outline, v->head.head.id, v->head.head.jobs, why);
}

static bool count_one(void *ctx, const struct store_row *row)
{
    (void)row;
    ++*(uint64_t *)ctx;
    return true;
}

struct loss_reading {
    uint64_t run;
    struct run_loss *lost;
};

static bool loss_one(void *ctx, const struct store_row *row)
{
    const struct loss_reading *r = ctx;
    if (row->number != r->run)
        return true;
    r->lost->kept = (uint64_t)value_int(&row->values[0]);
    snprintf(r->lost->what, sizeof r->lost->what, TEXT_FMT, TEXT_ARG(value_text(&row->values[1])));
    return false;
}

enum err loss_of_run(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why)
{
    const struct store_loss *found = &j->store->loss;
    bool meant = run == 0     ? found->runs_unknown
                 : found->run ? run == found->run
                              : run <= found->runs;
    struct loss_reading r = {run, lost};
    *lost = (struct run_loss){.kept = 0};
    enum err err = journal_each(j, TABLE_LOST, run, loss_one, &r, why);
    assert(!found->found || found->what[0]);
    if (err != OK || *lost->what || !found->found || !meant)
        return err;
    snprintf(lost->what, sizeof lost->what, "%s", found->what);
    return run ? journal_each(j, VIEW_OUTLINE, run, count_one, &lost->kept, why) : OK;
}

/* Behind what is found of the records stands what is suspected of their end. */
static void suspicion_add(struct run_loss *lost, const struct run_loss *suspected)
{
    size_t used = strlen(lost->what);
    if (!used)
        *lost = *suspected;
    else if (*suspected->what)
        snprintf(lost->what + used, sizeof lost->what - used, "; %s", suspected->what);
}

/* What is only suspected is proved, or not, by the records: without its mark a journal is read like
 * any other. */
enum err journal_vet(struct journal *j, uint64_t run, struct run_loss *lost, struct why *why)
{
    struct run_loss suspected;
    enum err err = loss_of_run(j, run, &suspected, why);
    bool is_known = *suspected.what && !journal_may_have_lost(text_of(suspected.what));
    *lost = is_known ? suspected : (struct run_loss){.kept = 0};
    if (err != OK || is_known)
        return err;
    assert(run > 0);
    struct vetting v = {.lost = lost};
    arena_init(&v.links.arena, SIZE_MAX);
    err = head_of_run(j, run, &v.head, why);
    v.digest = head_digest(&v.head);
    if (err == OK)
        err = outline_wish(j, &v, why);
    if (err == OK)
        err = publish_links_read(j, run, &v.links, why);
    if (err == OK)
        err = record_walk(j, run, vet_one, &v, why);
    if (err == OK && !*lost->what && v.links.taken < v.links.len)
        snprintf(lost->what, sizeof lost->what,
                 "what record %llu says of a published name is there, and the record is not",
                 (unsigned long long)v.links.at[v.links.taken].number);
    arena_clear(&v.links.arena);
    if (err != OK || !v.outline)
        outline_clear(&j->outline);
    if (err == OK && !*lost->what && v.head.last_record && !v.end_seen)
        snprintf(lost->what, sizeof lost->what,
                 "its newest records, up to record %llu, are missing",
                 (unsigned long long)v.head.last_record);
    if (err == OK && *lost->what && !j->store->is_read_only) {
        err = journal_enter(j, why);
        if (err != OK)
            return err;
        err = j->store->ops->add_loss(j->store, run, text_of(lost->what), why);
        err = journal_leave(j, err, STORE_COMMIT, why);
    }
    if (!*lost->what)
        lost->kept = 0;
    suspicion_add(lost, &suspected);
    return err;
}

struct losses_reading {
    struct journal *j;
    bool (*fn)(void *ctx, uint64_t run, struct text what, bool is_gone);
    void *ctx;
    enum err err;
    struct why *why;
};

static bool losses_one(void *ctx, const struct store_row *row)
{
    struct losses_reading *r = ctx;
    struct head head;
    r->err = row->number ? head_find(r->j, row->number, &head, NULL, r->why) : ERR_GONE;
    bool is_gone = r->err == ERR_GONE;
    r->err = is_gone ? OK : r->err;
    return r->err == OK && r->fn(r->ctx, row->number, value_text(&row->values[1]), is_gone);
}

/* journal_loss() tells a reader's own finding. */
enum err journal_losses(struct journal *j,
                        bool (*fn)(void *ctx, uint64_t run, struct text what, bool is_gone),
                        void *ctx, struct why *why)
{
    struct losses_reading r = {.j = j, .fn = fn, .ctx = ctx, .why = why};
    enum err err = journal_each(j, TABLE_LOST, 0, losses_one, &r, why);
    err = err == OK ? r.err : err;
    return err == OK ? OK : journal_wrap(j, err, why);
}

bool journal_may_have_lost(struct text what)
{
    return text_ends(what, TEXT(STORE_NOT_KNOWN)) && text_find_text(what, TEXT("; ")) == what.len;
}

bool journal_is_damaged(struct text why)
{
    return text_find_text(why, TEXT("the file is damaged")) < why.len ||
           text_find_text(why, TEXT("the journal is damaged")) < why.len;
}

/* The newest run known to be lost. */
struct newest_loss {
    bool found;
    uint64_t run;
};

static bool newest_one(void *ctx, const struct store_row *row)
{
    *(struct newest_loss *)ctx = (struct newest_loss){true, row->number};
    return true;
}

enum err run_gone(struct journal *j, uint64_t run, struct why *why)
{
    struct run_loss lost;
    const struct store_loss *found = &j->store->loss;
    struct newest_loss newest = {found->found, found->runs};
    enum err err = OK;
    if (run == 0 && !found->found)
        err = journal_each(j, TABLE_LOST, 0, newest_one, &newest, why);
    if (err == OK && run == 0 && !newest.found)
        return why_set(why, ERR_GONE, "holds no run yet: mailfrom apply begins one");
    run = run ? run : newest.run;
    if (err == OK)
        err = loss_of_run(j, run, &lost, why);
    if (err == OK && !*lost.what)
        err = loss_of_run(j, 0, &lost, why);
    if (err != OK)
        return err;
    if (journal_may_have_lost(text_of(lost.what)))
        return why_set(why, ERR_IO,
                       "has no such run, and may have lost it: %s. Restore the journal from a "
                       "copy, or see with mailfrom discover what SES has",
                       lost.what);
    if (*lost.what)
        return why_set(why, ERR_IO,
                       "has lost run %llu: %s. Restore the journal from a copy, or see with "
                       "mailfrom discover what SES has",
                       (unsigned long long)run, lost.what);
    return why_set(why, ERR_GONE, "has no run %llu: mailfrom status --all lists what it has",
                   (unsigned long long)run);
}

const char *journal_loss(const struct journal *j, uint64_t *run)
{
    *run = j->store->loss.run;
    return j->store->loss.found ? j->store->loss.what : "";
}
