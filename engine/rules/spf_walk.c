/*
 * The walk through SPF records: frames, results and limits. Mechanisms decide (spf_addresses.c for
 * look-ups of addresses); this file applies a decision to its record and to the records above.
 *
 *   record -> term -> (look-ups) -> next term | match -> end of frame -> term above ...
 *
 * Invariant: depth >= 1 while not done, and in a check depth <= lookups + 1, so the stack cannot
 * overflow before the limit of look-ups ends the walk.
 */
#include "spf_walk.h"

#include "base/dname.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* Letters with a value only in a message. */
#define LETTERS_OF_MESSAGE                                                                         \
    (SPF_LETTER('s') | SPF_LETTER('l') | SPF_LETTER('i') | SPF_LETTER('p') | SPF_LETTER('v') |     \
     SPF_LETTER('h'))

static const struct text ses_domain = TEXT("amazonses.com");

static struct spf_frame *frame_top(struct spf_walk *w)
{
    assert(w->depth >= 1);
    return &w->frames[w->depth - 1];
}

const struct spf_term *spf_walk_term(const struct spf_walk *w)
{
    assert(w->depth >= 1);
    const struct spf_frame *frame = &w->frames[w->depth - 1];
    assert(frame->term < frame->record.terms_len);
    return &frame->record.terms[frame->term];
}

void spf_walk_init(struct spf_walk *w)
{
    *w = (struct spf_walk){.done = true};
    arena_init(&w->arena, SPF_MEMORY_MAX);
}

void spf_walk_clear(struct spf_walk *w)
{
    arena_clear(&w->arena);
    spf_walk_init(w);
}

void spf_walk_end(struct spf_walk *w, enum spf_result result, const char *reason, ...)
{
    char sentence[WHY_LEN_MAX];
    va_list ap;
    va_start(ap, reason);
    vsnprintf(sentence, sizeof sentence, reason, ap);
    va_end(ap);
    w->result = result;
    w->reason = arena_text(&w->arena, text_of(sentence));
    w->done = true;
}

void spf_walk_look_up(struct spf_walk *w, enum spf_walk_state state, struct text name,
                      uint16_t type)
{
    lookup_start(&w->lookup, &w->arena, name, type);
    w->lookup_is_on = true;
    w->state = state;
}

bool spf_walk_expand(struct spf_walk *w, struct text spec, struct text *domain)
{
    w->values.domain = frame_top(w)->domain;
    w->values.validated = spf_ptr_name_for(w, w->values.domain);
    *domain = spec.len ? spf_macro_expand_domain(&w->arena, spec, &w->values) : w->values.domain;
    if (!domain->at)
        spf_walk_end(w, SPF_TEMPERROR, "a macro grows beyond all bounds");
    return domain->at != NULL;
}

static unsigned limit_of(const struct spf_walk *w, unsigned limit)
{
    return w->mode == SPF_WALK_CHECK ? limit : SPF_SURVEY_LOOKUPS_MAX;
}

bool spf_walk_count_void(struct spf_walk *w)
{
    w->void_lookups++;
    if (w->void_lookups > limit_of(w, SPF_VOID_LOOKUPS_MAX))
        spf_walk_end(w, SPF_PERMERROR, "more than %u void lookups", SPF_VOID_LOOKUPS_MAX);
    return !w->done;
}

static bool count_lookup(struct spf_walk *w)
{
    w->lookups++;
    if (w->lookups > limit_of(w, SPF_LOOKUPS_MAX))
        spf_walk_end(w, SPF_PERMERROR, "more than %u DNS lookups are needed",
                     limit_of(w, SPF_LOOKUPS_MAX));
    return !w->done;
}

static void frame_end(struct spf_walk *w, enum spf_result result);

/* A survey steps over a term without an answer: the terms behind it may lead to SES. */
static bool trouble_step_over(struct spf_walk *w)
{
    bool is_record = w->state == SPF_AT_RECORD;
    if (w->mode != SPF_WALK_SURVEY || (is_record && w->depth == 1) ||
        w->troubles == SPF_TROUBLES_MAX)
        return false;
    w->ses_is_behind =
        w->ses_is_behind || (!w->authorizes_ses && !dname_eq(w->lookup.name, ses_domain));
    if (w->troubles++ == 0)
        w->trouble = arena_fmt(&w->arena, TEXT_FMT " (%s): %s", TEXT_ARG(w->lookup.name),
                               dns_type_name(w->lookup.type), w->lookup.trouble);
    if (is_record)
        frame_end(w, SPF_NEUTRAL);
    else
        spf_walk_judge(w, false);
    return true;
}

