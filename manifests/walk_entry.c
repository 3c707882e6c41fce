/*
 * Accounts, defaults and identities of a manifest.
 */
#include "model/arn.h"
#include "raw.h"

#include <string.h>

/* --- identities and defaults ------------------------------------------------------------------ */

static void put_setting(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    draft_put(w->raw, into, rule, w->event.text, w->event.at);
}

static void take_setting(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct draft *d = into;
    draft_open(w->raw, d, rule, w->event.at);
    if (rule->key == KEY_DNS) {
        if (walk_is(w, rule, EVENT_MAP))
            walk_map(w, SECTION_DNS, take_setting, d);
    } else if (!walk_texts(w, rule, put_setting, d)) {
        draft_break(d, rule->key);
    }
}

void walk_defaults(struct manifest_walk *w)
{
    struct draft d;
    draft_begin(&d, w->file, w->event.at);
    walk_map(w, SECTION_DEFAULTS, take_setting, &d);
    if (draft_end(w->raw, &d)) {
        w->raw->files[w->file].settings = d.settings;
        w->raw->files[w->file].mail_from = d.mail_from;
    }
}

void walk_identities(struct manifest_walk *w)
{
    while (walk_next(w) && w->event.kind != EVENT_LIST_END) {
        struct draft d;
        char q[QUOTE_LEN];
        draft_begin(&d, w->file, w->event.at);
        if (w->event.kind == EVENT_SCALAR) {
            d.settings.given = KEY_BIT(KEY_IDENTITY);
            draft_put(w->raw, &d, &section_rule(SECTION_IDENTITY)->keys[0], w->event.text,
                      w->event.at);
        } else if (w->event.kind == EVENT_MAP) {
            walk_map(w, SECTION_IDENTITY, take_setting, &d);
            if (!(d.settings.given & KEY_BIT(KEY_IDENTITY)) && w->event.kind == EVENT_MAP_END)
                complain(w->raw, d.at,
                         "the key identity is missing, expected a domain or an e-mail "
                         "address");
        } else {
            if (w->event.kind != EVENT_REFUSED)
                complain(
                    w->raw, w->event.at,
                    "found %s, expected a domain, an e-mail address or the keys of an identity",
                    event_noun(&w->event, q));
            walk_skip(w);
        }
        if (draft_end(w->raw, &d) && d.identity)
            raw_row_add(w->raw, &d);
    }
}

/* --- accounts --------------------------------------------------------------------------------- */

struct account_draft {
    struct raw_account account;
    struct draft draft;                        /* for the Regions */
    struct source_place role_at, role_only_at; /* of role_arn; of the first key needing role_arn */
    struct source_place profile_at;
    const char *role_only; /* the name of the key at role_only_at */
};

void walk_title(struct manifest_walk *w, const struct key_rule *rule, name_id *id)
{
    enum name_fault fault = name_check(w->event.text);
    char q[QUOTE_LEN];
    bool is_title = rule->key != KEY_EXTERNAL_ID && !strpbrk(w->event.text.at, "\t\r\n");
    if (fault == NAME_OK || (fault == NAME_BLANK && is_title))
        raw_name(w->raw, w->event.text, id); /* a profile's name may have blanks */
    else if (fault == NAME_EMPTY)
        complain_value(w->raw, w->event.at, rule, w->event.text, NULL);
    else
        complain(w->raw, w->event.at, "%s: found %s, but %s", rule->name, quote(w->event.text, q),
                 name_fault_text(fault));
}

static void put_account_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct account_draft *a = into;
    struct account *account = &a->account.account;
    struct text t = w->event.text;
    bool fits = true;
    switch (rule->key) {
    case KEY_PROFILE: walk_title(w, rule, &account->profile); break;
    case KEY_EXTERNAL_ID: walk_title(w, rule, &account->external_id); break;
    case KEY_SOURCE_PROFILE: walk_title(w, rule, &account->source_profile); break;
    case KEY_ROLE_ARN: fits = role_arn_is(t) && raw_name(w->raw, t, &account->role_arn); break;
    case KEY_ACCOUNT_ID:
        fits = account_id_is(t) && raw_name(w->raw, t, &account->account_id);
        break;
    case KEY_RATE: fits = rate_parse(t, &account->rate_per_s); break;
    default: draft_put(w->raw, &a->draft, rule, t, w->event.at); break;
    }
    if (!fits && w->raw->err == OK)
        complain_value(w->raw, w->event.at, rule, t, NULL);
}

