/*
 * A fleet and its records for the tests of reports: one lane, rows as given, texts that may be
 * hostile. Written as a source, as the journal would be.
 */
#ifndef MF_REPORT_KIT_H
#define MF_REPORT_KIT_H

#include "unit.h"

#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct kit {
    struct fleet fleet;
    struct job_row *jobs; /* owned; a job whose calls are UINT32_MAX has no record */
    uint32_t len, passes; /* passes over the rows that a test has counted */
    char folder[64];
    struct csv_dialect csv;
};

#define KIT_NO_RECORD UINT32_MAX

static const struct report_head kit_head = {.run = 7,
                                            .verb = TEXT("apply"),
                                            .state = TEXT("ended"),
                                            .version = TEXT("0.1.0"),
                                            .started = 1779265800000000,
                                            .stopped = 1779280000000000,
                                            .last = 1779279990000000};

static inline name_id kit_name(struct kit *k, struct text t)
{
    name_id id;
    assert_true(names_add(&k->fleet.names, t, &id));
    return id;
}

static inline void kit_init(struct kit *k, struct text account, struct text file)
{
    uint16_t index;
    *k = (struct kit){0};
    strcpy(k->folder, "/tmp/reports.XXXXXX");
    assert_non_null(mkdtemp(k->folder));
    fleet_init(&k->fleet);
    assert_true(names_init(&k->fleet.names, 256u << 20));
    assert_true(fleet_account(&k->fleet, (struct account){.name = kit_name(k, account)}, &index));
    assert_true(fleet_lane(&k->fleet, 0, kit_name(k, TEXT("us-east-1")), &index));
    assert_true(
        fleet_policy(&k->fleet, (struct policy){.behavior = BEHAVIOR_REJECT_MESSAGE}, &index));
    assert_true(fleet_file(&k->fleet, file, &index));
}

static inline void kit_add(struct kit *k, struct text identity, struct text mail_from,
                           struct job_row job)
{
    uint32_t row;
    struct choice c = {.identity = kit_name(k, identity),
                       .mail_from = kit_name(k, mail_from),
                       .type = (uint8_t)identity_type_of(identity),
                       .line = k->len + 1};
    assert_true(fleet_choice(&k->fleet, c, &row));
    if ((k->len & (k->len - 1)) == 0) /* room doubles */
        k->jobs = realloc(k->jobs, sizeof *k->jobs * (k->len ? 2 * (size_t)k->len : 1));
    k->jobs[k->len++] = job;
}

static inline void kit_clear(struct kit *k)
{
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", k->folder);
    assert_int_equal(system(line), 0);
    fleet_clear(&k->fleet);
    free(k->jobs);
}

static inline enum err kit_rows(void *ctx, bool (*fn)(void *, uint32_t, const struct job_row *),
                                void *fn_ctx, struct why *why)
{
    struct kit *k = ctx;
    (void)why;
    for (uint32_t i = 0; i < k->len; i++)
        if (k->jobs[i].calls != KIT_NO_RECORD && !fn(fn_ctx, i, &k->jobs[i]))
            break;
    return OK;
}

/* The life of job i, as far as its outcome: looked at, ready, written, followed, done, with a few
 * seconds between. */
static inline bool kit_life(struct kit *k, uint32_t i,
                            bool (*fn)(void *fn_ctx, const struct record *record), void *fn_ctx)
{
    static const enum job_state states[] = {JOB_READING, JOB_READY, JOB_WRITING, JOB_FOLLOWING,
                                            JOB_DONE};
    bool bad = outcome_is_bad(k->jobs[i].outcome);
    for (size_t s = 1; s < COUNT(states); s++) {
        struct record record = {.job = i,
                                .kind = states[s] == JOB_WRITING ? RECORD_INTENT : RECORD_MOVE,
                                .at = kit_head.started + SPAN_S(60 * s) + SPAN_MS(i * 500ll),
                                .from = bad ? JOB_READING : states[s - 1],
                                .row = k->jobs[i]};
        record.row.state = bad ? JOB_DONE : states[s];
        if (!fn(fn_ctx, &record))
            return false;
        if (bad)
            break;
    }
    return true;
}

static inline enum err kit_moves(void *ctx, bool (*fn)(void *, const struct record *), void *fn_ctx,
                                 struct why *why)
{
    struct kit *k = ctx;
    (void)why;
    for (uint32_t i = 0; i < k->len; i++)
        if (k->jobs[i].calls != KIT_NO_RECORD && !kit_life(k, i, fn, fn_ctx))
            break;
    return OK;
}

/* The report's path; the test fails when it cannot be written. */
static inline const char *kit_write(struct kit *k, const char *format)
{
    static char path[2][96];
    static unsigned turn;
    struct report_source source = {k, kit_rows, kit_moves};
    struct why why;
    char *at = path[turn++ % 2];
    struct report_head head = kit_head;
    head.csv = k->csv;
    snprintf(at, sizeof path[0], "%s/out.%s", k->folder, format);
    if (report_write(format, at, &head, &k->fleet, &source, &why) != OK)
        fail_msg("%s", why.text);
    return at;
}

