/* Tables are arrays of rows in the order of keeping, and a transaction is their lengths. */
#include "memory_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct memory_store *of(struct store *store)
{
    return (struct memory_store *)store;
}

unsigned memory_column(enum store_table table, const char *name)
{
    const char *at = store_columns[table].columns;
    size_t len = strlen(name);
    for (unsigned i = 0; i < store_columns[table].len; i++) {
        at += strspn(at, " ");
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || !at[len]))
            return i;
        at += strcspn(at, ",") + 1;
    }
    assert(false && "a column of that name");
    return 0;
}

static struct store_value value_of(const struct memory_row *row, enum store_table table,
                                   const char *column)
{
    return row->values[memory_column(table, column)];
}

static int64_t number_of(const struct memory_row *row, enum store_table table, const char *column)
{
    return value_of(row, table, column).number;
}

static bool is_text(const struct store_value *v)
{
    return v->type == STORE_TEXT || v->type == STORE_BYTES;
}

/* NULL: out of memory. */
static struct store_value *values_copy(const struct store_value *values, unsigned len)
{
    size_t size = len * sizeof *values, bytes = 0;
    for (unsigned i = 0; i < len; i++)
        bytes += is_text(&values[i]) ? values[i].text.len : 0;
    struct store_value *copy = malloc(size + bytes);
    if (!copy)
        return NULL;
    char *at = (char *)copy + size;
    memcpy(copy, values, size);
    for (unsigned i = 0; i < len; i++) {
        if (!is_text(&copy[i]) || copy[i].text.len == 0)
            continue;
        memcpy(at, values[i].text.at, values[i].text.len);
        copy[i].text.at = at;
        at += copy[i].text.len;
    }
    return copy;
}

static enum err no_memory(struct why *why)
{
    return why_set(why, ERR_NOMEM, "out of memory");
}

static enum err row_add(struct memory_rows *m, enum store_table table, uint64_t run,
                        uint64_t number, const struct store_value *values, struct why *why)
{
    struct memory_table *t = &m->tables[table];
    if (t->len == t->room) {
        size_t room = t->room ? 2 * t->room : 16;
        struct memory_row *at = realloc(t->at, room * sizeof *at);
        if (!at)
            return no_memory(why);
        t->at = at;
        t->room = room;
    }
    struct memory_row row = {run, number, values_copy(values, store_columns[table].len)};
    if (!row.values)
        return no_memory(why);
    t->at[t->len++] = row;
    return OK;
}

struct memory_row *memory_find(struct memory_rows *m, enum store_table table, uint64_t run,
                               uint64_t number)
{
    struct memory_table *t = &m->tables[table];
    for (size_t i = 0; i < t->len; i++)
        if (t->at[i].run == run && t->at[i].number == number)
            return &t->at[i];
    return NULL;
}

enum err memory_away(struct why *why)
{
    return why_set(why, ERR_AWAY, "the memory cannot be reached");
}

bool memory_begin(struct memory_store *s)
{
    struct memory_rows *m = s->rows;
    pthread_mutex_lock(&m->lock);
    s->weather = m->weather ? m->weather(m->weather_ctx, s->who) : MEMORY_FINE;
    if (s->weather != MEMORY_AWAY)
        return true;
    pthread_mutex_unlock(&m->lock);
    return false;
}

enum err memory_end(struct memory_store *s, enum err err, struct why *why)
{
    bool is_away = err == OK && s->weather == MEMORY_AWAY_AFTER;
    s->weather = MEMORY_FINE;
    pthread_mutex_unlock(&s->rows->lock);
    return is_away ? memory_away(why) : err;
}

static enum err write_fails(struct memory_rows *m, struct why *why)
{
    if (!m->writes_left || --m->writes_left)
        return OK;
    return why_set(why, ERR_IO, "the memory is full of moths");
}

/* Transactions */

static enum err enter(struct store *store, struct why *why)
{
    struct memory_store *s = of(store);
    if (!memory_begin(s))
        return memory_away(why);
    for (int i = 0; i < STORE_TABLES; i++)
        s->lens[i] = s->rows->tables[i].len;
    assert(s->changes_len == 0);
    enum err err = write_fails(s->rows, why);
    s->is_entered = err == OK;
    return err == OK ? OK : memory_end(s, err, why);
}

