/*
 * Decides by what DNS and a provider show. Create only: a set that exists is never replaced, except
 * a TXT set with --merge-spf, and by compare and swap.
 */
#include "look.h"

#include "base/dname.h"
#include "base/escape.h"
#include "base/glob.h"
#include "handoff/decide.h"
#include "rules/spf_merge.h"
#include "rules/spf_record.h"

#define WORDS_LEN_MAX 512 /* of a stranger, in a sentence */

static bool person(struct look *look, struct text reason)
{
    look->verdict = LOOK_PERSON;
    look->reason = reason;
    return reason.at != NULL;
}

static struct text words_of(struct arena *arena, struct text foreign)
{
    struct buf words;
    buf_init(&words, 4 * WORDS_LEN_MAX);
    escape_terminal(&words, text_slice(foreign, 0, WORDS_LEN_MAX));
    struct text kept = arena_text(arena, buf_text(&words));
    buf_clear(&words);
    return kept.at ? kept : TEXT("");
}

/* Is the name one at which nothing may be created, whatever the records there say? */
static bool place_is_barred(struct look *look, struct arena *arena,
                            const struct publish_target *target, const struct dns_facts *facts)
{
    const struct text name = target->name;
    if (facts->cname.len && !facts->wildcard) {
        struct text to = words_of(arena, facts->cname);
        return person(look, arena_fmt(arena,
                                      "the name is an alias (CNAME) of " TEXT_FMT
                                      ", and no other record can stand beside a CNAME; its owner "
                                      "has to remove the alias first",
                                      TEXT_ARG(to)));
    }
    if (facts->wildcard)
        return person(look,
                      TEXT("a wildcard above the name answers for it, and would no longer do so "
                           "once a record stands there; its owner has to decide"));
    if (facts->hides_above)
        return person(look, arena_fmt(arena,
                                      TEXT_FMT " is there by a wildcard alone, and would lose its "
                                               "records once a record stands below it; its owner "
                                               "has to decide",
                                      TEXT_ARG(dname_parent(name))));
    if (dname_eq(name, facts->zone))
        return person(look, TEXT("the name is the apex of a zone of its own, and records are never "
                                 "created at an apex"));
    return false;
}

static bool txts_copy(struct look *look, struct arena *arena, const struct dns_facts *facts)
{
    struct text *txts = ARENA_ARRAY(arena, struct text, facts->txt_len + 1u);
    bool kept = txts != NULL;
    for (uint32_t i = 0; kept && i < facts->txt_len; i++) {
        txts[i] = arena_text(arena, facts->txt[i]);
        kept = txts[i].at || !facts->txt[i].len;
    }
    look->txts = txts;
    look->txts_len = facts->txt_len;
    return kept;
}

/* The TXT set is there and lacks Amazon SES: a person decides, or --merge-spf has. */
static bool txt_merge(struct look *look, struct arena *arena, const struct publish_target *target,
                      const struct records_verdict *v, const struct dns_facts *facts,
                      const struct look_rules *rules)
{
    bool has_spf = v->action == RECORDS_REPLACE;
    if (!rules->merges_spf)
        return person(
            look,
            has_spf ? TEXT("the name has an SPF record without Amazon SES, and a record that is "
                           "there is not replaced without --merge-spf")
                    : TEXT("the name has other TXT records, and a record set that is there is not "
                           "replaced without --merge-spf"));
    look->verdict = LOOK_CHANGE;
    look->swaps_txt = true;
    look->txt_before = has_spf ? arena_text(arena, v->there[v->replaced].data) : TEXT_NONE;
    look->txt_after = arena_text(arena, has_spf ? v->merged : target->txt);
    return txts_copy(look, arena, facts) && look->txt_after.at && (!has_spf || look->txt_before.at);
}

/* What DNS says of the place: its zone, and whether a verdict is possible. False: the look is
 * decided by that. */