bool spf_walk_lookup_is_usable(struct spf_walk *w)
{
    if (w->lookup.outcome == LOOKUP_TROUBLE && trouble_step_over(w))
        return false;
    if (w->lookup.outcome == LOOKUP_TROUBLE)
        spf_walk_end(w, SPF_TEMPERROR, TEXT_FMT " (%s): %s", TEXT_ARG(w->lookup.name),
                     dns_type_name(w->lookup.type), w->lookup.trouble);
    else if (w->lookup.outcome == LOOKUP_VOID && w->lookup.name.len)
        spf_walk_count_void(w);
    return !w->done;
}

/* The frame has a result. A matching include is a match of the record above. */
static void frame_end(struct spf_walk *w, enum spf_result result)
{
    while (w->depth > 1) {
        w->depth--;
        struct spf_frame *above = frame_top(w);
        if (result != SPF_PASS || w->mode == SPF_WALK_SURVEY) {
            above->term++;
            w->state = SPF_AT_TERM;
            return;
        }
        result = above->record.terms[above->term].qualifier;
    }
    const struct spf_frame *frame = frame_top(w);
    if (frame->term < frame->record.terms_len)
        w->matched = frame->record.terms[frame->term].source;
    w->result = result;
    w->done = true;
    if (result == SPF_FAIL && w->mode == SPF_WALK_CHECK && frame->record.exp.len) {
        w->done = false;
        w->state = SPF_AT_EXP;
    }
}

static void term_match(struct spf_walk *w)
{
    const struct spf_frame *frame = frame_top(w);
    const struct spf_term *term = &frame->record.terms[frame->term];
    if (term->mechanism == SPF_ALL)
        spf_walk_passes_all(w);
    frame_end(w, term->qualifier);
}

void spf_walk_judge(struct spf_walk *w, bool matches)
{
    if (matches) {
        term_match(w);
        return;
    }
    frame_top(w)->term++;
    w->state = SPF_AT_TERM;
}

void spf_walk_note_network(struct spf_walk *w, const struct spf_address *address, uint8_t bits)
{
    bool passes = frame_top(w)->passes && spf_walk_term(w)->qualifier == SPF_PASS;
    if (w->mode == SPF_WALK_SURVEY)
        spf_networks_add(&w->networks, &w->arena, (struct spf_network){*address, bits, passes});
}

void spf_walk_passes_all(struct spf_walk *w)
{
    if (frame_top(w)->passes && spf_walk_term(w)->qualifier == SPF_PASS)
        w->authorizes_ses = w->passes_all = true;
}

static void record_look_up(struct spf_walk *w)
{
    spf_walk_look_up(w, SPF_AT_RECORD, frame_top(w)->domain, DNS_TYPE_TXT);
}

static void include_begin(struct spf_walk *w, const struct spf_term *term, struct text domain)
{
    bool passes = frame_top(w)->passes && term->qualifier == SPF_PASS;
    for (unsigned i = 0; w->mode == SPF_WALK_SURVEY && i < w->depth; i++) {
        if (dname_eq(w->frames[i].domain, domain)) {
            spf_walk_end(w, SPF_PERMERROR, TEXT_FMT " includes itself", TEXT_ARG(domain));
            return;
        }
    }
    if (w->depth > SPF_LOOKUPS_MAX) {
        assert(w->lookups > SPF_LOOKUPS_MAX);
        spf_walk_end(w, SPF_PERMERROR, "more than %u DNS lookups are needed", SPF_LOOKUPS_MAX);
        return;
    }
    w->frames[w->depth++] = (struct spf_frame){.domain = domain, .passes = passes};
    record_look_up(w);
}

static void redirect_begin(struct spf_walk *w)
{
    struct spf_frame *frame = frame_top(w);
    struct text domain;
    if (!spf_ptr_is_ready(w, frame->record.redirect_letters, SPF_AT_TERM) || !count_lookup(w))
        return;
    if (w->mode == SPF_WALK_SURVEY && (frame->record.redirect_letters & LETTERS_OF_MESSAGE)) {
        frame_end(w, SPF_NEUTRAL);
        return;
    }
    if (!spf_walk_expand(w, frame->record.redirect, &domain))
        return;
    *frame = (struct spf_frame){.domain = domain, .redirected = true, .passes = frame->passes};
    record_look_up(w);
}

