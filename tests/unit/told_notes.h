/*
 * A judgement with memory for its notes, and the notes as text: for the tests of rules.
 */
#ifndef MF_TOLD_NOTES_H
#define MF_TOLD_NOTES_H

#include "unit.h"

#include "rules/judge.h"

struct told_notes {
    struct arena memory;
    struct buf text;
};

/* told must be cleared. */
static inline void told_init(struct told_notes *told, struct judgement *j)
{
    arena_init(&told->memory, 1 << 20);
    buf_init(&told->text, 1 << 20);
    j->memory = &told->memory;
}

static inline void told_clear(struct told_notes *told)
{
    arena_clear(&told->memory);
    buf_clear(&told->text);
}

/* "mx-missing wait: the sentence\n", "sandbox warning (accepted): ...\n"; in told->text. */
static inline struct text told_text(struct told_notes *told, const struct judgement *j)
{
    struct finding_notes notes = judge_notes(j);
    buf_reset(&told->text);
    for (uint32_t i = 0; i < notes.len; i++)
        buf_add_fmt(&told->text, "%s %s%s: " TEXT_FMT "\n", finding_rule(notes.at[i].rule)->name,
                    severity_name(notes.at[i].severity), notes.at[i].accepted ? " (accepted)" : "",
                    TEXT_ARG(notes.at[i].text));
    assert_false(told->text.failed || j->out_of_memory);
    return buf_text(&told->text);
}

#endif
