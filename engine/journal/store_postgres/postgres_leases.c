/*
 * Leases in PostgreSQL: claimed, prolonged, looked at and given back.
 *
 * Transactions of several workers go on at the same time, at READ COMMITTED, where each statement
 * sees what was committed before it. Locks are taken in one order by all: the lock of the whole
 * journal, leases by their id, the run, its lanes. Whoever only needs that a lease stays as it is
 * takes it FOR SHARE, as the INSERT of a fenced record does; whoever changes one FOR NO KEY UPDATE.
 * The clock is clock_timestamp(), since now() stands still in a transaction and a lock may have
 * been waited for.
 */
#include "postgres_leases.h"

#include "base/count.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Arrays */

static void array_begin(struct buf *out)
{
    buf_init(out, LINE_LEN_MAX * 64);
    buf_add_char(out, '{');
}

/* "{1,2}" of numbers; leases by their members. */
struct lease_arrays {
    struct buf runs, lanes, epochs, next_calls, rates;
};

static void lease_arrays_init(struct lease_arrays *a)
{
    array_begin(&a->runs);
    array_begin(&a->lanes);
    array_begin(&a->epochs);
    array_begin(&a->next_calls);
    array_begin(&a->rates);
}

static void lease_arrays_clear(struct lease_arrays *a)
{
    buf_clear(&a->runs);
    buf_clear(&a->lanes);
    buf_clear(&a->epochs);
    buf_clear(&a->next_calls);
    buf_clear(&a->rates);
}

/* An array that is an element of another one: "{1,2}". */
static void spans_add(struct buf *out, const span_us *spans)
{
    buf_add_str(out, "\"{");
    for (int k = 0; k < LEASE_ACTIONS; k++)
        buf_add_fmt(out, "%s%lld", k ? "," : "", (long long)spans[k]);
    buf_add_str(out, "}\"");
}

static void rates_add(struct buf *out, const double *rates)
{
    buf_add_str(out, "\"{");
    for (int k = 0; k < LEASE_ACTIONS; k++)
        buf_add_fmt(out, "%s%.17g", k ? "," : "", rates[k]);
    buf_add_str(out, "}\"");
}