static void asking_term_begin(struct spf_walk *w, const struct spf_term *term)
{
    struct text domain;
    bool survey = w->mode == SPF_WALK_SURVEY;
    spf_letters letters = term->letters;
    if (term->mechanism == SPF_PTR)
        letters |= SPF_LETTER('p');
    if ((letters & SPF_LETTER('p')) && !w->ptr_at.len)
        w->ptr_at = frame_top(w)->domain;
    if (!survey && !spf_ptr_is_ready(w, letters, SPF_AT_TERM))
        return;
    if (!count_lookup(w))
        return;
    if (survey && (letters & LETTERS_OF_MESSAGE)) {
        spf_walk_judge(w, false);
        return;
    }
    if (!spf_walk_expand(w, term->target, &domain))
        return;
    switch (term->mechanism) {
    case SPF_INCLUDE: include_begin(w, term, domain); break;
    case SPF_A: spf_walk_look_up(w, SPF_AT_ADDRESSES, domain, spf_walk_address_type(w)); break;
    case SPF_EXISTS: spf_walk_look_up(w, SPF_AT_ADDRESSES, domain, DNS_TYPE_A); break;
    case SPF_MX: spf_walk_look_up(w, SPF_AT_MX, domain, DNS_TYPE_MX); break;
    case SPF_PTR:
        if (!w->ptr.void_lookups || spf_walk_count_void(w))
            spf_walk_judge(w, spf_ptr_matches(w, domain));
        break;
    default: assert(false && "a mechanism that asks");
    }
}

static void term_begin(struct spf_walk *w)
{
    const struct spf_frame *frame = frame_top(w);
    const struct spf_address *client = &w->values.client;
    if (frame->term == frame->record.terms_len) {
        if (frame->record.redirect.len)
            redirect_begin(w);
        else
            frame_end(w, SPF_NEUTRAL);
        return;
    }
    const struct spf_term *term = &frame->record.terms[frame->term];
    if (term->mechanism == SPF_ALL)
        term_match(w);
    else if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6) {
        uint8_t bits = term->mechanism == SPF_IP4 ? term->ip4_bits : term->ip6_bits;
        spf_walk_note_network(w, &term->network, bits);
        spf_walk_judge(w, spf_address_matches(client, &term->network, bits));
    } else
        asking_term_begin(w, term);
}

static void record_missing(struct spf_walk *w)
{
    const struct spf_frame *frame = frame_top(w);
    if (w->depth == 1 && !frame->redirected)
        spf_walk_end(w, SPF_NONE, TEXT_FMT " has no SPF record", TEXT_ARG(frame->domain));
    else
        spf_walk_end(w, SPF_PERMERROR, TEXT_FMT ", which the record %s, has no SPF record",
                     TEXT_ARG(frame->domain), frame->redirected ? "redirects to" : "includes");
}

static void record_take(struct spf_walk *w)
{
    struct spf_frame *frame = frame_top(w);
    struct text txt[DNS_RECORDS_MAX], text;
    struct why why;
    size_t len = 0;
    if (!spf_walk_lookup_is_usable(w))
        return;
    for (uint32_t i = 0; i < w->lookup.records_len && len < DNS_RECORDS_MAX; i++)
        txt[len++] = w->lookup.records[i].txt;
    enum spf_choice choice = spf_record_select(txt, len, &text);
    if (choice == SPF_RECORD_NONE) {
        record_missing(w);
        return;
    }
    if (w->depth == 1 && !frame->redirected)
        w->record = text;
    if (choice == SPF_RECORD_SEVERAL) {
        spf_walk_end(w, SPF_PERMERROR, TEXT_FMT " has several SPF records",
                     TEXT_ARG(frame->domain));
        return;
    }
    enum err err = spf_record_parse(&frame->record, text, &w->arena, &why);
    if (err != OK) {
        spf_walk_end(w, err == ERR_INPUT ? SPF_PERMERROR : SPF_TEMPERROR, TEXT_FMT ": %s",
                     TEXT_ARG(frame->domain), why.text);
        return;
    }
    if (frame->passes && dname_eq(frame->domain, ses_domain))
        w->authorizes_ses = true;
    w->state = SPF_AT_TERM;
}

