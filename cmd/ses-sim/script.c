/*
 * Duty: what others do while the stand-in serves, at the times that a file gives: an identity loses
 * its MX, its SPF record, its verification, or is gone. One thread. Invariant: rows come true in
 * the order of the file, each at its time or right after it, under the sim's lock; one that cannot
 * is told of on standard error, and the rest goes on.
 */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS_MAX 1000
#define TTL_S       60 /* of records that the script publishes */

enum { SECOND, ACCOUNT, REGION, IDENTITY, WHAT, VALUE, COLUMNS };

static const char *const columns[COLUMNS] = {
    "second", "account", "region", "identity", "what", "value",
};

struct script_row;

struct script_word {
    const char *name;
    bool is_switch;     /* the value is true or false */
    bool is_for_absent; /* the identity need not exist */
    bool is_of_account; /* identity and Region are empty */
    /* NULL, or why it cannot be. */
    const char *(*act)(struct sim *s, struct exchange *x, const struct script_row *row);
};

struct script_row {
    instant_us due; /* scaled */
    const struct script_word *word;
    struct text account, region, identity, value; /* cells of the table */
    uint16_t lane;
    uint32_t id; /* of the identity */
};

struct script {
    struct sim *sim;
    pthread_t thread;
    pthread_cond_t stop; /* with the sim's lock */
    struct table table;
    struct script_row *rows;
    uint32_t len;
    bool is_stopping;
};

/* What can happen */

static const char *verified_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    (void)x;
    if (text_eq(row->value, TEXT("true")))
        ses_model_verify(&s->model, row->id);
    else
        ses_model_unverify(&s->model, row->id);
    return NULL;
}

static const char *exists_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    uint32_t id;
    bool is_there = ses_model_find(&s->model, row->lane, row->identity, &id);
    bool shall_be = text_eq(row->value, TEXT("true"));
    if (is_there && !shall_be)
        ses_model_delete(&s->model, row->id);
    else if (!is_there && shall_be)
        ses_model_create_again(&s->model, row->id, x->scaled);
    return NULL;
}

static const char *setting_act(struct sim *s, struct exchange *x, const struct script_row *row,
                               struct text mail_from, enum behavior behavior)
{
    struct why why;
    x->is_write = true;
    x->mail_from = mail_from;
    x->behavior = behavior_name(behavior);
    if (setting_write(s, x, row->identity, behavior, &why) == SES_ACCEPTED)
        return NULL;
    return arena_fmt(&x->arena, "%s", why.text).at;
}

static const char *mail_from_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    return setting_act(s, x, row, row->value, ses_model_facts(&s->model, row->id).behavior);
}

static const char *behavior_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    enum behavior behavior = BEHAVIOR_USE_DEFAULT_VALUE;
    if (!behavior_parse(row->value, &behavior))
        return "the value is neither USE_DEFAULT_VALUE nor REJECT_MESSAGE";
    return setting_act(s, x, row, ses_model_facts(&s->model, row->id).mail_from, behavior);
}

static const char *sending_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    (void)x;
    for (uint32_t i = 0; i < s->keys.len; i++)
        if (text_eq(s->keys.keys[i].account, row->account))
            s->keys.keys[i].state = text_eq(row->value, TEXT("true")) ? TEXT("") : TEXT("disabled");
    return NULL;
}

/* The zone with the longest name that the name lies in, and that a name server serves. */
static struct sim_zone *zone_of(struct zones *all, struct text name)
{
    struct sim_zone *found = NULL;
    for (uint32_t i = 0; i < all->len; i++) {
        struct sim_zone *z = &all->zones[i];
        if (z->server.address.ss_family && record_name_within(name, z->name) &&
            (!found || z->name.len > found->name.len))
            found = z;
    }
    return found;
}

/* The record set of that type at the MAIL FROM name becomes the values, with bars between them. */
static const char *records_act(struct sim *s, struct exchange *x, const struct script_row *row,
                               struct text type)
{
    struct text name = ses_model_facts(&s->model, row->id).mail_from, rest = row->value;
    struct sim_zone *z = zone_of(&s->zones, name);
    x->mail_from = name;
    if (name.len == 0)
        return "the identity has no MAIL FROM, so there is no name to change";
    if (!z)
        return "no zone of --zones that a name server serves holds the MAIL FROM name";
    struct zone_record r = {
        .name = name, .key = record_key(name, &x->arena), .type = type, .ttl_s = TTL_S};
    if (!r.key.at)
        return "out of memory";
    for (uint32_t i = zone_first(z, r.key); i < z->len && text_eq(z->records[i]->key, r.key); i++)
        if (text_eq(z->records[i]->type, type))
            zone_remove(z->records[i]);
    while (rest.len) {
        r.value = text_cut(&rest, '|');
        if (text_eq(type, TEXT("TXT")) && !text_starts(r.value, TEXT("\"")))
            r.value = arena_fmt(&x->arena, "\"" TEXT_FMT "\"", TEXT_ARG(r.value));
        if (!record_value_fits(type, r.value) || !zone_add(s, z, &r)) {
            zone_drop(z);
            return "the value is no record of that type, as zone files have it";
        }
    }
    zone_commit(s, x, z);
    return NULL;
}

static const char *mx_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    return records_act(s, x, row, TEXT("MX"));
}

static const char *txt_act(struct sim *s, struct exchange *x, const struct script_row *row)
{
    return records_act(s, x, row, TEXT("TXT"));
}

