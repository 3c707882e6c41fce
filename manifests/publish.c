/*
 * dns.publish: who can write which zones. A manifest names secrets, by a file or a variable, and
 * never has one; so of a text in the place of such a name nothing is shown.
 */
#include "raw.h"

#include "base/count.h"
#include "base/dname.h"
#include "base/glob.h"
#include "dns/server_text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE_LEN_MAX 255
#define SECRET_LEN_MIN   32 /* of a text in letters of both cases and digits */

/* An entry under construction. */
struct publish_draft {
    struct raw_provider made;
    uint32_t zones_cap;
    const char *kind; /* the key of the provider; NULL: none yet */
    uint32_t kind_line;
    struct source_place provider_at, key_at, file_at;
};

static uint32_t complaints_count(const struct raw *r)
{
    return r->complaints->len + r->complaints->more;
}

static struct text text_kept(struct raw *r, struct text t)
{
    struct text kept = arena_text(&r->arena, t);
    if (!kept.at)
        raw_fail(r, ERR_NOMEM, "no memory for the providers of DNS");
    return kept;
}

/* --- zones ------------------------------------------------------------------------------------ */

static bool is_plain(char c)
{
    return char_is_alnum(c) || c == '-' || c == '_';
}

/* Letters, digits, hyphens and underscores, "*" and "?", and closed sets of them. */
static bool label_is_sound(struct text label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (is_plain(label.at[i]) || label.at[i] == '*' || label.at[i] == '?')
            continue;
        size_t first = ++i; /* in a set */
        if (label.at[first - 1] != '[')
            return false;
        i += i < label.len && (label.at[i] == '!' || label.at[i] == '^');
        for (first = i; i < label.len && is_plain(label.at[i]); i++)
            ;
        if (i == first || i == label.len || label.at[i] != ']')
            return false;
    }
    return label.len > 0;
}

/* In lower case and A-labels, label by label, for a pattern is none for IDNA. False: it is none. */
static bool zone_normal(struct text t, struct buf *out)
{
    char label[NAME_LEN_MAX + 1];
    bool is_sound = name_check(t) == NAME_OK;
    if (t.len > 1 && t.at[t.len - 1] == '.')
        t.len--;
    while (is_sound && t.at) {
        struct text part = host_normal(text_cut(&t, '.'), label);
        is_sound = label_is_sound(part) && (glob_is(part) || part.len <= DLABEL_LEN_MAX);
        buf_add_text(out, part);
        if (t.at)
            buf_add_char(out, '.');
    }
    return is_sound && !out->failed;
}

static void put_zone(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct publish_draft *d = into;
    struct provider *p = &d->made.provider;
    struct raw *r = w->raw;
    struct buf zone;
    char q[QUOTE_LEN];
    buf_init(&zone, DNAME_LEN_MAX);
    if (p->zones_len == PROVIDER_ZONES_MAX) {
        complain(r, w->event.at, "zones: found more than %d", PROVIDER_ZONES_MAX);
    } else if (!zone_normal(w->event.text, &zone)) {
        complain(r, w->event.at, "zones: found %s, expected %s",
                 w->event.text.len ? quote(w->event.text, q) : "nothing", rule->expected);
    } else {
        if (p->zones_len == d->zones_cap) {
            struct text *wider =
                arena_grow(&r->arena, p->zones, sizeof *wider, p->zones_len, &d->zones_cap);
            if (!wider)
                raw_fail(r, ERR_NOMEM, "no memory for the providers of DNS");
            else
                p->zones = wider;
        }
        if (r->err == OK)
            p->zones[p->zones_len++] = text_kept(r, buf_text(&zone));
    }
    buf_clear(&zone);
}

/* --- the keys of a provider ------------------------------------------------------------------- */

/* Chance makes no name of a variable like this; a token is one. */
static bool secret_like(struct text t)
{
    bool lower = false, upper = false, digit = false;
    for (size_t i = 0; i < t.len; i++) {
        lower |= t.at[i] >= 'a' && t.at[i] <= 'z';
        upper |= t.at[i] >= 'A' && t.at[i] <= 'Z';
        digit |= char_is_digit(t.at[i]);
    }
    return t.len >= SECRET_LEN_MIN && lower && upper && digit;
}