/* Goes on until an answer is needed or the walk is done. */
static void walk_advance(struct spf_walk *w)
{
    while (!w->done) {
        if (!w->lookup_is_on) {
            switch (w->state) {
            case SPF_AT_TERM: term_begin(w); break;
            case SPF_AT_EXP: spf_explanation_begin(w); break;
            case SPF_AT_EXP_MACROS: spf_explanation_expand(w); break;
            default: assert(false && "a state without a look-up");
            }
        } else if (w->lookup.outcome == LOOKUP_RUNNING) {
            return;
        } else {
            w->lookup_is_on = false;
            switch (w->state) {
            case SPF_AT_RECORD: record_take(w); break;
            case SPF_AT_ADDRESSES: spf_addresses_take(w); break;
            case SPF_AT_MX: spf_mx_take(w); break;
            case SPF_AT_MX_HOST: spf_mx_host_take(w); break;
            case SPF_AT_PTR: spf_ptr_names_take(w); break;
            case SPF_AT_PTR_HOST: spf_ptr_host_take(w); break;
            case SPF_AT_EXP_TEXT: spf_explanation_take(w); break;
            default: assert(false && "a state with a look-up");
            }
        }
    }
}

bool spf_walk_next(struct spf_walk *w, struct dns_question *question, uint32_t *number)
{
    if (w->done || !lookup_next(&w->lookup, question))
        return false;
    *number = ++w->number;
    return true;
}

void spf_walk_reply(struct spf_walk *w, uint32_t number, const struct dns_reply *reply)
{
    assert(!w->done && number == w->number);
    lookup_reply(&w->lookup, reply);
    walk_advance(w);
}

/* s, l, o (section 7.2): without a sender, postmaster at the HELO name (section 2.4). */
static bool values_set(struct spf_walk *w, const struct spf_mail *mail)
{
    struct spf_macro_values *v = &w->values;
    struct text sender = arena_text(&w->arena, mail->sender);
    struct text helo = arena_text(&w->arena, mail->helo);
    struct text local = TEXT("postmaster"), domain = sender.len ? sender : helo;
    size_t at = text_rfind(domain, '@');
    if (sender.len && at < sender.len) {
        local = at ? text_slice(sender, 0, at) : local;
        domain = text_from(sender, at + 1);
    }
    if (domain.len && domain.at[domain.len - 1] == '.')
        domain.len--;
    struct text whole =
        arena_fmt(&w->arena, TEXT_FMT "@" TEXT_FMT, TEXT_ARG(local), TEXT_ARG(domain));
    *v = (struct spf_macro_values){.sender = whole,
                                   .local_part = local,
                                   .sender_domain = domain,
                                   .domain = domain,
                                   .helo = helo,
                                   .receiver = arena_text(&w->arena, mail->receiver),
                                   .client = mail->client,
                                   .time_s = mail->time_s};
    if (v->receiver.len == 0)
        v->receiver = TEXT("unknown");
    return whole.at != NULL;
}

void spf_walk_start(struct spf_walk *w, enum spf_walk_mode mode, const struct spf_mail *mail)
{
    struct arena arena = w->arena;
    arena_reset(&arena);
    *w = (struct spf_walk){.mode = mode, .arena = arena, .depth = 1};
    bool too_long = mail->sender.len > NAME_LEN_MAX || mail->helo.len > NAME_LEN_MAX ||
                    mail->receiver.len > NAME_LEN_MAX;
    if (too_long) {
        spf_walk_end(w, SPF_NONE, "a name is longer than %d characters", NAME_LEN_MAX);
        return;
    }
    if (!values_set(w, mail)) {
        spf_walk_end(w, SPF_TEMPERROR, "out of memory");
        return;
    }
    struct text domain = w->values.domain;
    if (dname_labels(domain) < 2 || domain.at[0] == '[') {
        spf_walk_end(w, SPF_NONE, "\"" TEXT_FMT "\" is no domain name", TEXT_ARG(domain));
        return;
    }
    w->frames[0] = (struct spf_frame){.domain = domain, .passes = true};
    record_look_up(w);
    walk_advance(w);
}