static void take_account_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct account_draft *a = into;
    struct source_place at = w->event.at;
    if (rule->key == KEY_ROLE_ARN)
        a->role_at = at;
    if (rule->key == KEY_PROFILE)
        a->profile_at = at;
    if ((rule->key == KEY_EXTERNAL_ID || rule->key == KEY_SOURCE_PROFILE) && !a->role_only) {
        a->role_only_at = at;
        a->role_only = rule->name;
    }
    if (rule->key == KEY_REGIONS)
        draft_open(w->raw, &a->draft, rule, at);
    walk_texts(w, rule, put_account_key, a);
}

/* The name of the account in w->event; NAME_NONE after a complaint, and for one that is there when
 * it comes from a map that is merged. */
static name_id take_account_name(struct manifest_walk *w, bool is_merged)
{
    struct raw *r = w->raw;
    struct yaml_event *e = &w->event;
    char q[QUOTE_LEN];
    name_id name = NAME_NONE;
    enum name_fault fault = e->kind == EVENT_SCALAR ? name_check(e->text) : NAME_OK;
    if (e->kind != EVENT_SCALAR) {
        if (e->kind != EVENT_REFUSED)
            complain(r, e->at, "found %s as the name of an account, expected a text",
                     event_noun(e, q));
        walk_skip(w);
    } else if (fault != NAME_OK) {
        complain(r, e->at, "found %s as the name of an account, but %s", quote(e->text, q),
                 name_fault_text(fault));
    } else if (raw_name(r, e->text, &name)) {
        const struct raw_account *first = raw_account_find(r, name);
        if (first && is_merged)
            return NAME_NONE;
        if (first)
            complain(r, e->at, "duplicate account %s; it stands in " TEXT_FMT ":%u already",
                     quote(e->text, q), TEXT_ARG(r->fleet->files[first->at.file]), first->at.line);
        else if (r->accounts_len == ACCOUNTS_MAX)
            complain(r, e->at, "found more than %d accounts", ACCOUNTS_MAX);
        else
            return name;
    }
    return NAME_NONE;
}

static void take_account(struct manifest_walk *w, struct account_draft *a)
{
    char q[QUOTE_LEN];
    bool is_nothing = w->event.kind == EVENT_SCALAR && w->event.plain && w->event.text.len == 0;
    draft_begin(&a->draft, w->file, w->event.at);
    if (w->event.kind == EVENT_MAP) {
        walk_map(w, SECTION_ACCOUNT, take_account_key, a);
    } else if (!is_nothing) {
        if (w->event.kind != EVENT_REFUSED)
            complain(w->raw, w->event.at,
                     "found %s, expected the keys of an account, such as profile or rate",
                     event_noun(&w->event, q));
        walk_skip(w);
    }
    struct raw *r = w->raw;
    if (a->role_at.line && a->profile_at.line)
        complain(r, a->role_at.line > a->profile_at.line ? a->role_at : a->profile_at,
                 "found profile and role_arn, expected one of them; the profile that assumes the "
                 "role is source_profile");
    if (a->role_only && !a->role_at.line)
        complain(r, a->role_only_at,
                 "found %s without role_arn, which it is for: add role_arn, or leave it out",
                 a->role_only);
    if (!draft_end(r, &a->draft))
        return;
    a->account.regions = a->draft.settings.regions;
    raw_account_add(r, &a->account);
}

static void take_accounts(struct manifest_walk *w, void *ctx, struct merges *merges, bool is_merged)
{
    (void)ctx;
    while (walk_next(w) && w->event.kind != EVENT_MAP_END) {
        struct account_draft a = {.account.at = w->event.at};
        bool is_merge = walk_is_merge(w);
        name_id name = is_merge ? NAME_NONE : take_account_name(w, is_merged);
        a.account.account.name = name;
        if (!walk_next(w))
            return;
        if (is_merge)
            walk_merge(w, merges);
        else if (name == NAME_NONE)
            walk_skip(w);
        else
            take_account(w, &a);
    }
}

void walk_accounts(struct manifest_walk *w)
{
    walk_keys(w, take_accounts, NULL);
}