static bool place_read(struct look *look, struct arena *arena, const struct publish_target *target,
                       const struct dns_facts *facts, bool *kept)
{
    *look = (struct look){.verdict = LOOK_SILENT,
                          .mx_ttl_s = facts->mx_ttl_s,
                          .txt_ttl_s = facts->txt_ttl_s,
                          .unheard = facts->unheard,
                          .zone = arena_text(arena, facts->zone),
                          .hosts = arena_text(arena, facts->zone_hosts)};
    *kept = (look->zone.at || !facts->zone.len) && (look->hosts.at || !facts->zone_hosts.len);
    bool silent = facts->mx_state == DNS_TROUBLE_STATE || facts->txt_state == DNS_TROUBLE_STATE ||
                  !facts->zone.len;
    if (*kept && silent && !facts->cname.len) {
        struct text trouble = words_of(arena, facts->trouble);
        look->reason = arena_fmt(arena, "DNS gives no verdict: " TEXT_FMT, TEXT_ARG(trouble));
        *kept = look->reason.at != NULL;
        return false;
    }
    if (*kept && place_is_barred(look, arena, target, facts))
        return false;
    *kept = *kept && (look->verdict != LOOK_PERSON || look->reason.at);
    return *kept;
}

/* The one SPF record at the name is the wanted one, to the letter. Whether a resolver can follow
 * what it includes does not matter then. */
static bool spf_is_wanted(const struct publish_target *target, const struct dns_facts *facts)
{
    struct text record;
    return facts->txt_state == DNS_FOUND &&
           spf_record_select(facts->txt, facts->txt_len, &record) == SPF_RECORD_ONE &&
           text_eq(record, target->txt);
}

bool look_at_names(struct look *look, struct arena *arena, const struct publish_target *target,
                   const struct survey *s, const struct look_rules *rules)
{
    const struct dns_facts *facts = survey_facts(s);
    struct records_found found;
    bool kept;
    if (!place_read(look, arena, target, facts, &kept))
        return kept;
    if (!records_judge(&found, arena, s, rules->region, rules->feedback_host))
        return false;
    const struct records_verdict *mx = &found.of[RECORDS_MX];
    struct records_verdict *txt = &found.of[RECORDS_TXT];
    if (txt->action == RECORDS_BLOCKED && spf_is_wanted(target, facts))
        txt->action = RECORDS_KEEP;
    const struct records_verdict *of[] = {mx, txt};
    for (int type = 0; type < RECORDS_TYPES; type++)
        if (of[type]->action == RECORDS_BLOCKED) {
            look->verdict = of[type]->is_open ? LOOK_SILENT : LOOK_PERSON;
            look->reason = of[type]->reason;
            return true;
        }
    if (mx->action == RECORDS_REPLACE)
        return person(look,
                      TEXT("the name has an MX that is not the one of Amazon SES, and a "
                           "record that is there is not replaced; its owner has to change it"));
    look->mx = mx->action == RECORDS_ADD;
    look->txt = txt->action != RECORDS_KEEP;
    look->verdict = look->mx || look->txt ? LOOK_CHANGE : LOOK_AS_WANTED;
    if (txt->action == RECORDS_REPLACE || (txt->action == RECORDS_ADD && facts->txt_len))
        return txt_merge(look, arena, target, txt, facts, rules);
    return true;
}

bool look_before_withdrawal(struct look *look, struct arena *arena,
                            const struct publish_target *target, const struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    bool kept;
    if (!place_read(look, arena, target, facts, &kept))
        return kept;
    bool mx_is_there = facts->mx_len > 0, txt_is_there = facts->txt_len > 0;
    bool mx_is_ours = facts->mx_len == 1 && facts->mx[0].preference == target->mx_preference &&
                      dname_eq(facts->mx[0].exchange, target->mx_exchange) &&
                      facts->mx_ttl_s == target->ttl_s;
    bool txt_is_ours = facts->txt_len == 1 && text_eq(facts->txt[0], target->txt) &&
                       facts->txt_ttl_s == target->ttl_s;
    look->mx = target->with_mx && mx_is_there;
    look->txt = target->with_txt && txt_is_there;
    if (look->mx && !mx_is_ours)
        return person(look, TEXT("the MX is not the one that the run created any more, so it is "
                                 "left"));
    if (look->txt && !txt_is_ours)
        return person(look, TEXT("the TXT records are not the one that the run created any more, "
                                 "so they are left"));
    look->verdict = look->mx || look->txt ? LOOK_CHANGE : LOOK_AS_WANTED;
    return true;
}

