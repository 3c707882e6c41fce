/*
 * What the tests of infrastructure code share: a document, read, as lines that a table can hold.
 */
#ifndef MF_MANAGED_ROOM_H
#define MF_MANAGED_ROOM_H

#include "unit.h"

#include "base/buf.h"
#include "managed/managed.h"

#include <stdio.h>

struct seen {
    struct managed_file file;
    struct buf document; /* of a file in TEST_DATA */
    struct buf settings; /* a line for each: ADDRESS IDENTITY ACCOUNT REGION MAIL_FROM BEHAVIOR */
    struct buf faults;   /* "LINE:COLUMN: TEXT\n" */
    struct buf parts;    /* PATH STACK ACCOUNT REGION */
};

static inline const char *or_dash(struct text t, char out[64])
{
    snprintf(out, 64, TEXT_FMT, TEXT_ARG(t));
    return t.len ? out : "-";
}

static inline void lines_make(struct seen *s)
{
    char a[64], b[64], c[64], d[64], e[64];
    for (uint32_t i = 0; i < s->file.settings_len; i++) {
        const struct managed_setting *m = &s->file.settings[i];
        buf_add_fmt(&s->settings, TEXT_FMT " %s %s %s %s %s\n", TEXT_ARG(m->address),
                    or_dash(m->identity, a), or_dash(m->account, b), or_dash(m->region, c),
                    m->sets_mail_from ? or_dash(m->mail_from, d) : "unset",
                    or_dash(m->behavior, e));
    }
    for (uint32_t i = 0; i < s->file.faults_len; i++)
        buf_add_fmt(&s->faults, "%u:%u: " TEXT_FMT "\n", s->file.faults[i].line,
                    s->file.faults[i].column, TEXT_ARG(s->file.faults[i].text));
    for (uint32_t i = 0; i < s->file.parts_len; i++) {
        const struct managed_part *p = &s->file.parts[i];
        buf_add_fmt(&s->parts, "%s%s %s %s %s\n", p->is_assembly ? "folder " : "",
                    or_dash(p->path, a), or_dash(p->stack, b), or_dash(p->account, c),
                    or_dash(p->region, d));
    }
}

static inline void see_in(struct seen *s, struct text document, const struct managed_stack *stack,
                          bool joins)
{
    struct why why = {""};
    buf_init(&s->settings, 1u << 20);
    buf_init(&s->faults, 1u << 20);
    buf_init(&s->parts, 1u << 20);
    assert_int_equal(managed_read(&s->file, document, stack, &why), OK);
    if (joins)
        assert_int_equal(managed_join(&s->file, &why), OK);
    lines_make(s);
}

static inline void see(struct seen *s, const char *document)
{
    buf_init(&s->document, 1);
    see_in(s, text_of(document), &(struct managed_stack){.name = TEXT_NONE}, false);
}

static inline void see_file(struct seen *s, const char *name, bool joins)
{
    char path[512], bytes[4096];
    size_t n;
    snprintf(path, sizeof path, TEST_DATA "/managed/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    buf_init(&s->document, 1u << 20);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        buf_add(&s->document, bytes, n);
    fclose(file);
    see_in(s, buf_text(&s->document), &(struct managed_stack){.name = TEXT_NONE}, joins);
}

static inline void seen_clear(struct seen *s)
{
    managed_clear(&s->file);
    buf_clear(&s->document);
    buf_clear(&s->settings);
    buf_clear(&s->faults);
    buf_clear(&s->parts);
}

#endif