/* The whole file; caller frees. */
static inline struct text kit_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t len = (size_t)ftell(f);
    rewind(f);
    char *at = malloc(len + 1);
    assert_int_equal(fread(at, 1, len, f), len);
    at[len] = '\0';
    fclose(f);
    return (struct text){at, len};
}

/* Runs a Python program on a file: its words are the test's, its assertions too. */
static inline void kit_python(const char *program, const char *path)
{
    char script[96], line[256];
    snprintf(script, sizeof script, "%s.py", path);
    FILE *f = fopen(script, "w");
    assert_non_null(f);
    fputs(program, f);
    fclose(f);
    snprintf(line, sizeof line, "/usr/bin/python3 %s %s %s", script, path, SOURCE_DIR);
    assert_int_equal(system(line), 0);
}

/* Hostile text: markup, formulas, controls, broken UTF-8, whatever the dice say. */
static inline struct text kit_hostile(uint64_t *seed, char *out, size_t max)
{
    static const char *const pieces[] = {"<script>alert(1)</script>",
                                         "</script>",
                                         "<!--",
                                         "-->",
                                         "]]>",
                                         "<![CDATA[",
                                         "\"",
                                         "'",
                                         "=1+1",
                                         "@SUM(A1)",
                                         "+1",
                                         "-1",
                                         "\t",
                                         "\r\n",
                                         "\n",
                                         "\x01",
                                         "\x1b[31m",
                                         "\x7f",
                                         "\xc2\x9b",
                                         "\xff",
                                         "\xc3",
                                         "\xe2\x80\xae",
                                         "&amp;",
                                         "&",
                                         "<img src=x onerror=alert(1)>",
                                         "|",
                                         "`",
                                         "](http://x)",
                                         "**",
                                         "#",
                                         "\\",
                                         "\\u0000",
                                         "\xed\xa0\x80",
                                         "\xf0\x9f\x93\xa7",
                                         "a",
                                         "example.com",
                                         ",",
                                         " ",
                                         "<https://evil.example>",
                                         "@everyone",
                                         "~~~",
                                         "```",
                                         "<details>",
                                         "javascript:alert(1)"};
    size_t len = 0;
    for (uint64_t n = dice(seed) % 8 + 1; n > 0; n--) {
        const char *piece = pieces[dice(seed) % COUNT(pieces)];
        size_t piece_len = strlen(piece);
        if (len + piece_len + 1 > max)
            break;
        memcpy(out + len, piece, piece_len);
        len += piece_len;
        if (dice(seed) % 16 == 0)
            out[len - 1] = (char)dice(seed); /* any byte, NUL too */
        len -= len > 0 && dice(seed) % 16 == 1;
    }
    return (struct text){out, len};
}

/* len notes with that sentence, the first of two of a rule that was accepted. They live as long as
 * the kit. */
static inline const struct finding_note *kit_notes(struct kit *k, struct text sentence,
                                                   uint32_t len)
{
    struct finding_note *notes = ARENA_ARRAY(&k->fleet.arena, struct finding_note, len);
    assert_non_null(notes);
    for (uint32_t i = 0; i < len; i++)
        notes[i] = (struct finding_note){.rule = i ? SANDBOX : MX_MISSING,
                                         .severity = i ? SEVERITY_INFO : SEVERITY_WAIT,
                                         .accepted = i == 0 && len > 1,
                                         .text = arena_text(&k->fleet.arena, sentence)};
    return notes;
}

/* Rows whose every text is hostile; each third has two findings of its own, the others one. */
static inline void kit_hostile_fill(struct kit *k, uint32_t rows)
{
    uint64_t seed = 20260520;
    char text[3][512], sentence[256];
    struct text t[3];
    for (uint32_t i = 0; i < rows; i++) {
        for (int n = 0; n < 3; n++)
            t[n] = kit_hostile(&seed, text[n], 500);
        struct text said = kit_hostile(&seed, sentence, 200);
        if (i % 3 == 0)
            said = TEXT("a \"\xc3\xa9\xf0\x9f\x93\xa7<b>");
        struct job_row job = {.state = JOB_DONE,
                              .outcome = (enum outcome)(1 + i % (OUTCOMES - 1)),
                              .action = (enum action)(i % 6),
                              .reason = t[0],
                              .mail_from_before = t[1],
                              .before_known = true,
                              .mx = (enum mx_status)(i % MX_STATUSES),
                              .spf = (enum spf_status)(i % SPF_STATUSES),
                              .dmarc = (enum dmarc_status)(i % DMARC_STATUSES),
                              .findings = FINDING_BIT(MX_MISSING),
                              .notes = {kit_notes(k, said, i % 3 ? 1 : 2), i % 3 ? 1 : 2, true}};
        kit_add(k, t[2].len ? t[2] : TEXT("x"), t[0], job);
        /* the texts must outlive this loop: names keep them */
        struct job_row *kept = &k->jobs[k->len - 1];
        struct text *texts[] = {&kept->reason, &kept->mail_from_before};
        for (size_t n = 0; n < COUNT(texts); n++)
            *texts[n] = names_text(&k->fleet.names, kit_name(k, *texts[n]));
    }
}

#endif