bool look_shows(const struct publish_target *target, bool mx, bool txt, const struct survey *s)
{
    const struct dns_facts *facts = survey_facts(s);
    bool shows = (mx && facts->mx_state == DNS_TROUBLE_STATE) ||
                 (txt && facts->txt_state == DNS_TROUBLE_STATE);
    for (uint32_t i = 0; mx && i < facts->mx_len; i++)
        shows |= facts->mx[i].preference == target->mx_preference &&
                 dname_eq(facts->mx[i].exchange, target->mx_exchange);
    for (uint32_t i = 0; txt && i < facts->txt_len; i++)
        shows |= text_eq(facts->txt[i], target->txt);
    return shows;
}

uint32_t provider_of_zone(const struct fleet *f, struct text zone)
{
    for (uint32_t i = 0; i < f->providers_len; i++)
        for (uint32_t k = 0; k < f->providers[i].zones_len; k++)
            if (glob_fits(f->providers[i].zones[k], zone))
                return i;
    return f->providers_len;
}

/* ---- zones ---- */

static bool hosts_have(struct text hosts, struct text wanted)
{
    while (hosts.len) {
        struct text host = text_trim(text_cut(&hosts, ','));
        if (dname_eq(host, wanted))
            return true;
    }
    return false;
}

/* Are the servers in force all of the zone's? Those of the zone that nobody delegates to do no
 * harm. */
static bool zone_is_in_force(const struct hosted_zone *z, struct text hosts)
{
    bool any = false;
    while (hosts.len) {
        struct text host = text_trim(text_cut(&hosts, ','));
        bool is_of_zone = false;
        for (uint32_t i = 0; i < z->hosts_len && !is_of_zone; i++)
            is_of_zone = dname_eq(z->hosts[i], host);
        if (!is_of_zone)
            return false;
        any = true;
    }
    return any;
}

static bool zone_serves_some(const struct hosted_zone *z, struct text hosts)
{
    for (uint32_t i = 0; i < z->hosts_len; i++)
        if (hosts_have(hosts, z->hosts[i]))
            return true;
    return false;
}

static const char *bar_words(enum zone_bar bar)
{
    switch (bar) {
    case ZONE_OPEN: break;
    case ZONE_PRIVATE: return "is private, so the public DNS does not show it";
    case ZONE_SERVICE: return "belongs to a linked service, which alone may change it";
    case ZONE_LOCKED: return "is locked while accelerated recovery is turned on or off";
    case ZONE_INACTIVE: return "is not active";
    }
    return "";
}

static bool zone_refuse(struct zone_choice *choice, struct text reason)
{
    choice->reason = reason;
    return reason.at != NULL;
}

bool zone_choose(struct zone_choice *choice, struct arena *arena, enum provider_kind kind,
                 struct text zone, struct text hosts, const struct hosted_zone *zones,
                 uint32_t zones_len)
{
    const struct hosted_zone *barred = NULL, *partly = NULL, *orphan = NULL, *fit = NULL;
    struct text in_force = words_of(arena, hosts);
    *choice = (struct zone_choice){0};
    for (uint32_t i = 0; i < zones_len; i++) {
        const struct hosted_zone *z = &zones[i];
        if (!dname_eq(z->name, zone))
            continue;
        if (z->bar != ZONE_OPEN)
            barred = z;
        else if (kind == PROVIDER_RFC2136 || zone_is_in_force(z, hosts))
            fit = fit ? fit : z;
        else if (zone_serves_some(z, hosts))
            partly = z;
        else
            orphan = z;
    }
    if (fit) {
        choice->id = arena_text(arena, fit->id);
        return choice->id.at || !fit->id.len;
    }
    if (partly)
        return zone_refuse(
            choice, arena_fmt(arena,
                              "zone " TEXT_FMT " is served by several providers (" TEXT_FMT
                              "), and zone " TEXT_FMT " of this one would change only a part; "
                              "publish at all of them by hand",
                              TEXT_ARG(zone), TEXT_ARG(in_force), TEXT_ARG(partly->id)));
    if (orphan)
        return zone_refuse(
            choice,
            arena_fmt(arena,
                      "zone " TEXT_FMT " is served by " TEXT_FMT ", and not by zone " TEXT_FMT
                      " of this provider, which has the same name and is not delegated to",
                      TEXT_ARG(zone), TEXT_ARG(in_force), TEXT_ARG(orphan->id)));
    if (barred) {
        struct text words = words_of(arena, barred->bar_words);
        return zone_refuse(choice,
                           arena_fmt(arena, "zone " TEXT_FMT " (" TEXT_FMT ") %s%s" TEXT_FMT,
                                     TEXT_ARG(zone), TEXT_ARG(barred->id), bar_words(barred->bar),
                                     words.len ? ": " : "", TEXT_ARG(words)));
    }
    return zone_refuse(choice, arena_fmt(arena,
                                         "this provider has no zone of the name " TEXT_FMT
                                         ", which is served by " TEXT_FMT,
                                         TEXT_ARG(zone), TEXT_ARG(in_force)));
}

