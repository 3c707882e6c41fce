/*
 * A story for the tests of pages and tables: a fleet whose run was written on TODAY. What a domain
 * lives through is chosen by its number.
 */
#ifndef MF_SENT_STORY_H
#define MF_SENT_STORY_H

#include "sent_rows.h"

#include "evidence/comparison.h"
#include "reports/evidence.h"

#include <stdio.h>

#define STORY_DAYS 12 /* before TODAY, and as many after */

enum story_kind {
    STORY_BETTER,
    STORY_BETTER_TOO,
    STORY_FAILING, /* another Region sends most of its mail */
    STORY_WORSE,
    STORY_LITTLE,
    STORY_UNWRITTEN, /* as wanted before */
    STORY_APART,     /* of another account */
    STORY_KINDS,
};

struct story {
    struct changes changes;
    struct tally tally;
    bool is_hostile;
};

#define STORY_WRITE   (TODAY * DAY_US + SPAN_H(9))
#define STORY_SUCCESS (TODAY * DAY_US + SPAN_H(33))

/* Names as strangers write them. */
static inline void story_names(const struct story *s, uint32_t i, char from[128], char bounce[128])
{
    snprintf(from, 128,
             s->is_hostile ? "<b title='%u'>\"&.=1+1,x</b>.example" : "shop-%04u.example", i);
    snprintf(bounce, 128,
             s->is_hostile ? "</td><script>alert(%u)</script>" : "bounce.shop-%04u.example", i);
}

static inline void story_day(struct story *s, uint32_t i, int32_t day)
{
    char from[128], bounce[128];
    enum story_kind kind = (enum story_kind)(i % STORY_KINDS);
    bool is_set = kind == STORY_UNWRITTEN || (kind != STORY_APART && day > 1) ||
                  (kind == STORY_WORSE && day < 0);
    uint64_t messages = kind == STORY_LITTLE ? 2 : 400 + (uint64_t)(day + 20) * 7 + i % 50;
    uint64_t custom = !is_set                          ? 0
                      : kind == STORY_FAILING          ? messages / 4
                      : kind == STORY_WORSE && day > 0 ? messages / 2
                                                       : messages - messages / 50;
    story_names(s, i, from, bounce);
    const struct sent_row rows[] = {
        {day, from, bounce, AUTH_PASS, "amazonses.com", true, true, custom, NULL, "199.255.192.7"},
        {day, from, kind == STORY_FAILING ? "eu-west-1.amazonses.com" : "amazonses.com", AUTH_PASS,
         "amazonses.com", false, i % 3 > 0, messages - custom, NULL, "199.255.192.9"},
        {day, from, "relay.example.net", AUTH_PASS, "amazonses.com", false, false,
         day % 3 == 0 ? 9 : 0, "quarantine", "198.51.100.4"},
        {day, from, from, AUTH_FAIL, NULL, false, false, day % 2 ? 0 : 31, "reject", "203.0.113.9"},
        {day, from, "mail.crm.example", AUTH_PASS, from, false, true, 25, NULL, "2001:db8::25"},
    };
    for (size_t k = 0; k < COUNT(rows); k++)
        (void)sent_add(&s->tally, &rows[k]);
}

static inline void story_tell(struct story *s, uint32_t domains, bool has_run, bool is_hostile)
{
    *s = (struct story){.is_hostile = is_hostile};
    (void)changes_init(&s->changes);
    for (uint32_t i = 0; i < domains; i++) {
        char from[128], bounce[128];
        enum story_kind kind = (enum story_kind)(i % STORY_KINDS);
        story_names(s, i, from, bounce);
        const struct changed_identity one = {text_of(from),
                                             TEXT("us-east-1"),
                                             kind == STORY_UNWRITTEN ? WHEN_NEVER
                                                                     : STORY_WRITE + i * SPAN_S(1),
                                             kind == STORY_UNWRITTEN ? 0 : STORY_SUCCESS,
                                             WHEN_NEVER,
                                             false};
        if (kind != STORY_APART)
            (void)(changes_add(&s->changes, &one) &&
                   changes_add_mail_from(&s->changes, text_of(bounce)));
    }
    (void)tally_init(&s->tally, has_run ? &s->changes : NULL, DAY_MIN, DAY_MAX);
    for (int32_t day = -STORY_DAYS; day <= STORY_DAYS; day++)
        for (uint32_t i = 0; i < domains; i++)
            story_day(s, i, day);
    tally_settle(&s->tally);
}

static inline struct evidence story_evidence(const struct story *s)
{
    struct evidence e = {.tally = &s->tally,
                         .gain = mail_gain(&s->tally),
                         .counts = {.files = 12, .reports = 48, .duplicates = 2, .rows = 960},
                         .version = TEXT("1.0")};
    if (s->tally.changes) {
        e.run = 3;
        e.verb = TEXT("apply");
        e.started = STORY_WRITE;
    }
    return e;
}

static inline void story_clear(struct story *s)
{
    tally_clear(&s->tally);
    changes_clear(&s->changes);
}

#endif
