/*
 * SPF records, one a line: each is parsed, and a check_host() and a survey meet them in turn as the
 * answers to whatever they ask.
 */
#include "fuzz.h"

#include "rules/spf.h"

/* 11 records, 10 terms with 10 hosts each, PTR with 10 hosts, exp; each with up to 10 aliases. */
#define CHECK_QUESTIONS_MAX  (11 * (11 + 10 * 11 + 11 + 1))
#define SURVEY_QUESTIONS_MAX (11 * (SPF_SURVEY_LOOKUPS_MAX + 1) * 12)

static void address_is_sound(const struct spf_address *a)
{
    struct spf_address again;
    char out[SPF_ADDRESS_LEN];
    struct text said = spf_address_format(a, out);
    assert(a->family == 4 ? spf_address_parse_ip4(said, &again)
                          : spf_address_parse_ip6(said, &again));
    assert(memcmp(a, &again, sizeof again) == 0 && spf_address_matches(a, &again, 32));
    assert(spf_address_dotted(a, out).len < SPF_ADDRESS_LEN);
}

static void target_expand(struct text target, struct arena *arena)
{
    struct spf_macro_values v = {.sender = TEXT("a.b+c@example.com"),
                                 .local_part = TEXT("a.b+c"),
                                 .sender_domain = TEXT("example.com"),
                                 .domain = TEXT("long-label.of.many.example.net"),
                                 .helo = TEXT("mail.example.org"),
                                 .receiver = TEXT("unknown"),
                                 .validated = TEXT("unknown"),
                                 .client = {.family = 6, .bytes = {0x20, 1, 0xd, 0xb8}}};
    struct text name = spf_macro_expand_domain(arena, target, &v);
    assert(name.len <= 253);
    spf_macro_expand(arena, target, &v);
}

static void record_is_sound(struct text text, struct arena *arena)
{
    struct spf_record r;
    struct why why;
    if (!spf_record_is(text) || spf_record_parse(&r, text, arena, &why) != OK)
        return;
    for (uint32_t i = 0; i < r.terms_len; i++) {
        const struct spf_term *t = &r.terms[i];
        assert(t->mechanism <= SPF_EXISTS && t->ip4_bits <= 32 && t->ip6_bits <= 128);
        if (t->mechanism == SPF_IP4 || t->mechanism == SPF_IP6)
            address_is_sound(&t->network);
        target_expand(t->target, arena);
    }
    target_expand(r.redirect, arena);
    target_expand(r.exp, arena);
}

/* The n-th answer: an alias now and then, a record of the asked type, or nothing. */
static void answer_make(struct text lines, unsigned n, const struct dns_question *question,
                        struct dns_record *record, struct dns_reply *reply)
{
    struct text line = TEXT("");
    for (struct text rest = lines; rest.at && n < UINT32_MAX;) {
        line = fuzz_line(&rest);
        if (n-- == 0)
            break;
    }
    *record = (struct dns_record){.owner = question->name, .type = question->type, .txt = line};
    record->name = line.len && line.len < 200 ? line : question->name;
    memcpy(record->address, line.at, line.len < 16 ? line.len : 16);
    if (line.len % 7 == 6)
        record->type = DNS_TYPE_CNAME;
    *reply = (struct dns_reply){.outcome = line.len % 11 == 10 ? DNS_TIMED_OUT : DNS_ANSWERED};
    reply->message.question = question->name;
    reply->message.records = record;
    reply->message.records_len = line.len % 5 != 4;
}

static void check_run(struct text lines)
{
    struct spf_check *check = calloc(1, sizeof *check);
    struct spf_mail mail = {.client = {.family = lines.len % 2 ? 4 : 6, .bytes = {192, 0, 2, 1}},
                            .sender = TEXT("joe@example.com"),
                            .helo = TEXT("mail.example.com")};
    struct dns_question question;
    struct dns_record record;
    struct dns_reply reply;
    uint32_t number;
    unsigned asked = 0;
    assert(check);
    spf_check_init(check);
    spf_check_start(check, &mail);
    for (; spf_check_next(check, &question, &number); asked++) {
        assert(asked < CHECK_QUESTIONS_MAX && question.name.len > 0);
        answer_make(lines, asked, &question, &record, &reply);
        spf_check_reply(check, number, &reply);
    }
    assert(check->walk.done && check->walk.lookups <= SPF_LOOKUPS_MAX + 1);
    assert(check->walk.result <= SPF_PERMERROR);
    spf_check_clear(check);
    free(check);
}

static void survey_run(struct text lines)
{
    struct spf_survey *survey = calloc(1, sizeof *survey);
    struct dns_question question;
    struct dns_record record;
    struct dns_reply reply;
    uint32_t number;
    unsigned asked = 0;
    assert(survey);
    spf_survey_init(survey);
    spf_survey_start(survey, TEXT("bounce.example.com"));
    for (; spf_survey_next(survey, &question, &number); asked++) {
        assert(asked < SURVEY_QUESTIONS_MAX);
        answer_make(lines, asked, &question, &record, &reply);
        spf_survey_reply(survey, number, &reply);
    }
    assert(survey->walk.done && spf_survey_class(survey) <= SPF_CLASS_VALID);
    spf_survey_clear(survey);
    free(survey);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text lines = {(const char *)bytes, len}, found;
    struct arena arena;
    arena_init(&arena, SPF_MEMORY_MAX);
    for (struct text rest = lines; rest.at;) {
        struct spf_address address;
        struct text line = fuzz_line(&rest);
        arena_reset(&arena);
        record_is_sound(line, &arena);
        assert((spf_record_select(&line, 1, &found) == SPF_RECORD_ONE) == spf_record_is(line));
        if (spf_address_parse(line, &address))
            address_is_sound(&address);
    }
    arena_clear(&arena);
    check_run(lines);
    survey_run(lines);
    return 0;
}