static bool variable_is(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && t.at[i] != '_')
            return false;
    return t.len > 0 && t.len <= VARIABLE_LEN_MAX && !char_is_digit(t.at[0]) && !secret_like(t);
}

static bool path_is(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f)
            return false;
    return t.len > 0 && t.len < PATH_LEN_MAX;
}

/* From the folder of the manifest, and whole, for a run may be resumed in another folder. */
static struct text key_file(struct manifest_walk *w, struct text t)
{
    struct raw *r = w->raw;
    struct text manifest = r->fleet->files[w->file];
    size_t slash = text_rfind(manifest, '/');
    struct text folder = slash < manifest.len ? text_slice(manifest, 0, slash + 1) : TEXT_NONE;
    char here[PATH_LEN_MAX];
    if (t.at[0] == '/')
        return text_kept(r, t);
    if (r->files[w->file].is_stdin || r->files[w->file].is_stream) {
        complain(r, w->event.at,
                 "key_file: this manifest comes through a pipe and has no folder, expected the "
                 "whole path, from /");
        return TEXT_NONE;
    }
    if (text_starts(folder, TEXT("/")))
        return arena_fmt(&r->arena, TEXT_FMT TEXT_FMT, TEXT_ARG(folder), TEXT_ARG(t));
    if (!getcwd(here, sizeof here)) {
        complain(r, w->event.at, "key_file: the path of this folder is not known: %s",
                 strerror(errno));
        return TEXT_NONE;
    }
    while (text_starts(folder, TEXT("./")))
        folder = text_from(folder, 2);
    return arena_fmt(&r->arena, "%s/" TEXT_FMT TEXT_FMT, strcmp(here, "/") ? here : "",
                     TEXT_ARG(folder), TEXT_ARG(t));
}

/* The name of an algorithm that is strong enough; NULL after a complaint. */
static const char *algorithm_of(struct manifest_walk *w, const struct key_rule *rule)
{
    static const char *const words[] = {"hmac-sha256", "hmac-sha384", "hmac-sha512"};
    static const char *const weak[] = {"hmac-md5", "hmac-md5.sig-alg.reg.int", "hmac-sha1",
                                       "hmac-sha224"};
    struct text t = w->event.text;
    char q[QUOTE_LEN];
    for (size_t i = 0; i < COUNT(words); i++)
        if (text_eq_nocase(t, text_of(words[i])))
            return words[i];
    for (size_t i = 0; i < COUNT(weak); i++)
        if (text_eq_nocase(t, text_of(weak[i]))) {
            complain(w->raw, w->event.at, "algorithm: found %s, which is too weak, expected %s",
                     quote(t, q), rule->expected);
            return NULL;
        }
    complain_value(w->raw, w->event.at, rule, t, word_near(t, words, COUNT(words)));
    return NULL;
}

static void put_variable(struct manifest_walk *w, const struct key_rule *rule, struct text *out)
{
    if (variable_is(w->event.text))
        *out = text_kept(w->raw, w->event.text);
    else
        complain(w->raw, w->event.at,
                 "%s: expected %s; what stands here is not shown, for it may be the secret itself",
                 rule->name, rule->expected);
}

static void put_url(struct manifest_walk *w, const struct key_rule *rule, struct provider *p)
{
    const struct manifest_options *o = w->raw->options;
    struct why why = {""};
    char q[QUOTE_LEN];
    struct text t = w->event.text;
    bool has_scheme = text_starts(t, TEXT("https://")) || text_starts(t, TEXT("http://"));
    if (!has_scheme || !text_is_visible(t))
        complain_value(w->raw, w->event.at, rule, t, NULL);
    else if (o->endpoint_vet && o->endpoint_vet(p->kind, t, &why) != OK)
        complain(w->raw, w->event.at, "endpoint_url: found %s: %s", quote(t, q), why.text);
    else
        p->endpoint_url = text_kept(w->raw, t);
}