/* ---- sets ---- */

static bool mx_is_wanted(const struct publish_target *t, const struct record_value *v)
{
    return v->preference == t->mx_preference && dname_eq(v->data, t->mx_exchange);
}

struct set_count {
    uint32_t wanted, others; /* values */
};

/* Counts the values of one kind; only SPF records compete with an SPF record. */
static struct set_count set_count(const struct publish_target *t, const struct record_set *set)
{
    struct set_count n = {0};
    for (uint32_t i = 0; i < set->len; i++) {
        const struct record_value *v = &set->values[i];
        bool is_wanted = set->type == DNS_TYPE_MX ? mx_is_wanted(t, v) : text_eq(v->data, t->txt);
        n.wanted += is_wanted;
        n.others += !is_wanted;
    }
    return n;
}

bool look_set_has(const struct publish_target *t, const struct record_set *set)
{
    return set_count(t, set).wanted > 0;
}

enum sets_verdict sets_judge(const struct publish_target *t, bool creates_mx, bool creates_txt,
                             const struct record_set *sets, uint32_t sets_len, struct text *reason)
{
    struct set_count mx = {0}, txt = {0};
    *reason = TEXT_NONE;
    for (uint32_t i = 0; i < sets_len; i++) {
        const struct record_set *set = &sets[i];
        bool is_mx = set->type == DNS_TYPE_MX, is_txt = set->type == DNS_TYPE_TXT;
        bool bars = (set->is_special && (is_mx || is_txt)) || set->type == DNS_TYPE_CNAME ||
                    set->type == DNS_TYPE_NS || set->type == DNS_TYPE_DNAME;
        if (bars) {
            *reason =
                set->is_special
                    ? TEXT("the provider has an alias or a routing policy at the name, which "
                           "is never touched")
                    : TEXT("the provider has a CNAME, NS or DNAME at the name, which DNS does "
                           "not show yet");
            return SETS_PERSON;
        }
        struct set_count n = is_mx || is_txt ? set_count(t, set) : (struct set_count){0};
        struct set_count *sum = is_mx ? &mx : &txt;
        sum->wanted += n.wanted;
        sum->others += n.others;
    }
    if (!creates_mx && !creates_txt)
        return SETS_FREE;
    bool mx_there = creates_mx && mx.wanted, txt_there = creates_txt && txt.wanted;
    bool foreign = (creates_mx && mx.others) || (creates_txt && txt.others);
    bool doubled = (creates_mx && mx.wanted > 1) || (creates_txt && txt.wanted > 1);
    if (foreign || doubled) {
        *reason = TEXT("the provider has other values at the name than DNS shows: somebody has "
                       "just written there");
        return mx_there || txt_there ? SETS_DOUBLED : SETS_PERSON;
    }
    if (mx_there == creates_mx && txt_there == creates_txt)
        return SETS_WANTED;
    if (mx_there || txt_there) {
        *reason = TEXT("the provider has one of the two record sets already, and DNS shows none: "
                       "somebody has just written there");
        return SETS_PERSON;
    }
    return SETS_FREE;
}