static enum err put(struct store *store, enum store_table table, uint64_t run,
                    const struct store_value *values, uint64_t *number, struct why *why)
{
    struct memory_rows *m = of(store)->rows;
    enum err err = write_fails(m, why);
    assert(of(store)->is_entered);
    if (err == OK && store->fence && (table == TABLE_RECORD || table == TABLE_LANE_NOTE))
        err = memory_fence(of(store), store->fence, why);
    if (err != OK)
        return err;
    if (table == TABLE_RUN)
        run = *number = m->runs = *number > m->runs ? *number : m->runs + 1;
    else if (table == TABLE_RECORD || table == TABLE_LANE_NOTE || table == TABLE_ORDER ||
             table == TABLE_ASKED)
        *number = m->numbers += MEMORY_STEP;
    return row_add(m, table, run, *number, values, why);
}

enum err memory_change(struct memory_store *s, struct memory_row *row,
                       const struct store_value *values, enum store_table table, struct why *why)
{
    struct store_value *copy = values_copy(values, store_columns[table].len);
    if (!copy)
        return no_memory(why);
    assert(s->changes_len < MEMORY_CHANGES_MAX);
    s->changes[s->changes_len++] =
        (struct memory_change){table, (size_t)(row - s->rows->tables[table].at), row->values};
    row->values = copy;
    return OK;
}

static enum err set_state(struct store *store, uint64_t run, const struct store_state *state,
                          struct why *why)
{
    struct memory_store *s = of(store);
    struct store_value values[STORE_VALUES_MAX];
    struct memory_row *row = memory_find(s->rows, TABLE_RUN, run, run);
    enum err err = write_fails(s->rows, why);
    if (err != OK)
        return err;
    memcpy(values, row->values, store_columns[TABLE_RUN].len * sizeof *values);
    values[memory_column(TABLE_RUN, "state")] = store_int(state->state);
    values[memory_column(TABLE_RUN, "stopped")] = store_int(state->stopped);
    values[memory_column(TABLE_RUN, "last")] = store_int(state->last);
    values[memory_column(TABLE_RUN, "last_record")] = store_int((int64_t)state->last_record);
    values[memory_column(TABLE_RUN, "last_digest")] = store_int((int64_t)state->last_digest);
    return memory_change(s, row, values, TABLE_RUN, why);
}

static bool is_of_job(const struct memory_row *record)
{
    return number_of(record, TABLE_RECORD, "kind") != RECORD_PUBLISH;
}

static int64_t records_of(struct memory_rows *m, uint64_t run)
{
    int64_t len = 0;
    for (size_t i = 0; i < m->tables[TABLE_RECORD].len; i++)
        len +=
            m->tables[TABLE_RECORD].at[i].run == run && is_of_job(&m->tables[TABLE_RECORD].at[i]);
    return len;
}

static enum err add_loss(struct store *store, uint64_t run, struct text what, struct why *why)
{
    struct memory_store *s = of(store);
    struct memory_row *row = memory_find(s->rows, TABLE_LOST, run, run);
    enum err err = write_fails(s->rows, why);
    if (err != OK)
        return err;
    if (s->rows->runs < run) /* its number stays its own */
        s->rows->runs = run;
    if (!row) {
        struct store_value values[] = {store_int(records_of(s->rows, run)), store_text(what)};
        return row_add(s->rows, TABLE_LOST, run, run, values, why);
    }
    struct text had = row->values[1].text;
    if (text_find_text(had, what) < had.len)
        return OK;
    char *both = malloc(had.len + what.len + 2);
    if (!both)
        return no_memory(why);
    memcpy(both, had.at, had.len);
    memcpy(both + had.len, "; ", 2);
    memcpy(both + had.len + 2, what.at, what.len);
    struct store_value values[] = {row->values[0],
                                   store_text((struct text){both, had.len + what.len + 2})};
    err = memory_change(s, row, values, TABLE_LOST, why);
    free(both);
    return err;
}