static void put_account(struct manifest_walk *w, const struct key_rule *rule, name_id *account)
{
    struct text t = w->event.text;
    char q[QUOTE_LEN];
    enum name_fault fault = name_check(t);
    if (fault == NAME_EMPTY)
        complain_value(w->raw, w->event.at, rule, t, NULL);
    else if (fault != NAME_OK)
        complain(w->raw, w->event.at, "account: found %s, but %s; expected %s", quote(t, q),
                 name_fault_text(fault), rule->expected);
    else if (raw_name(w->raw, t, account))
        raw_account_ref(w->raw, *account, w->event.at);
}

static void put_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct publish_draft *d = into;
    struct provider *p = &d->made.provider;
    struct text t = w->event.text;
    struct dns_server server;
    const char *algorithm;
    bool fits = true;
    switch (rule->key) {
    case KEY_ACCOUNT: put_account(w, rule, &d->made.account); break;
    case KEY_ENDPOINT_URL: put_url(w, rule, p); break;
    case KEY_TOKEN_ENV: put_variable(w, rule, &p->token_env); break;
    case KEY_SECRET_ENV: put_variable(w, rule, &p->key_secret_env); break;
    case KEY_TSIG_ALGORITHM:
        algorithm = algorithm_of(w, rule);
        p->key_algorithm = text_of(algorithm);
        break;
    case KEY_SERVER:
        fits = server_parse(&server, t);
        p->server = fits ? text_kept(w->raw, t) : TEXT_NONE;
        break;
    case KEY_TSIG_NAME:
        fits = t.len > 0 && t.len <= DNAME_LEN_MAX && text_is_visible(t);
        p->key_name = fits ? text_kept(w->raw, t) : TEXT_NONE;
        break;
    default:
        fits = path_is(t);
        p->key_file = fits ? key_file(w, t) : TEXT_NONE;
        break;
    }
    if (!fits && w->raw->err == OK)
        complain_value(w->raw, w->event.at, rule, t, NULL);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* A text here may be a secret, so it is not shown. */
static bool is_map(struct manifest_walk *w, const struct key_rule *rule)
{
    if (w->event.kind != EVENT_SCALAR)
        return walk_is(w, rule, EVENT_MAP);
    complain(w->raw, w->event.at,
             "%s: found a text, expected keys and values (%s); a secret has no place in a manifest",
             rule->name, rule->expected);
    return false;
}

static void missing(struct raw *r, struct source_place at, enum section s, unsigned key)
{
    const struct key_rule *rule = &section_rule(s)->keys[key];
    complain(r, at, "the key %s is missing in %s, expected %s", rule->name, section_rule(s)->noun,
             rule->expected);
}

static void take_key_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    walk_texts(w, rule, put_key, into);
}

static void take_tsig(struct manifest_walk *w, const struct key_rule *rule, struct publish_draft *d)
{
    struct provider *p = &d->made.provider;
    uint32_t before = complaints_count(w->raw);
    if (is_map(w, rule))
        walk_map(w, SECTION_TSIG, take_key_key, d);
    if (complaints_count(w->raw) != before)
        return;
    if (!p->key_name.len)
        missing(w->raw, d->key_at, SECTION_TSIG, 0);
    if (!p->key_secret_env.len)
        missing(w->raw, d->key_at, SECTION_TSIG, 2);
    if (!p->key_algorithm.len)
        p->key_algorithm = TEXT("hmac-sha256");
}

static void take_provider_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct publish_draft *d = into;
    if (rule->key == KEY_KEY_FILE)
        d->file_at = w->event.at;
    if (rule->key != KEY_TSIG) {
        walk_texts(w, rule, put_key, d);
        return;
    }
    d->key_at = w->event.at;
    take_tsig(w, rule, d);
}

