/*
 * journal: makes the tables of a shared journal and brings them up to date, and copies the runs of
 * a journal into another. What is remembered beside a journal in a file lies in files of its own,
 * and in a database beside the runs; the copy takes it along.
 */
#include "journal/journal_copy.h"
#include "journal/store_postgres/store_postgres.h"
#include "journal/store_sqlite/store_sqlite.h"
#include "ui/messages.h"
#include "verbs.h"

#include "base/buf.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum err journal_named(struct journal **out, const char *name, enum journal_mode mode,
                              struct why *why)
{
    const struct notices notices = message_notices();
    return journal_is_postgres(name) ? journal_open_postgres(out, name, mode, &notices, why)
                                     : journal_open_file(out, name, mode, why);
}

/* A journal in a file needs no beginning; the sentence says so. */
static int init(const struct options *o)
{
    const char *name = options_journal(o);
    const struct notices notices = message_notices();
    char made[POSTGRES_MADE_MAX] = "";
    struct why why = {""};
    if (!journal_is_postgres(name)) {
        message_error("journal init makes the tables of a journal in PostgreSQL, and %s is a file, "
                      "which the first run makes: give --journal postgresql://HOST/DATABASE",
                      name);
        return EXIT_CANNOT_RUN;
    }
    if (postgres_journal_init(name, &notices, made, &why) != OK) {
        message_error("journal init: %s", why.text);
        return EXIT_CANNOT_RUN;
    }
    if (!o->quiet)
        message_note("%s", made);
    return EXIT_OK;
}

/* Whoever writes to a journal in a file brings it up to date. */
static int migrate(const struct options *o)
{
    const char *name = options_journal(o);
    const struct notices notices = message_notices();
    char made[POSTGRES_MADE_MAX] = "the journal is up to date";
    struct journal *journal = NULL;
    struct why why = {""};
    enum err err = journal_is_postgres(name)
                       ? postgres_journal_migrate(name, &notices, made, &why)
                       : journal_open_file(&journal, name, JOURNAL_UPDATE, &why);
    journal_close(journal);
    if (err != OK) {
        message_error("journal migrate: %s", why.text);
        return EXIT_CANNOT_RUN;
    }
    if (!o->quiet)
        message_note("%s", made);
    return EXIT_OK;
}

/* A copy from one journal to another. */
struct journals_copied {
    const char *from, *to; /* names, as messages show them */
    const char *from_name, *to_name;
    bool is_quiet;
    uint32_t there;       /* runs that were copied before */
    uint32_t equal, runs; /* compared */
};

static void new_tell(const struct journals_copied *c, const struct copy_told *t, const char *lost)
{
    unsigned long long from = t->from, to = t->to, rows = t->rows;
    if (c->is_quiet)
        return;
    if (from == to)
        message_note("run %llu is copied, %llu rows", from, rows);
    else
        message_note("run %llu is copied, %llu rows, as run %llu", from, rows, to);
    if (*lost)
        message_note("run %llu had lost records before, which stays known: %s", to, lost);
}

/* Row-level security is the database's alone. */
static void bared_tell(const struct journals_copied *c, const struct copy_told *t)
{
    if (t->bared.len)
        message_note("run %llu is of the team " TEXT_FMT
                     ", and %s has no teams: whoever may read that file can read the run",
                     (unsigned long long)t->from, TEXT_ARG(t->bared), c->to);
}

static void gone_tell(const struct journals_copied *c, const struct copy_told *t, const char *lost)
{
    unsigned long long from = t->from;
    if (from == 0)
        message_note("%s may have lost runs, which stays known: %s", c->from, lost);
    else if (t->to)
        message_note("run %llu is lost in %s, which stays known: %s", from, c->from, lost);
    else
        message_note("run %llu is lost in %s, and another run has its number in %s: %s", from,
                     c->from, c->to, lost);
}

static void copied_tell(void *ctx, const struct copy_told *t)
{
    struct journals_copied *c = ctx;
    struct buf scratch;
    buf_init(&scratch, NOTICE_LEN_MAX);
    const char *what = message_safe(&scratch, t->what);
    switch (t->word) {
    case COPY_NEW:
        new_tell(c, t, what);
        bared_tell(c, t);
        break;
    case COPY_THERE: c->there++; break;
    case COPY_GONE: gone_tell(c, t, what); break;
    case COPY_DAMAGED:
    case COPY_DIFFERS:
    case COPY_MISSING:
        message_error("run %llu cannot be read, so it is not copied: %s",
                      (unsigned long long)t->from, what);
        break;
    }
    buf_clear(&scratch);
}

static void compared_tell(void *ctx, const struct copy_told *t)
{
    struct journals_copied *c = ctx;
    struct buf scratch;
    unsigned long long from = t->from, to = t->to;
    buf_init(&scratch, NOTICE_LEN_MAX);
    const char *what = message_safe(&scratch, t->what);
    c->runs++;
    switch (t->word) {
    case COPY_NEW: c->equal++; break;
    case COPY_DIFFERS:
        message_error("run %llu of %s and run %llu of %s are not equal: %s. One of them has gone "
                      "on since it was copied",
                      from, c->from, to, c->to, what);
        break;
    case COPY_DAMAGED: message_error("run %llu cannot be compared: %s", from, what); break;
    case COPY_MISSING:
    case COPY_THERE:
    case COPY_GONE: break; /* the copy has told */
    }
    buf_clear(&scratch);
}

