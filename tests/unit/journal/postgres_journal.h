/*
 * A journal in PostgreSQL for tests of that store alone: an empty one, a run of it, and what is
 * kept. What goes wrong where it must not ends the test.
 */
#ifndef MF_POSTGRES_JOURNAL_H
#define MF_POSTGRES_JOURNAL_H

#include "pg_server.h"
#include "stores.h"

#include "journal/inside.h"
#include "journal/store_postgres/postgres_inside.h"

#include <stdio.h>

static struct why why;

static inline const char *journal_made(void)
{
    static char out[200];
    char made[POSTGRES_MADE_MAX];
    snprintf(out, sizeof out, "%s", pg_server_database());
    if (postgres_journal_init(out, NULL, made, &why) != OK)
        fail_msg("%s", why.text);
    assert_non_null(strstr(made, "made a journal in the schema mailfrom, with the roles"));
    return out;
}

static inline struct journal *opened(const char *url, enum journal_mode mode)
{
    struct journal *j;
    if (journal_open_postgres(&j, url, mode, NULL, &why) != OK)
        fail_msg("%s", why.text);
    return j;
}

/* A run of so many identities in one lane; the error of its beginning. */
static inline enum err begin(struct journal *j, uint32_t jobs, uint64_t *run)
{
    struct fleet f;
    struct run_head head = {.started = 1000, .seed = 7};
    struct choice c = {0};
    name_id region;
    uint16_t index;
    uint32_t row;
    fleet_init(&f);
    assert_true(names_init(&f.names, 1 << 22));
    struct account account = {0};
    assert_true(names_add(&f.names, TEXT("main"), &account.name));
    assert_true(names_add(&f.names, TEXT("us-east-1"), &region));
    assert_true(fleet_account(&f, account, &index));
    assert_true(fleet_lane(&f, 0, region, &index));
    assert_true(fleet_policy(&f, (struct policy){0}, &index));
    for (uint32_t i = 0; i < jobs; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "d%u.test", i);
        assert_true(names_add(&f.names, (struct text){name, (size_t)len}, &c.identity));
        assert_true(fleet_choice(&f, c, &row));
    }
    enum err err = journal_begin(j, &head, &f, &why);
    fleet_clear(&f);
    *run = head.id;
    return err;
}

static inline enum err keep(struct journal *j, uint64_t run, uint32_t from, uint32_t len)
{
    struct record *records = calloc(len, sizeof *records);
    assert_non_null(records);
    for (uint32_t i = 0; i < len; i++)
        records[i] = (struct record){.job = from + i, .at = 2000 + from + i};
    enum err err = journal_keep(j, run, records, len, &why);
    free(records);
    return err;
}

static inline bool count_one(void *ctx, const struct record *r)
{
    (void)r;
    ++*(uint32_t *)ctx;
    return true;
}

static inline uint32_t records_of(struct journal *j, uint64_t run)
{
    uint32_t len = 0;
    if (journal_replay(j, run, count_one, &len, &why) != OK)
        fail_msg("%s", why.text);
    return len;
}

#endif