/* False: out of memory. left may be NULL. */
static bool lease_arrays_fill(struct lease_arrays *a, const struct lease *leases, uint32_t len,
                              const struct lease_left *left)
{
    struct buf *all[] = {&a->runs, &a->lanes, &a->epochs, &a->next_calls, &a->rates};
    bool fits = true;
    for (uint32_t i = 0; i < len; i++) {
        for (size_t k = 0; k < COUNT(all) && i; k++)
            buf_add_char(all[k], ',');
        buf_add_u64(&a->runs, leases[i].run);
        buf_add_u64(&a->lanes, leases[i].lane);
        buf_add_u64(&a->epochs, leases[i].epoch);
        if (left) {
            spans_add(&a->next_calls, left[i].next_call);
            rates_add(&a->rates, left[i].rate_per_s);
        } else {
            buf_add_str(&a->next_calls, "NULL");
            buf_add_str(&a->rates, "NULL");
        }
    }
    for (size_t k = 0; k < COUNT(all); k++) {
        buf_add_char(all[k], '}');
        fits &= !all[k]->failed;
    }
    return fits;
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

/* Several statements inside a transaction, in one round trip; rows: as of pg_batch(). */
static enum err batch_inside(struct postgres_store *s, struct pg_statement *list, unsigned len,
                             struct pg_rows *rows, struct why *why)
{
    enum err err = postgres_transaction(s, why);
    for (unsigned i = 0; i < len; i++) {
        rows[i] = (struct pg_rows){.result = NULL};
        list[i].sql = postgres_sql(s, list[i].sql);
        if (!list[i].sql && err == OK)
            err = no_memory(why);
    }
    return err == OK ? pg_batch(s->pg, list, len, rows, why) : err;
}

static void rows_clear(struct pg_rows *rows, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        pg_rows_clear(&rows[i]);
}

/* Workers */

static enum err worker_begin(struct store *store, const struct worker_self *self, uint64_t *worker,
                             struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    struct arena texts;
    struct pg_rows rows;
    arena_init(&texts, SIZE_MAX);
    const struct store_value values[] = {store_text(postgres_text_in(&texts, text_of(self->name))),
                                         store_text(postgres_text_in(&texts, text_of(self->host))),
                                         store_int(self->pid),
                                         store_text(postgres_text_in(&texts, self->version))};
    enum err err = postgres_ask(s,
                                "INSERT INTO @.worker (name, host, pid, version)"
                                " VALUES ($1, $2, $3, $4) RETURNING id",
                                values, COUNT(values), &rows, why);
    if (err == OK)
        *worker = (uint64_t)pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    arena_clear(&texts);
    return err;
}

static enum err worker_end(struct store *store, uint64_t worker, struct why *why)
{
    const struct store_value value = store_int((int64_t)worker);
    return postgres_ask(postgres_of(store),
                        "WITH mine AS (SELECT id FROM @.lease WHERE worker = $1 ORDER BY id"
                        " FOR NO KEY UPDATE), free AS (UPDATE @.lease l SET worker = NULL,"
                        " expires = least(l.expires, clock_timestamp()) FROM mine"
                        " WHERE l.id = mine.id)"
                        " UPDATE @.worker SET ended = clock_timestamp(), seen = clock_timestamp()"
                        " WHERE id = $1",
                        &value, 1, NULL, why);
}

/* A renewal is one statement, so a worker that is frozen meanwhile holds up nobody. */

#define RENEW                                                                                      \
    "WITH asked AS (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[],"    \
    " $6::text[]) WITH ORDINALITY a(run, lane, epoch, next_call, rate, nth)),"                     \
    " mine AS (SELECT l.id, a.nth, a.next_call, a.rate FROM @.lease l"                             \
    " JOIN @.run_lane r ON r.lease = l.id JOIN asked a ON a.run = r.run AND a.lane = r.lane"       \
    " AND a.epoch = l.epoch WHERE l.worker = $1 AND " MAY_CARRY                                    \
    " ORDER BY l.id FOR NO KEY UPDATE OF l),"                                                      \
    " seen AS (UPDATE @.worker SET seen = clock_timestamp() WHERE id = $1)"                        \
    " UPDATE @.lease l SET expires = clock_timestamp() + " US_TO(                                  \
        "$7") ", call_timeout = $8,"                                                               \
              " margin = $9, next_call = coalesce(mine.next_call::bigint[], l.next_call),"         \
              " rate_per_s = coalesce(mine.rate::double precision[], l.rate_per_s), "              \
              "next_call_told ="                                                                   \
              " CASE WHEN mine.next_call IS NULL THEN l.next_call_told ELSE clock_timestamp() END" \
              " FROM mine WHERE l.id = mine.id RETURNING mine.nth"

static enum err renew(struct store *store, uint64_t worker, const struct lease *held, uint32_t len,
                      const struct lease_terms *terms, const struct lease_left *left, bool *lost,
                      struct why *why)
{
    struct lease_arrays a;
    struct pg_rows rows = {.result = NULL};
    lease_arrays_init(&a);
    enum err err = lease_arrays_fill(&a, held, len, left) ? OK : no_memory(why);
    const struct store_value values[] = {store_int((int64_t)worker),
                                         store_text(buf_text(&a.runs)),
                                         store_text(buf_text(&a.lanes)),
                                         store_text(buf_text(&a.epochs)),
                                         store_text(buf_text(&a.next_calls)),
                                         store_text(buf_text(&a.rates)),
                                         store_int(terms->ttl),
                                         store_int(terms->call_timeout),
                                         store_int(terms->margin)};
    if (err == OK)
        err = postgres_ask(postgres_of(store), RENEW, values, COUNT(values), &rows, why);
    for (uint32_t i = 0; err == OK && i < len; i++)
        lost[i] = true;
    for (unsigned i = 0; err == OK && i < rows.len; i++) {
        uint64_t nth = (uint64_t)pg_int(&rows, i, 0);
        assert(nth >= 1 && nth <= len);
        lost[nth - 1] = false;
    }
    pg_rows_clear(&rows);
    lease_arrays_clear(&a);
    return err;
}

/* The lease is locked, so a claim comes before, and nothing is kept, or after, and it is cleared.
 */
static enum err tried(struct store *store, uint64_t worker, uint64_t run, uint16_t lane,
                      struct text sentence, struct why *why)
{
    struct arena texts;
    arena_init(&texts, SIZE_MAX);
    const struct store_value values[] = {store_int((int64_t)worker), store_int((int64_t)run),
                                         store_int(lane),
                                         store_text(postgres_text_in(&texts, sentence))};
    enum err err = postgres_ask(
        postgres_of(store),
        "WITH free AS (SELECT r.run, r.lane FROM @.lease l JOIN @.run_lane r"
        " ON r.lease = l.id WHERE r.run = $2 AND r.lane = $3 AND (" IS_OF_LANE
        " AND l.worker <> $1 AND l.expires > clock_timestamp()) IS NOT TRUE FOR SHARE OF l)"
        " UPDATE @.run_lane r SET tried_why = $4, tried_at = clock_timestamp(),"
        " tried_by = (SELECT name FROM @.worker WHERE id = $1)"
        " FROM free WHERE r.run = free.run AND r.lane = free.lane",
        values, COUNT(values), NULL, why);
    arena_clear(&texts);
    return err;
}

/* Inside a transaction */

static enum err now_tell(struct store *store, instant_us *now, struct why *why)
{
    struct pg_rows rows;
    enum err err = postgres_ask_inside(
        postgres_of(store), "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        NULL, 0, &rows, why);
    if (err == OK)
        *now = pg_int(&rows, 0, 0);
    pg_rows_clear(&rows);
    return err;
}

static enum err alone(struct store *store, struct why *why)
{
    const struct store_value value = store_text(text_of(postgres_of(store)->url.schema));
    return postgres_ask_inside(postgres_of(store),
                               "SELECT pg_advisory_xact_lock(hashtext('mailfrom journal'),"
                               " hashtext($1))::text",
                               &value, 1, NULL, why);
}

static enum err hold(struct store *store, const struct store_fence *list, uint32_t len,
                     struct why *why)
{
    struct buf runs, lanes, epochs, intents;
    struct buf *all[] = {&runs, &lanes, &epochs, &intents};
    struct pg_rows rows = {.result = NULL};
    bool fits = true;
    for (size_t k = 0; k < COUNT(all); k++)
        array_begin(all[k]);
    for (uint32_t i = 0; i < len; i++) {
        buf_add_fmt(&runs, "%s%llu", i ? "," : "", (unsigned long long)list[i].run);
        buf_add_fmt(&lanes, "%s%u", i ? "," : "", list[i].lane);
        buf_add_fmt(&epochs, "%s%llu", i ? "," : "", (unsigned long long)list[i].epoch);
        buf_add_fmt(&intents, "%s%d", i ? "," : "", list[i].is_intent + list[i].is_start);
    }
    for (size_t k = 0; k < COUNT(all); k++) {
        buf_add_char(all[k], '}');
        fits &= !all[k]->failed;
    }
    const struct store_value values[] = {store_text(buf_text(&runs)), store_text(buf_text(&lanes)),
                                         store_text(buf_text(&epochs)),
                                         store_text(buf_text(&intents))};
    enum err err = fits ? postgres_ask_inside(
                              postgres_of(store),
                              "SELECT l.id FROM @.lease l JOIN @.run_lane r ON r.lease = l.id"
                              " JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])"
                              " f(run, lane, epoch, intends) ON f.run = r.run AND f.lane = r.lane"
                              " WHERE l.epoch = f.epoch AND l.worker IS NOT NULL AND " IS_OF_LANE
                              " AND (f.intends = 0 OR l.expires > clock_timestamp())"
                              " AND (f.intends < 2 OR NOT EXISTS (SELECT 1 FROM @.run_shared paused"
                              " WHERE paused.run = f.run AND paused.waves_paused <> 0))"
                              " ORDER BY l.id FOR SHARE OF l",
                              values, COUNT(values), &rows, why)
                        : no_memory(why);
    if (err == OK && rows.len < len)
        err = why_set(why, ERR_FENCED, "another worker carries the lane by now");
    pg_rows_clear(&rows);
    for (size_t k = 0; k < COUNT(all); k++)
        buf_clear(all[k]);
    return err;
}

/* Claims. The first statement locks every lease that is asked for, held or not, in their order; the
 * second one the run, so that it is neither stopped nor opened anew meanwhile; the third then sees
 * what was there when both were locked. */

#define ASKED      "r.run = $1 AND r.lane = ANY ($2::bigint[])"
#define IS_FREE    "(l.worker IS NULL OR l.worker = $3 OR l.expires <= clock_timestamp())"
#define QUIET_MOST "interval '300 s'" /* after a clock that was set */

#define CLAIM                                                                                      \
    "WITH mine AS (SELECT l.id, r.run, r.lane, CASE WHEN r.granted_wave = h.wave THEN r.granted"   \
    " ELSE 0 END AS granted, h.wave FROM @.run_lane r JOIN @.lease l ON l.id = r.lease"            \
    " JOIN @.run_shared h ON h.run = r.run JOIN @.run u ON u.id = r.run"                           \
    " WHERE " ASKED " AND r.rest = 0 AND u.state = 0 AND h.stops = 0 AND " IS_FREE                 \
    " AND " WAITS_FOR " IS NULL AND " MAY_CARRY "),"                                               \
    " seen AS (UPDATE @.worker SET seen = clock_timestamp() WHERE id = $3)"                        \
    " UPDATE @.lease l SET worker = $3, run = mine.run, lane = mine.lane, epoch = l.epoch + 1,"    \
    " claimed = clock_timestamp(), expires = clock_timestamp() + " US_TO(                          \
        "$4") ","                                                                                  \
              " quiet_until = greatest(least(l.quiet_until, clock_timestamp() + " QUIET_MOST "),"  \
              " CASE WHEN l.resigned THEN '-infinity' ELSE clock_timestamp() + " US_TO(            \
                  "l.call_timeout + l.margin") " END),"                                            \
                                               " call_timeout = $5, margin = $6, resigned = "      \
                                               "false FROM mine WHERE l.id = mine.id"              \
                                               " RETURNING l.lane, l.epoch, CASE WHEN "            \
                                               "l.quiet_until > clock_timestamp()"                 \
                                               " THEN " US_LEFT(                                   \
                                                   "l.quiet_until") " ELSE 0 END, "                \
                                                                    "mine.granted,"                \
                                                                    " " US_SINCE(                  \
                                                                        "l.next_"                  \
                                                                        "call_told") ", "          \
                                                                                     "array_to_"   \
                                                                                     "string(l."   \
                                                                                     "next_call, " \
                                                                                     "' '), "      \
                                                                                     "array_to_"   \
                                                                                     "string(l."   \
                                                                                     "rate_per_s," \
                                                                                     " ' '), "     \
                                                                                     "mine.wave"

#define NEXT_CALL_MAX   SPAN_H(24) /* beyond it somebody else has written it */
#define NEXT_CALL_FLOOR SPAN_S(10) /* a clock that was set must not make a lane faster */

/* What is left of a span that was told so long ago. */
static span_us next_call_left(span_us told, span_us ago)
{
    told = told < 0 ? 0 : told;
    span_us least = told < NEXT_CALL_FLOOR ? told : NEXT_CALL_FLOOR, left = told - ago;
    left = left < least ? least : left > told ? told : left;
    return left > NEXT_CALL_MAX ? NEXT_CALL_MAX : left;
}

static void claim_read(const struct pg_rows *rows, unsigned row, uint64_t run,
                       struct lease_claim *claim)
{
    struct text spans = pg_text(rows, row, 5), rates = pg_text(rows, row, 6);
    *claim = (struct lease_claim){
        .lease = {run, (uint16_t)pg_int(rows, row, 0), (uint64_t)pg_int(rows, row, 1)},
        .quiet = pg_int(rows, row, 2),
        .granted = (uint32_t)pg_int(rows, row, 3),
        .wave = (uint32_t)pg_int(rows, row, 7)};
    span_us ago = pg_int(rows, row, 4);
    for (int k = 0; k < LEASE_ACTIONS; k++) {
        char word[40];
        struct text span = text_cut(&spans, ' '), rate = text_cut(&rates, ' ');
        snprintf(word, sizeof word, TEXT_FMT, TEXT_ARG(span));
        claim->next_call[k] = next_call_left(strtoll(word, NULL, 10), ago);
        snprintf(word, sizeof word, TEXT_FMT, TEXT_ARG(rate));
        claim->rate_per_s[k] = strtod(word, NULL);
        if (!rate_fits(claim->rate_per_s[k])) /* it was only learned */
            claim->rate_per_s[k] = 0;
    }
}

static enum err claim_ask(struct postgres_store *s, const struct store_value *values,
                          struct pg_rows rows[4], struct why *why)
{
    struct pg_statement list[] = {
        {"SELECT l.id FROM @.lease l JOIN @.run_lane r ON r.lease = l.id WHERE " ASKED
         " ORDER BY l.id FOR NO KEY UPDATE OF l",
         values, 2},
        {"SELECT run FROM @.run_shared WHERE run = $1 FOR SHARE", values, 1},
        {CLAIM, values, 6},
        {"UPDATE @.run_lane r SET tried_by = '', tried_why = '' FROM @.lease l"
         " WHERE l.id = r.lease AND " ASKED " AND l.worker = $3 AND " IS_OF_LANE
         " AND r.tried_by <> ''",
         values, 3},
    };
    return batch_inside(s, list, COUNT(list), rows, why);
}

static enum err claim(struct store *store, uint64_t worker, uint64_t run, const uint16_t *lanes,
                      uint32_t len, const struct lease_terms *terms, struct lease_claim *claims,
                      uint32_t *claimed, struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    struct pg_rows rows[4] = {{.result = NULL}};
    struct buf list;
    array_begin(&list);
    for (uint32_t i = 0; i < len; i++)
        buf_add_fmt(&list, "%s%u", i ? "," : "", lanes[i]);
    buf_add_char(&list, '}');
    const struct store_value values[] = {
        store_int((int64_t)run), store_text(buf_text(&list)),    store_int((int64_t)worker),
        store_int(terms->ttl),   store_int(terms->call_timeout), store_int(terms->margin)};
    enum err err = list.failed ? no_memory(why) : claim_ask(s, values, rows, why);
    for (unsigned i = 0; err == OK && i < rows[2].len && *claimed < len; i++)
        claim_read(&rows[2], i, run, &claims[(*claimed)++]);
    postgres_numbers_drop(s);
    rows_clear(rows, COUNT(rows));
    buf_clear(&list);
    return err;
}

static enum err resign_ask(struct postgres_store *s, const struct store_value *values,
                           struct pg_rows rows[3], struct why *why)
{
    struct pg_statement list[] = {
        {"UPDATE @.lease l SET worker = NULL, expires = clock_timestamp(), resigned = true,"
         " next_call_told = clock_timestamp(), next_call = $5::bigint[],"
         " rate_per_s = $6::double precision[] FROM @.run_lane r WHERE l.id = r.lease"
         " AND r.run = $1 AND r.lane = $2 AND l.worker = $3 AND l.epoch = $4",
         values, 6},
        {"SELECT run FROM @.run_shared WHERE run = $1 FOR NO KEY UPDATE", values, 1},
        /* Where the first one has done something, in this transaction. */
        {"UPDATE @.run_lane r SET rest = $4 FROM @.lease l WHERE l.id = r.lease AND r.run = $1"
         " AND r.lane = $2 AND l.epoch = $3 AND l.resigned AND l.next_call_told >= now()",
         values + 6, 4},
    };
    return batch_inside(s, list, COUNT(list), rows, why);
}

static enum err resign(struct store *store, uint64_t worker, const struct lease *lease,
                       const struct lease_left *left, bool *held, struct why *why)
{
    struct pg_rows rows[3] = {{.result = NULL}};
    struct buf spans, rates;
    buf_init(&spans, LINE_LEN_MAX);
    buf_init(&rates, LINE_LEN_MAX);
    spans_add(&spans, left->next_call);
    rates_add(&rates, left->rate_per_s);
    if (spans.failed || rates.failed) {
        buf_clear(&spans);
        buf_clear(&rates);
        return no_memory(why);
    }
    const struct store_value run = store_int((int64_t)lease->run), lane = store_int(lease->lane),
                             epoch = store_int((int64_t)lease->epoch);
    const struct store_value values[] = {
        run,
        lane,
        store_int((int64_t)worker),
        epoch,
        store_text((struct text){spans.at + 1, spans.len - 2}), /* without its quotes */
        store_text((struct text){rates.at + 1, rates.len - 2}),
        run,
        lane,
        epoch,
        store_int(left->rest)};
    enum err err = resign_ask(postgres_of(store), values, rows, why);
    *held = err == OK && rows[0].changed > 0;
    rows_clear(rows, COUNT(rows));
    buf_clear(&spans);
    buf_clear(&rates);
    return err;
}

/* Everything but the locks is seen as it is once they are there. */
static enum err take_ended(struct store *store, uint64_t first, uint64_t last, uint32_t *held,
                           struct why *why)
{
    struct postgres_store *s = postgres_of(store);
    const struct store_value values[] = {store_int((int64_t)first), store_int((int64_t)last)};
    struct pg_rows rows[3] = {{.result = NULL}};
    struct pg_statement list[] = {
        {"SELECT l.id FROM @.lease l JOIN @.run_lane r ON r.lease = l.id"
         " WHERE r.run BETWEEN $1 AND $2 ORDER BY l.id FOR NO KEY UPDATE OF l",
         values, 2},
        {"UPDATE @.lease l SET worker = NULL, epoch = l.epoch + 1, resigned = false"
         " FROM @.run_lane r WHERE r.lease = l.id AND r.run BETWEEN $1 AND $2 AND " IS_OF_LANE
         " AND l.worker IS NOT NULL AND l.expires <= clock_timestamp()",
         values, 2},
        {"SELECT count(*) FROM @.lease l JOIN @.run_lane r ON r.lease = l.id"
         " WHERE r.run BETWEEN $1 AND $2 AND " IS_OF_LANE " AND l.worker IS NOT NULL",
         values, 2},
    };
    enum err err = batch_inside(s, list, COUNT(list), rows, why);
    *held = err == OK ? (uint32_t)pg_int(&rows[2], 0, 0) : 0;
    postgres_numbers_drop(s); /* the next record comes after those of the holders */
    rows_clear(rows, COUNT(rows));
    return err;
}

/* A claim lies before: numbers that were fetched before it are no longer good. */
static void fenced(struct store *store)
{
    postgres_numbers_drop(postgres_of(store));
}

const struct lease_ops postgres_lease_ops = {.worker_begin = worker_begin,
                                             .worker_end = worker_end,
                                             .workers = postgres_workers,
                                             .lanes = postgres_lanes,
                                             .renew = renew,
                                             .tried = tried,
                                             .look = postgres_look,
                                             .fenced = fenced,
                                             .now = now_tell,
                                             .alone = alone,
                                             .open_run = postgres_open_run,
                                             .open_lanes = postgres_open_lanes,
                                             .hold = hold,
                                             .claim = claim,
                                             .resign = resign,
                                             .take_ended = take_ended,
                                             .lock_run = postgres_lock_run,
                                             .change_run = postgres_change_run,
                                             .rest_lanes = postgres_rest_lanes,
                                             .grant = postgres_grant,
                                             .caller = postgres_caller,
                                             .team = postgres_team};