static void undo(struct memory_store *s)
{
    while (s->changes_len) {
        const struct memory_change *c = &s->changes[--s->changes_len];
        struct memory_row *row = &s->rows->tables[c->table].at[c->row];
        free(row->values);
        row->values = c->was;
    }
    for (int i = 0; i < STORE_TABLES; i++) {
        struct memory_table *t = &s->rows->tables[i];
        while (t->len > s->lens[i])
            free(t->at[--t->len].values);
    }
    memory_leases_undo(s);
}

static void changes_keep(struct memory_store *s)
{
    while (s->changes_len)
        free(s->changes[--s->changes_len].was);
    memory_leases_keep(s);
}

/* Rows that a newer one of their number has replaced. */
static void replaced_drop(struct memory_store *s, enum store_table table)
{
    struct memory_table *t = &s->rows->tables[table];
    for (size_t i = s->lens[table]; i < t->len; i++)
        for (size_t j = 0; j < i; j++) {
            if (t->at[j].number != t->at[i].number)
                continue;
            free(t->at[j].values);
            memmove(&t->at[j], &t->at[j + 1], (--t->len - j) * sizeof *t->at);
            i--;
            break;
        }
}

static enum err leave(struct store *store, enum store_end end, struct why *why)
{
    struct memory_store *s = of(store);
    if (!s->is_entered)
        return OK; /* it was not begun */
    enum err err = end == STORE_UNDO ? OK : write_fails(s->rows, why);
    if (end == STORE_UNDO)
        s->weather = MEMORY_FINE;
    s->rows->last_end = end;
    if (end == STORE_UNDO || (err != OK && !s->rows->fails_kept))
        undo(s);
    else {
        replaced_drop(s, TABLE_WATCHED);
        replaced_drop(s, TABLE_WATCH_PROBLEM);
        changes_keep(s);
    }
    s->is_entered = false;
    return memory_end(s, err, why);
}

/* Reading */

static bool row_tell(const struct memory_row *row,
                     bool (*fn)(void *ctx, const struct store_row *row), void *ctx)
{
    struct store_row told = {row->number, row->values};
    return fn(ctx, &told);
}

static bool outline_tell(const struct memory_row *row,
                         bool (*fn)(void *ctx, const struct store_row *row), void *ctx)
{
    struct store_value values[] = {value_of(row, TABLE_RECORD, "job"),
                                   store_int(row->values[RECORD_NOTES].type != STORE_NULL)};
    struct store_row told = {row->number, values};
    return fn(ctx, &told);
}

static bool moves_tell(const struct memory_row *row,
                       bool (*fn)(void *ctx, const struct store_row *row), void *ctx)
{
    struct store_value values[] = {
        value_of(row, TABLE_RECORD, "job"),   value_of(row, TABLE_RECORD, "at"),
        value_of(row, TABLE_RECORD, "kind"),  value_of(row, TABLE_RECORD, "from_state"),
        value_of(row, TABLE_RECORD, "state"), value_of(row, TABLE_RECORD, "outcome")};
    struct store_row told = {row->number, values};
    return fn(ctx, &told);
}

static bool is_sent(const struct memory_row *row)
{
    int64_t kind = number_of(row, TABLE_RECORD, "kind");
    return kind == RECORD_INTENT || kind == RECORD_ANSWER ||
           number_of(row, TABLE_RECORD, "accepted") > 0;
}

/* A row of the same fleet that another row names. */
static struct memory_row *fleet_row(struct memory_rows *m, const struct memory_row *from,
                                    enum store_table of, const char *column, enum store_table table)
{
    return from ? memory_find(m, table, from->run, (uint64_t)number_of(from, of, column)) : NULL;
}