static const struct script_word words[] = {
    {"verified", true, false, false, verified_act},
    {"exists", true, true, false, exists_act},
    {"mail_from", false, false, false, mail_from_act},
    {"behavior", false, false, false, behavior_act},
    {"mx", false, false, false, mx_act},
    {"txt", false, false, false, txt_act},
    {"sending", true, true, true, sending_act},
    {0},
};

/* The file */

static const char *row_parse(struct sim *s, const struct table *t, uint32_t row,
                             struct script_row *out)
{
    uint64_t second;
    struct text what = table_cell(t, row, WHAT);
    *out = (struct script_row){
        .account = table_cell(t, row, ACCOUNT),
        .region = table_cell(t, row, REGION),
        .identity = table_cell(t, row, IDENTITY),
        .value = table_cell(t, row, VALUE),
        .word = words,
    };
    if (!text_to_u64(table_cell(t, row, SECOND), &second) || second > SIM_SCRIPT_S_MAX)
        return "second: a whole number, of seconds after the start in scaled time";
    out->due = clock_begin(&s->clock) + SPAN_S((span_us)second);
    while (out->word->name && !text_eq(what, text_of(out->word->name)))
        out->word++;
    if (!out->word->name)
        return "what: verified, exists, mail_from, behavior, mx, txt or sending";
    if (out->word->is_switch && !text_eq(out->value, TEXT("true")) &&
        !text_eq(out->value, TEXT("false")))
        return "value: true or false";
    if (out->word->is_of_account)
        return out->account.len && out->identity.len == 0
                   ? NULL
                   : "sending is a matter of an account: leave identity empty";
    if (!ses_model_lane(&s->model, out->account, out->region, &out->lane) ||
        !ses_model_find(&s->model, out->lane, out->identity, &out->id))
        return "account, region and identity: the file of --identities has no such identity";
    return NULL;
}

static enum err rows_parse(struct script *p, const char *file, struct why *why)
{
    p->rows = calloc(p->table.rows + 1, sizeof *p->rows);
    if (!p->rows)
        return why_set(why, ERR_NOMEM, "no memory for %u rows", p->table.rows);
    for (; p->len < p->table.rows; p->len++) {
        struct script_row *row = &p->rows[p->len];
        const char *complaint = row_parse(p->sim, &p->table, p->len, row);
        if (!complaint && p->len && row->due < row[-1].due)
            complaint = "second: it is before the row above; rows stand in order of time";
        if (complaint)
            return why_set(why, ERR_INPUT, "%s: row %u: %s", file, p->len + 2, complaint);
    }
    return OK;
}

/* The thread */

static void row_play(struct sim *s, const struct script_row *row)
{
    struct exchange x;
    exchange_init(&x);
    x.protocol = PROTOCOL_SCRIPT;
    x.action = row->word->name;
    x.real = clock_real(&s->clock);
    x.scaled = clock_scaled(&s->clock);
    x.account = row->account;
    x.region = row->region;
    x.lane = row->lane;
    struct text identity = row->identity;
    exchange_names(&x, &identity, identity.len > 0);
    uint32_t id;
    const char *complaint = "the identity does not exist at this time";
    if (row->word->is_for_absent || ses_model_find(&s->model, row->lane, row->identity, &id))
        complaint = row->word->act(s, &x, row);
    if (complaint) {
        x.status = 400;
        snprintf(x.outcome, sizeof x.outcome, "refused");
        fprintf(stderr, "ses-sim: script: %s of " TEXT_FMT ": %s\n", row->word->name,
                TEXT_ARG(identity.len ? identity : row->account), complaint);
    }
    log_write(s->log, &x);
    exchange_clear(&x);
}

static void *script_loop(void *arg)
{
    struct script *p = arg;
    struct sim *s = p->sim;
    uint32_t next = 0;
    pthread_mutex_lock(&s->lock);
    while (!p->is_stopping && next < p->len) {
        if (p->rows[next].due > clock_scaled(&s->clock)) {
            struct timespec until = clock_wait(&s->clock, p->rows[next].due, WAIT_MS_MAX);
            pthread_cond_timedwait(&p->stop, &s->lock, &until);
        } else {
            row_play(s, &p->rows[next++]);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void script_free(struct script *p)
{
    table_clear(&p->table);
    free(p->rows);
    free(p);
}

enum err script_start(struct script **out, struct sim *s, const char *file, struct why *why)
{
    pthread_condattr_t attributes;
    if (!file)
        return OK;
    struct script *p = calloc(1, sizeof *p);
    if (!p)
        return why_set(why, ERR_NOMEM, "no memory for the script");
    p->sim = s;
    enum err err = table_read(&p->table, file, columns, COLUMNS, COLUMNS, why);
    if (err == OK)
        err = rows_parse(p, file, why);
    if (err != OK) {
        script_free(p);
        return err;
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    int failed = pthread_create(&p->thread, NULL, script_loop, p);
    if (failed) {
        pthread_cond_destroy(&p->stop);
        script_free(p);
        return why_set(why, ERR_IO, "no thread for the script: %s", strerror(failed));
    }
    *out = p;
    return OK;
}

void script_stop(struct script *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->sim->lock);
    p->is_stopping = true;
    pthread_cond_signal(&p->stop);
    pthread_mutex_unlock(&p->sim->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->stop);
    script_free(p);
}
