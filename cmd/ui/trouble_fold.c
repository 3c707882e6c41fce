/* Compares sentences without the number of the account and the name of the Region. */
#include "trouble_fold.h"

#include "base/bounds.h"
#include "base/plural.h"

#define SHOWN_MAX 3 /* accounts, and Regions, that are named */

void trouble_fold_init(struct trouble_fold *f)
{
    *f = (struct trouble_fold){.len = 0};
    arena_init(&f->arena, SIZE_MAX);
    f->kinds = ARENA_ARRAY(&f->arena, struct trouble_kind, TROUBLE_KINDS_MAX);
}

void trouble_fold_clear(struct trouble_fold *f)
{
    for (uint32_t i = 0; i < f->len; i++) {
        buf_clear(&f->kinds[i].others);
        buf_clear(&f->kinds[i].regions);
    }
    arena_clear(&f->arena);
    f->kinds = NULL;
    f->len = 0;
}

static void shape_add(struct buf *out, struct text t, const struct trouble *of)
{
    const struct text names[] = {of->number, of->account, of->region};
    while (t.len) {
        size_t taken = 0;
        for (size_t i = 0; i < sizeof names / sizeof *names && !taken; i++)
            if (names[i].len && text_starts(t, names[i]))
                taken = names[i].len;
        buf_add_char(out, taken ? '\x01' : t.at[0]);
        t = text_from(t, taken ? taken : 1);
    }
}

static void region_add(struct trouble_kind *k, struct text region)
{
    if (k->regions_len++ < SHOWN_MAX)
        buf_add_fmt(&k->regions, "%s" TEXT_FMT, k->regions.len ? ", " : "", TEXT_ARG(region));
}

static void kind_take(struct trouble_kind *k, const struct trouble *t)
{
    k->pairs++;
    if (text_eq(t->account, k->first.account)) {
        region_add(k, t->region);
        return;
    }
    if (text_eq(t->account, k->last))
        return;
    k->last = t->account;
    if (k->accounts++ < SHOWN_MAX + 1)
        buf_add_fmt(&k->others, "%s" TEXT_FMT, k->others.len ? ", " : "", TEXT_ARG(t->account));
}

bool trouble_kind_has(const struct trouble_kind *k, const struct trouble *t, const char *sentence)
{
    struct buf shape;
    buf_init(&shape, LINE_LEN_MAX);
    shape_add(&shape, text_of(sentence), t);
    bool has = text_eq(k->shape, buf_text(&shape));
    buf_clear(&shape);
    return has;
}

bool trouble_fold_add(struct trouble_fold *f, const struct trouble *t, const char *sentence)
{
    uint32_t i = 0;
    while (i < f->len && !trouble_kind_has(&f->kinds[i], t, sentence))
        i++;
    bool fits = f->kinds && i < TROUBLE_KINDS_MAX;
    if (fits && i == f->len) {
        struct trouble_kind *k = &f->kinds[f->len++];
        struct buf shape;
        buf_init(&shape, LINE_LEN_MAX);
        shape_add(&shape, text_of(sentence), t);
        *k = (struct trouble_kind){.shape = arena_text(&f->arena, buf_text(&shape)),
                                   .sentence = arena_text(&f->arena, text_of(sentence)),
                                   .first = *t,
                                   .accounts = 1};
        buf_init(&k->others, LINE_LEN_MAX);
        buf_init(&k->regions, LINE_LEN_MAX);
        buf_clear(&shape);
    }
    if (fits)
        kind_take(&f->kinds[i], t);
    return fits;
}

void trouble_kind_place(const struct trouble_kind *k, struct buf *out)
{
    buf_add_fmt(out, "account " TEXT_FMT ", %s " TEXT_FMT, TEXT_ARG(k->first.account),
                plural(k->regions_len, "Region", "Regions"), TEXT_ARG(buf_text(&k->regions)));
    if (k->regions_len > SHOWN_MAX)
        buf_add_fmt(out, " and %u more", k->regions_len - SHOWN_MAX);
}

void trouble_kind_others(const struct trouble_kind *k, struct buf *out)
{
    uint32_t others = k->accounts - 1, pairs = k->pairs - k->regions_len;
    if (!others)
        return;
    buf_add_fmt(out, "likewise %u other %s (%u %s): " TEXT_FMT, others,
                plural(others, "account", "accounts"), pairs,
                plural(pairs, "pair of account and Region", "pairs of account and Region"),
                TEXT_ARG(buf_text(&k->others)));
    if (others > SHOWN_MAX)
        buf_add_fmt(out, " and %u more", others - SHOWN_MAX);
}
