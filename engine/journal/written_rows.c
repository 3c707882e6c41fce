/*
 * What the runs of a journal have written to SES, whoever asks: of all runs, identity by identity.
 */
#include "inside.h"

enum err journal_written(struct journal *j,
                         bool (*fn)(void *ctx, struct text account, struct text region,
                                    struct text identity, struct text mail_from),
                         void *ctx, struct why *why)
{
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err =
        sql_prepare(j->sql, &st,
                    TEXT("SELECT a.name, l.region, c.identity, r.write_mail_from FROM record r"
                         " CROSS JOIN choice c ON c.run = r.run AND c.place = r.job"
                         " CROSS JOIN lane l ON l.run = r.run AND l.place = c.lane"
                         " CROSS JOIN account a ON a.run = r.run AND a.place = l.account"
                         " WHERE r.kind = 1 AND r.write_mail_from <> '' ORDER BY r.seq"),
                    why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK)
        more = fn(ctx, sql_col_text(st, 0), sql_col_text(st, 1), sql_col_text(st, 2),
                  sql_col_text(st, 3));
    sql_finish(st);
    if (!more)
        return why_set(why, ERR_NOMEM, "out of memory");
    return err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}

static enum journal_word word_of(struct sql_stmt *st)
{
    if (sql_col_int(st, 9) == RECORD_INTENT)
        return JOURNAL_SENT;
    return sql_col_int(st, 10) > 0 ? JOURNAL_TAKEN : JOURNAL_REFUSED;
}

static struct journal_accepted accepted_of(struct sql_stmt *st)
{
    return (struct journal_accepted){.word = word_of(st),
                                     .run = (uint64_t)sql_col_int(st, 0),
                                     .account = sql_col_text(st, 1),
                                     .region = sql_col_text(st, 2),
                                     .identity = sql_col_text(st, 3),
                                     .mail_from = sql_col_text(st, 4),
                                     .behavior = (enum behavior)(sql_col_int(st, 5) != 0),
                                     .mail_from_before = sql_col_text(st, 6),
                                     .behavior_before = (enum behavior)(sql_col_int(st, 7) != 0),
                                     .at = sql_col_int(st, 8)};
}

/* A row that has drifted saw what is another operator's. An answer that leaves a row unsure is
 * none: 1 and 2 are intents and answers, 6 is JOB_UNSURE. */
enum err journal_accepted(struct journal *j,
                          bool (*fn)(void *ctx, const struct journal_accepted *accepted), void *ctx,
                          struct why *why)
{
    struct sql_stmt *st = NULL;
    bool more = true;
    enum err err =
        sql_prepare(j->sql, &st,
                    TEXT("SELECT r.run, a.name, l.region, c.identity,"
                         " iif(r.kind = 1, r.write_mail_from, r.mail_from_seen),"
                         " iif(r.kind = 1, r.write_behavior, r.behavior_seen),"
                         " r.mail_from_before, r.behavior_before, r.at, r.kind, r.accepted"
                         " FROM record r"
                         " CROSS JOIN choice c ON c.run = r.run AND c.place = r.job"
                         " CROSS JOIN lane l ON l.run = r.run AND l.place = c.lane"
                         " CROSS JOIN account a ON a.run = r.run AND a.place = l.account"
                         " WHERE (r.accepted > 0 OR r.kind IN (1, 2)) AND r.outcome <> 9"
                         " AND NOT (r.kind = 2 AND r.state = 6)"
                         " ORDER BY r.seq"),
                    why);
    while (err == OK && more && (err = sql_step(j->sql, st, why)) == OK) {
        struct journal_accepted accepted = accepted_of(st);
        more = fn(ctx, &accepted);
    }
    sql_finish(st);
    if (!more)
        return why_set(why, ERR_NOMEM, "out of memory");
    return err == ERR_GONE ? OK : why_wrap(why, err, "journal %s", j->place.file);
}
