/*
 * Duty: from the table of identities to a filled model. Invariant: every row is in the model, or
 * the first that cannot be is named and nothing starts.
 */
#include "sim.h"

enum {
    ACCOUNT,
    REGION,
    IDENTITY,
    TYPE,
    VERIFIED,
    MAIL_FROM,
    BEHAVIOR,
    STATUS,
    FORWARDING,
    TAGS,
    DKIM,
    COLUMNS
};

static const char *const columns[COLUMNS] = {
    "account",  "region", "identity",   "type", "verified", "mail_from",
    "behavior", "status", "forwarding", "tags", "dkim",
};

/* An empty cell is the usual case; a word that nobody knows is a mistake. */
static bool verified_parse(struct text t, enum verification *out)
{
    if (t.len == 0 || text_eq(t, TEXT("true")))
        *out = VERIFICATION_SUCCESS;
    else if (text_eq(t, TEXT("false")))
        *out = VERIFICATION_PENDING;
    else
        *out = verification_parse(t);
    return *out != VERIFICATION_NOT_STARTED || text_eq(t, TEXT("NOT_STARTED")) ||
           text_eq(t, TEXT("NotStarted"));
}

static const char *facts_parse(const struct table *t, uint32_t row, struct ses_facts *facts)
{
    struct text identity = table_cell(t, row, IDENTITY), type = table_cell(t, row, TYPE);
    struct text behavior = table_cell(t, row, BEHAVIOR), status = table_cell(t, row, STATUS);
    struct text forwarding = table_cell(t, row, FORWARDING), dkim = table_cell(t, row, DKIM);
    const char *real_type = identity_type_name(identity_type_of(identity));
    if (type.len && !text_eq(type, text_of(real_type)))
        return "type: DOMAIN or EMAIL_ADDRESS, as the identity is";
    if (!verified_parse(table_cell(t, row, VERIFIED), &facts->verification))
        return "verified: SUCCESS, PENDING, FAILED, TEMPORARY_FAILURE or NOT_STARTED";
    if (behavior.len && !behavior_parse(behavior, &facts->behavior))
        return "behavior: USE_DEFAULT_VALUE or REJECT_MESSAGE";
    facts->dkim = dkim_status_parse(dkim); /* empty: what is usual */
    if (dkim.len && facts->dkim == DKIM_UNKNOWN)
        return "dkim: SUCCESS, PENDING, FAILED, TEMPORARY_FAILURE, NOT_STARTED or DISABLED";
    if (forwarding.len && !text_eq(forwarding, TEXT("true")) && !text_eq(forwarding, TEXT("false")))
        return "forwarding: true or false";
    facts->forwarding = !text_eq(forwarding, TEXT("false"));
    facts->mail_from = table_cell(t, row, MAIL_FROM);
    facts->status = mail_from_status_parse(status);
    if (facts->mail_from.len && status.len == 0)
        facts->status = MAIL_FROM_PENDING;
    if (facts->status == MAIL_FROM_UNKNOWN)
        return "status: PENDING, SUCCESS, FAILED or TEMPORARY_FAILURE";
    return NULL;
}

static enum err row_add(struct sim *s, const struct table *t, uint32_t row, instant_us now,
                        struct why *why)
{
    struct ses_facts facts = {0};
    uint16_t lane;
    const char *complaint = facts_parse(t, row, &facts);
    struct text account = table_cell(t, row, ACCOUNT), region = table_cell(t, row, REGION);
    if (complaint)
        return why_set(why, ERR_INPUT, "%s", complaint);
    if (account.len == 0 || region.len == 0)
        return why_set(why, ERR_INPUT, "account and region are needed");
    if (!ses_model_lane(&s->model, account, region, &lane))
        return why_set(why, ERR_LIMIT, "too many accounts and Regions");
    uint32_t id = s->model.identities_len; /* the model numbers them as they come */
    s->tags[id] = arena_text(&s->tags_arena, table_cell(t, row, TAGS));
    return ses_model_add(&s->model, lane, table_cell(t, row, IDENTITY), &facts, now, why);
}

static enum err rows_add(struct sim *s, const struct table *t, const char *file, struct why *why)
{
    instant_us now = clock_scaled(&s->clock);
    s->tags = ARENA_ARRAY(&s->tags_arena, struct text, t->rows + 1);
    if (!s->tags)
        return why_set(why, ERR_NOMEM, "no memory for %u rows", t->rows);
    for (uint32_t row = 0; row < t->rows; row++) {
        enum err err = row_add(s, t, row, now, why);
        if (err != OK)
            return why_wrap(why, err, "%s: row %u", file, row + 2);
    }
    return OK;
}

enum err identities_load(struct sim *s, const char *file, const struct ses_rules *rules,
                         struct why *why)
{
    struct table t;
    arena_init(&s->tags_arena, SIM_TABLE_MAX);
    if (!file)
        return ses_model_init(&s->model, rules, 0, why);
    enum err err = table_read(&t, file, columns, COLUMNS, TAGS, why);
    if (err != OK)
        return err;
    err = ses_model_init(&s->model, rules, t.rows, why);
    if (err == OK)
        err = rows_add(s, &t, file, why);
    if (err != OK)
        identities_clear(s);
    table_clear(&t);
    return err;
}

void identities_clear(struct sim *s)
{
    ses_model_clear(&s->model);
    arena_clear(&s->tags_arena);
    s->tags = NULL;
}