/* Opens both anew, for reading alone: what is compared is what others will find. */
static enum err compare(struct journals_copied *c, struct why *why)
{
    struct journal *from, *to = NULL;
    enum err err = journal_named(&from, c->from_name, JOURNAL_READ, why);
    if (err == OK)
        err = journal_named(&to, c->to_name, JOURNAL_READ, why);
    if (err == OK)
        err = journal_compare_runs(from, to, compared_tell, c, why);
    journal_close(to);
    journal_close(from);
    return err;
}

static enum err runs_copy(struct journals_copied *c, struct why *why)
{
    struct journal *from, *to = NULL;
    enum err err = journal_named(&from, c->from_name, JOURNAL_READ, why);
    if (err == OK)
        err = journal_named(&to, c->to_name, JOURNAL_WRITE, why);
    if (err == OK)
        err = journal_copy_runs(from, to, copied_tell, c, why);
    journal_close(to);
    journal_close(from);
    return err;
}

/* Where a journal of this name keeps the part: in the database, or in a file beside. */
static void part_name(const char *journal, const char *suffix, char name[PATH_MAX])
{
    snprintf(name, PATH_MAX, "%s%s", journal, journal_is_postgres(journal) ? "" : suffix);
}

/* A part that is nowhere is none, and makes no file. */
static enum err part_copy(const struct journals_copied *c, enum copy_part part, const char *suffix,
                          const char *what, struct why *why)
{
    char from_name[PATH_MAX], to_name[PATH_MAX];
    struct journal *from, *to = NULL;
    uint64_t rows = 0;
    part_name(c->from_name, suffix, from_name);
    part_name(c->to_name, suffix, to_name);
    enum err err = journal_named(&from, from_name, JOURNAL_READ, why);
    if (err == ERR_GONE)
        return OK;
    if (err == OK)
        err = journal_part_rows(from, part, &rows, why);
    if (err == OK && rows)
        err = journal_named(&to, to_name, JOURNAL_WRITE, why);
    if (err == OK && rows)
        err = journal_copy_part(from, to, part, &rows, why);
    journal_close(to);
    journal_close(from);
    if (err == OK && rows && !c->is_quiet)
        message_note("%s is copied, %llu rows", what, (unsigned long long)rows);
    return err;
}

static enum err all_copy(struct journals_copied *c, struct why *why)
{
    enum err err = runs_copy(c, why);
    if (err == OK)
        err = part_copy(c, COPY_LOOKS, OPTIONS_LOOKS, "since when DNS records are asked for", why);
    if (err == OK)
        err = part_copy(c, COPY_WATCHED, OPTIONS_WATCHED, "what watching remembers", why);
    return err == OK ? compare(c, why) : err;
}

static int copy(const char *from, const char *to, bool is_quiet)
{
    char from_shown[POSTGRES_SHOWN_MAX], to_shown[POSTGRES_SHOWN_MAX];
    struct journals_copied c = {.from_name = from, .to_name = to, .is_quiet = is_quiet};
    struct why why = {""};
    if (journal_name_vet(from, &why) != OK || journal_name_vet(to, &why) != OK) {
        message_error("journal copy: %s", why.text);
        return EXIT_CANNOT_RUN;
    }
    c.from = journal_is_postgres(from) ? postgres_journal_shown(from, from_shown) : from;
    c.to = journal_is_postgres(to) ? postgres_journal_shown(to, to_shown) : to;
    if (strcmp(from, to) == 0) {
        message_error("journal copy: %s is named twice, expected the journal to copy and another "
                      "one",
                      c.to);
        return EXIT_CANNOT_RUN;
    }
    if (all_copy(&c, &why) != OK) {
        message_error("journal copy: %s", why.text);
        return EXIT_CANNOT_RUN;
    }
    if (!is_quiet && c.there)
        message_note("%u of the runs had been copied before", c.there);
    if (!is_quiet)
        message_note("%u of %u runs are equal in both journals, row by row", c.equal, c.runs);
    return c.equal == c.runs ? EXIT_OK : EXIT_CANNOT_RUN;
}

int verb_journal(const struct options *o)
{
    const char *word = o->arguments_len ? o->arguments[0] : "";
    size_t len = o->arguments_len;
    if (strcmp(word, "init") == 0 && len == 1)
        return init(o);
    if (strcmp(word, "migrate") == 0 && len == 1)
        return migrate(o);
    if (strcmp(word, "copy") == 0 && len == 3)
        return copy(o->arguments[1], o->arguments[2], o->quiet);
    if (strcmp(word, "copy") == 0)
        message_error("journal copy takes two journals, FROM and TO: each is a file, or "
                      "postgresql://HOST/DATABASE");
    else
        message_error("journal takes init, migrate, or copy FROM TO, not \"%s\"", word);
    return EXIT_CANNOT_RUN;
}