static bool sent_tell(struct memory_rows *m, const struct memory_row *row,
                      bool (*fn)(void *ctx, const struct store_row *row), void *ctx)
{
    static const char *const same[] = {"at",
                                       "kind",
                                       "state",
                                       "outcome",
                                       "accepted",
                                       "write_mail_from",
                                       "write_behavior",
                                       "mail_from_seen",
                                       "behavior_seen",
                                       "mail_from_before",
                                       "behavior_before"};
    struct store_value values[STORE_VALUES_MAX];
    struct memory_row *choice = fleet_row(m, row, TABLE_RECORD, "job", TABLE_CHOICE);
    struct memory_row *lane = fleet_row(m, choice, TABLE_CHOICE, "lane", TABLE_LANE);
    struct memory_row *account = fleet_row(m, lane, TABLE_LANE, "account", TABLE_ACCOUNT);
    if (!account)
        return true;
    values[memory_column(VIEW_SENT, "run")] = store_int((int64_t)row->run);
    values[memory_column(VIEW_SENT, "account")] = value_of(account, TABLE_ACCOUNT, "name");
    values[memory_column(VIEW_SENT, "account_id")] = value_of(account, TABLE_ACCOUNT, "account_id");
    values[memory_column(VIEW_SENT, "caller_account")] =
        value_of(lane, TABLE_LANE, "caller_account");
    values[memory_column(VIEW_SENT, "region")] = value_of(lane, TABLE_LANE, "region");
    values[memory_column(VIEW_SENT, "identity")] = value_of(choice, TABLE_CHOICE, "identity");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        values[memory_column(VIEW_SENT, same[i])] = value_of(row, TABLE_RECORD, same[i]);
    struct store_row told = {row->number, values};
    return fn(ctx, &told);
}

static bool tell(struct memory_rows *m, enum store_table table, const struct memory_row *row,
                 bool (*fn)(void *ctx, const struct store_row *row), void *ctx)
{
    switch (table) {
    case VIEW_OUTLINE: return !is_of_job(row) || outline_tell(row, fn, ctx);
    case VIEW_MOVES: return !is_of_job(row) || moves_tell(row, fn, ctx);
    case VIEW_SENT: return !is_sent(row) || sent_tell(m, row, fn, ctx);
    default: return row_tell(row, fn, ctx);
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct memory_row *)a)->number, y = ((const struct memory_row *)b)->number;
    return x < y ? -1 : x > y;
}

static enum err rows(struct store *store, enum store_table table, uint64_t run,
                     bool (*fn)(void *ctx, const struct store_row *row), void *ctx, struct why *why)
{
    struct memory_store *s = of(store);
    struct memory_rows *m = s->rows;
    struct memory_table *t = &m->tables[table < STORE_TABLES ? table : TABLE_RECORD];
    if (!s->is_entered && !memory_begin(s))
        return memory_away(why);
    bool replaces = table == TABLE_WATCHED || table == TABLE_WATCH_PROBLEM;
    /* The others come in their order. */
    if (t->len && (replaces || table == TABLE_RULE || table == TABLE_LOST))
        qsort(t->at, t->len, sizeof *t->at, by_number);
    bool more = true;
    for (size_t i = 0; more && i < t->len; i++) {
        const struct memory_row *row = &t->at[table == TABLE_RUN ? t->len - 1 - i : i];
        more = (run && row->run != run) || tell(m, table, row, fn, ctx);
    }
    return s->is_entered ? OK : memory_end(s, OK, why);
}

static enum err fetch(struct store *store, uint64_t run, const struct store_pick *picks,
                      uint32_t len, bool (*fn)(void *ctx, const struct store_row *row), void *ctx,
                      struct why *why)
{
    struct memory_store *s = of(store);
    struct memory_rows *m = s->rows;
    struct store_value values[STORE_VALUES_MAX];
    bool more = true;
    if (!s->is_entered && !memory_begin(s))
        return memory_away(why);
    for (uint32_t i = 0; more && i < len; i++) {
        struct memory_row *row = memory_find(m, TABLE_RECORD, run, picks[i].record);
        struct memory_row *notes = memory_find(m, TABLE_RECORD, run, picks[i].notes);
        if (!row || (picks[i].notes && !notes))
            return s->is_entered ? ERR_GONE : memory_end(s, ERR_GONE, why);
        memcpy(values, row->values, store_columns[TABLE_RECORD].len * sizeof *values);
        values[RECORD_NOTES] = notes ? notes->values[RECORD_NOTES] : store_null();
        struct store_row told = {row->number, values};
        more = fn(ctx, &told);
    }
    return s->is_entered ? OK : memory_end(s, OK, why);
}