/* What an entry's provider must have. */
static void provider_vet(struct raw *r, const struct publish_draft *d)
{
    const struct provider *p = &d->made.provider;
    struct source_place at = d->provider_at;
    if (p->kind == PROVIDER_CLOUDFLARE && !p->token_env.len)
        missing(r, at, SECTION_CLOUDFLARE, 0);
    if (p->kind != PROVIDER_RFC2136)
        return;
    if (!p->server.len)
        missing(r, at, SECTION_RFC2136, 0);
    if (!d->file_at.line && !d->key_at.line)
        complain(r, at,
                 "the keys key_file and key are missing in rfc2136, expected one of them: an "
                 "update that is not signed is never sent");
    if (d->file_at.line && d->key_at.line)
        complain(r, d->file_at.line > d->key_at.line ? d->file_at : d->key_at,
                 "found key_file and key, expected one of them");
}

static void take_entry_key(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct publish_draft *d = into;
    bool is_route53 = rule->key == KEY_ROUTE53, is_cloudflare = rule->key == KEY_CLOUDFLARE;
    if (rule->key == KEY_ZONES) {
        walk_texts(w, rule, put_zone, d);
        return;
    }
    if (d->kind) {
        complain(w->raw, w->event.at,
                 "found %s beside %s on line %u, expected one provider in an entry", rule->name,
                 d->kind, d->kind_line);
        walk_skip(w);
        return;
    }
    d->kind = rule->name;
    d->kind_line = w->event.at.line;
    d->provider_at = w->event.at;
    d->made.provider.kind = is_route53      ? PROVIDER_ROUTE53
                            : is_cloudflare ? PROVIDER_CLOUDFLARE
                                            : PROVIDER_RFC2136;
    uint32_t before = complaints_count(w->raw);
    if (is_map(w, rule))
        walk_map(w,
                 is_route53      ? SECTION_ROUTE53
                 : is_cloudflare ? SECTION_CLOUDFLARE
                                 : SECTION_RFC2136,
                 take_provider_key, d);
    if (complaints_count(w->raw) == before)
        provider_vet(w->raw, d);
}

static void entry_add(struct raw *r, const struct publish_draft *d)
{
    const struct provider *p = &d->made.provider;
    struct source_place at = {p->file, p->line, p->column};
    if (r->providers_len == PROVIDERS_MAX) {
        complain(r, at, "publish: found more than %d entries", PROVIDERS_MAX);
        return;
    }
    struct raw_provider *providers =
        raw_grown(r, r->providers, r->providers_len, &r->providers_cap, sizeof *providers);
    if (!providers)
        return;
    r->providers = providers;
    r->providers[r->providers_len++] = d->made;
}

static void take_entry(struct manifest_walk *w)
{
    struct raw *r = w->raw;
    struct source_place at = w->event.at;
    struct publish_draft d = {
        .made.provider = {.file = at.file, .line = at.line, .column = at.column}};
    char q[QUOTE_LEN];
    if (w->event.kind != EVENT_MAP) {
        if (w->event.kind != EVENT_REFUSED)
            complain(r, at,
                     "publish: found %s, expected the keys zones and one of route53, "
                     "rfc2136 and cloudflare",
                     event_noun(&w->event, q));
        walk_skip(w);
        return;
    }
    uint32_t before = complaints_count(r);
    walk_map(w, SECTION_PUBLISH, take_entry_key, &d);
    if (complaints_count(r) != before || w->event.kind != EVENT_MAP_END)
        return;
    if (!d.made.provider.zones_len)
        missing(r, at, SECTION_PUBLISH, 0);
    if (!d.kind)
        complain(r, at, "no provider, expected one of the keys route53, rfc2136 and cloudflare");
    if (complaints_count(r) == before && r->err == OK)
        entry_add(r, &d);
}

static void take_top_dns(struct manifest_walk *w, const struct key_rule *rule, void *into)
{
    struct source_place at = w->event.at;
    uint32_t len = 0;
    (void)into;
    if (!walk_is(w, rule, EVENT_LIST))
        return;
    for (; walk_next(w) && w->event.kind != EVENT_LIST_END; len++)
        take_entry(w);
    if (len == 0 && w->event.kind == EVENT_LIST_END)
        complain(w->raw, at, "publish: found an empty list, expected %s", rule->expected);
}

void walk_publish(struct manifest_walk *w)
{
    walk_map(w, SECTION_TOP_DNS, take_top_dns, NULL);
}
