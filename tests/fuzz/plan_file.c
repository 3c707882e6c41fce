/*
 * A plan file without its last line: the digest is put there, for a fuzzer would never guess it.
 * What is read and written again must come back the same.
 */
#include "fleets.h"
#include "fuzz.h"

#include "base/bounds.h"
#include "crypto/sha256.h"
#include "plan/plan_file.h"
#include "plan/plan_internal.h"

#include <stdio.h>

struct plan {
    struct plan_head head;
    struct plan_counts counts;
    struct fleet fleet;
    struct plan_verdict *verdicts;
    struct arena arena;
};

static enum err plan_take(struct plan *p, const char *path)
{
    struct why why = {""};
    fleet_init(&p->fleet);
    arena_init(&p->arena, 1u << 20);
    enum err err =
        plan_read(path, false, &p->head, &p->counts, &p->fleet, &p->verdicts, &p->arena, &why);
    assert(err == OK || why.text[0]);
    return err;
}

static void plan_drop(struct plan *p)
{
    fleet_clear(&p->fleet);
    arena_clear(&p->arena);
}

static const char *sealed(struct text body, char path[FUZZ_PATH_LEN])
{
    char digest[SHA256_HEX_LEN];
    struct buf b;
    buf_init(&b, 8u << 20);
    buf_add_text(&b, body);
    if (!sha256_hex(body, digest))
        abort();
    buf_add_fmt(&b, "\"digest\":\"sha256:%s\"}\n", digest);
    fuzz_file("plan.json", buf_text(&b), path);
    buf_clear(&b);
    return path;
}

/* The facts that a row was reviewed on, as the job that found them had them. */
static struct job_row job_of(const struct fleet *f, uint32_t row)
{
    const struct expectation *e = &f->expected[row];
    bool goes = f->choices[row].guarded == GUARD_REVIEWED;
    return (struct job_row){.action = goes ? ACTION_SET : ACTION_NONE,
                            .outcome = goes ? OUTCOME_PLANNED : OUTCOME_UNCHANGED,
                            .seen_known = true,
                            .mail_from_seen = names_text(&f->names, e->mail_from),
                            .behavior_seen = (enum behavior)e->behavior,
                            .status_seen = (enum mail_from_status)e->status};
}

static void write_again(const struct plan *p, struct buf *out)
{
    struct plan_writer *w = plan_writer_new(&p->fleet);
    assert(w);
    plan_write_begin(w, &p->head, out);
    for (uint32_t row = 0; row < p->fleet.choices_len; row++) {
        struct job_row job = job_of(&p->fleet, row);
        plan_write_row(w, row, &job, out);
    }
    plan_write_end(w, out);
    plan_writer_free(w);
}

static void plan_comes_back(const struct plan *p)
{
    char path[FUZZ_PATH_LEN];
    struct plan again;
    struct buf out;
    buf_init(&out, 64u << 20);
    write_again(p, &out);
    assert(!out.failed);
    fuzz_file("again.json", buf_text(&out), path);
    assert(plan_take(&again, path) == OK);
    assert(text_eq(again.head.version, p->head.version));
    assert(text_eq(again.head.options, p->head.options));
    assert(again.head.created / 1000 == p->head.created / 1000 &&
           again.counts.rows == p->counts.rows);
    assert(again.counts.changes == p->counts.changes);
    fleets_are_same(&p->fleet, &again.fleet);
    plan_drop(&again);
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN];
    struct plan p;
    if (plan_take(&p, sealed((struct text){(const char *)bytes, len}, path)) == OK) {
        fleet_is_sound(&p.fleet);
        plan_comes_back(&p);
    }
    plan_drop(&p);
    return 0;
}