static const struct memory_row *newest(struct memory_rows *m, enum store_table table, uint64_t run)
{
    const struct memory_table *t = &m->tables[table];
    for (size_t i = t->len; i > 0; i--)
        if (t->at[i - 1].run == run)
            return &t->at[i - 1];
    return NULL;
}

static enum err tail(struct store *store, uint64_t run, struct store_tail *out, struct why *why)
{
    struct memory_store *s = of(store);
    if (!s->is_entered && !memory_begin(s))
        return memory_away(why);
    const struct memory_row *record = newest(s->rows, TABLE_RECORD, run);
    const struct memory_row *note = newest(s->rows, TABLE_LANE_NOTE, run);
    *out = (struct store_tail){.record = 0};
    if (record)
        *out =
            (struct store_tail){record->number, (uint64_t)number_of(record, TABLE_RECORD, "digest"),
                                number_of(record, TABLE_RECORD, "at")};
    if (note && number_of(note, TABLE_LANE_NOTE, "at") > out->at)
        out->at = number_of(note, TABLE_LANE_NOTE, "at");
    note = newest(of(store)->rows, TABLE_ORDER, run);
    if (note && number_of(note, TABLE_ORDER, "at") > out->at)
        out->at = number_of(note, TABLE_ORDER, "at");
    return s->is_entered ? OK : memory_end(s, OK, why);
}

static enum journal_writer writer(struct store *store, uint64_t run,
                                  char holder[JOURNAL_HOLDER_MAX])
{
    (void)run;
    strcpy(holder, of(store)->rows->is_written ? "another test" : "");
    return *holder ? JOURNAL_HAS_WRITER : JOURNAL_NO_WRITER;
}

static void close_store(struct store *store)
{
    struct memory_store *s = of(store);
    if (!store->is_read_only && !store->leases)
        s->rows->is_written = false;
    if (s->is_entered)
        leave(store, STORE_UNDO, NULL);
    free(s);
}

static const struct store_ops ops = {.close = close_store,
                                     .enter = enter,
                                     .put = put,
                                     .set_state = set_state,
                                     .add_loss = add_loss,
                                     .leave = leave,
                                     .rows = rows,
                                     .fetch = fetch,
                                     .tail = tail,
                                     .writer = writer};

/* Opening */

static enum err loss_of_run_keep(struct memory_store *s, uint64_t run, struct why *why)
{
    enum err err = enter(&s->store, why);
    if (err == OK)
        err = add_loss(&s->store, run, text_of(s->store.loss.what), why);
    return leave(&s->store, err == OK ? STORE_COMMIT : STORE_UNDO, why);
}

static enum err loss_keep(struct memory_store *s, struct why *why)
{
    const struct store_loss *loss = &s->store.loss;
    uint64_t first = loss->run ? loss->run : 1, last = loss->run ? loss->run : loss->runs;
    enum err err = OK;
    for (uint64_t run = first; err == OK && loss->found && run <= last; run++)
        err = loss_of_run_keep(s, run, why);
    if (err == OK && loss->found && loss->runs_unknown)
        err = loss_of_run_keep(s, 0, why);
    s->rows->loss = (struct store_loss){.found = false};
    return err;
}

static enum err may_open(const struct memory_rows *m, enum journal_mode mode, struct why *why)
{
    if (mode != JOURNAL_WRITE && !m->exists)
        return why_set(why, ERR_GONE, "there is none");
    if (mode != JOURNAL_READ && m->is_written && !m->is_shared)
        return why_set(why, ERR_BUSY, "another test writes to it");
    return OK;
}

enum err journal_open_rows(struct journal **out, struct memory_rows *m, enum journal_mode mode,
                           struct why *why)
{
    return journal_open_rows_as(out, m, mode, NULL, why);
}

enum err memory_connect(struct store **out, struct memory_rows *m, enum journal_mode mode,
                        void *who, struct why *why)
{
    *out = NULL;
    enum err err = may_open(m, mode, why);
    if (err != OK)
        return err;
    struct memory_store *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(why);
    s->store = (struct store){
        .ops = &ops, .name = "of a test", .is_read_only = mode == JOURNAL_READ, .loss = m->loss};
    s->store.leases = m->is_shared ? &memory_lease_ops : NULL;
    s->rows = m;
    s->who = who;
    pthread_mutex_lock(&m->lock);
    m->exists = true;
    m->is_written |= mode != JOURNAL_READ && !m->is_shared;
    pthread_mutex_unlock(&m->lock);
    if (mode != JOURNAL_READ)
        err = loss_keep(s, why);
    if (err == OK)
        *out = &s->store;
    else
        close_store(&s->store);
    return err;
}

enum err journal_open_rows_as(struct journal **out, struct memory_rows *m, enum journal_mode mode,
                              void *who, struct why *why)
{
    struct store *store;
    *out = NULL;
    enum err err = memory_connect(&store, m, mode, who, why);
    return err == OK ? journal_open(out, store, why) : err;
}

struct memory_rows *memory_rows_new(void)
{
    struct memory_rows *m = calloc(1, sizeof *m);
    pthread_mutexattr_t recursive; /* a callback may read more */
    if (!m)
        return NULL;
    m->leases = calloc(1, sizeof *m->leases);
    m->leases_were = calloc(1, sizeof *m->leases_were);
    if (!m->leases || !m->leases_were) {
        free(m->leases);
        free(m->leases_were);
        free(m);
        return NULL;
    }
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&m->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    return m;
}

void memory_share(struct memory_rows *m, instant_us (*clock)(void *ctx), void *ctx)
{
    m->is_shared = true;
    m->clock = clock;
    m->clock_ctx = ctx;
}

void memory_weather(struct memory_rows *m, enum memory_weather (*fn)(void *ctx, void *who),
                    void *ctx)
{
    m->weather = fn;
    m->weather_ctx = ctx;
}

void memory_rows_free(struct memory_rows *m)
{
    for (int i = 0; i < STORE_TABLES; i++) {
        for (size_t row = 0; row < m->tables[i].len; row++)
            free(m->tables[i].at[row].values);
        free(m->tables[i].at);
    }
    free(m->leases);
    free(m->leases_were);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void memory_fail_at(struct memory_rows *m, unsigned nth, bool is_kept)
{
    m->writes_left = nth;
    m->fails_kept = is_kept;
}

void memory_lose(struct memory_rows *m, const struct store_loss *loss)
{
    m->loss = *loss;
}

enum store_end memory_last_end(const struct memory_rows *m)
{
    return m->last_end;
}

/* Damage */

void memory_set(struct memory_rows *m, enum store_table table, uint64_t number, const char *column,
                struct store_value value)
{
    struct memory_table *t = &m->tables[table];
    struct store_value values[STORE_VALUES_MAX];
    for (size_t i = 0; i < t->len; i++) {
        if (t->at[i].number != number)
            continue;
        memcpy(values, t->at[i].values, store_columns[table].len * sizeof *values);
        values[memory_column(table, column)] = value;
        struct store_value *copy = values_copy(values, store_columns[table].len);
        assert(copy);
        free(t->at[i].values);
        t->at[i].values = copy;
    }
}

void memory_spoil(struct memory_rows *m, enum store_table table, const char *column)
{
    assert(m->tables[table].len > 0);
    const struct memory_row *row = &m->tables[table].at[0];
    struct store_value value = value_of(row, table, column);
    if (is_text(&value))
        value.text = text_eq(value.text, TEXT("x")) ? TEXT("y") : TEXT("x");
    else if (value.type == STORE_REAL)
        value.real += 1;
    else
        value = store_int(value.type == STORE_INT ? value.number + 1 : 1);
    memory_set(m, table, row->number, column, value);
}

void memory_drop(struct memory_rows *m, enum store_table table, uint64_t number)
{
    struct memory_table *t = &m->tables[table];
    size_t len = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (t->at[i].number == number)
            free(t->at[i].values);
        else
            t->at[len++] = t->at[i];
    }
    t->len = len;
}
