/*
 * The DNS situations of tests/cases/dns: scripted servers, an inquiry in each mode, a judgement.
 * Every case is run with replies in the order of the questions and in the opposite one.
 */
#include "base/dname.h"
#include "dns/inquiry.h"
#include "rules/judge.h"
#include "scripted_dns.h"
#include "told_notes.h"

#include "base/count.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES_MAX   256
#define EXPECTS_MAX 24

struct expect {
    struct text key, value;
    int line;
};

struct dns_case {
    char *title;
    const char *file;
    struct script script;
    struct text name, identity, region, mx_region, accept, mode, require, closer;
    struct expect expects[EXPECTS_MAX];
    uint32_t expects_len;
};

/* ---- reading the cases ---- */

static char *file_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *bytes = calloc(1, 1 << 20);
    assert_non_null(f);
    assert_non_null(bytes);
    assert_true(fread(bytes, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return bytes;
}

static struct dns_case *case_new(struct text title, const char *file)
{
    struct dns_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    script_init(&c->script);
    c->title = strndup(title.at, title.len);
    c->file = strrchr(file, '/') + 1;
    c->name = TEXT("bounce.example.com");
    c->identity = TEXT("example.com");
    c->region = TEXT("us-east-1");
    c->mode = TEXT("both");
    c->require = TEXT("mx+spf");
    return c;
}

static bool setting_line(struct dns_case *c, struct text key, struct text value)
{
    const struct {
        const char *key;
        struct text *at;
    } settings[] = {
        {"name", &c->name},           {"identity", &c->identity}, {"region", &c->region},
        {"mx_region", &c->mx_region}, {"accept", &c->accept},     {"mode", &c->mode},
        {"require", &c->require},     {"closer", &c->closer},
    };
    for (size_t i = 0; i < COUNT(settings); i++) {
        if (!text_eq(key, text_of(settings[i].key)))
            continue;
        *settings[i].at = value;
        return true;
    }
    return false;
}

static void case_line(struct dns_case *c, struct text line, int number)
{
    struct text rest = line, key = text_cut(&rest, ' ');
    if (text_eq(key, TEXT("expect"))) {
        struct text what = text_cut(&rest, ' ');
        assert_true(c->expects_len < EXPECTS_MAX);
        c->expects[c->expects_len++] = (struct expect){what, text_trim(rest), number};
        return;
    }
    if (setting_line(c, key, text_trim(rest)) || script_line(&c->script, line))
        return;
    fail_msg("%s:%d: not understood: " TEXT_FMT, c->file, number, TEXT_ARG(line));
}

static size_t cases_read(const char *path, struct dns_case **cases, size_t len)
{
    struct text rest = text_of(file_read(path)), title = TEXT("case ");
    for (int number = 1; rest.at; number++) {
        struct text line = text_trim(text_cut(&rest, '\n'));
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (text_starts(line, title)) {
            assert_true(len < CASES_MAX);
            cases[len++] = case_new(text_from(line, title.len), path);
            continue;
        }
        assert_true(len > 0);
        case_line(cases[len - 1], line, number);
    }
    return len;
}

/* ---- running one ---- */

struct verdict {
    struct inquiry inquiry;
    struct fleet fleet;
    struct judgement judgement;
    struct told_notes told;
    enum mx_status mx;
    enum spf_status spf;
    bool ready;
};

static name_id name_add(struct fleet *f, struct text t)
{
    name_id id = NAME_NONE;
    assert_true(names_add(&f->names, t, &id));
    return id;
}

static finding_set set_of(struct text names)
{
    finding_set set = 0;
    while (names.at) {
        enum finding finding;
        struct text name = text_cut(&names, ' ');
        if (name.len == 0 || text_eq(name, TEXT("none")))
            continue;
        assert_true(finding_parse(name, &finding));
        set |= FINDING_BIT(finding);
    }
    return set;
}

static void fleet_of(struct fleet *f, const struct dns_case *c)
{
    struct account account = {0};
    struct choice choice = {0};
    struct policy policy = {.require = text_eq(c->require, TEXT("none")) ? REQUIRE_NONE
                                       : text_eq(c->require, TEXT("mx")) ? REQUIRE_MX
                                                                         : REQUIRE_MX_SPF};
    uint32_t row;
    fleet_init(f);
    assert_true(names_init(&f->names, 1 << 20));
    account.name = name_add(f, TEXT("default"));
    policy.mx_region = name_add(f, c->mx_region);
    policy.accept = set_of(c->accept);
    uint16_t index;
    assert_true(fleet_account(f, account, &index));
    assert_true(fleet_lane(f, index, name_add(f, c->region), &choice.lane));
    assert_true(fleet_policy(f, policy, &choice.policy));
    choice.identity = name_add(f, c->identity);
    choice.mail_from = name_add(f, c->name);
    assert_true(fleet_choice(f, choice, &row));
    assert_int_equal(row, 0);
}

static void question_vet(const struct dns_case *c, const struct inquiry *q,
                         const struct dns_question *question)
{
    bool authority = q->mode == INQUIRY_AUTHORITY;
    assert_int_equal(question->recurse, question->server.family == 0);
    if (authority && question->server.family == 0)
        assert_false(dname_eq(question->name, c->name));
    if (authority && question->server.family && !c->closer.len &&
        !text_starts(question->name, TEXT("*.")))
        assert_true(dname_eq(question->name, c->name));
}

/* Asks as many questions as the inquiry has, then answers them in one of two orders. */
static void inquiry_run(struct inquiry *q, struct dns_case *c, enum inquiry_mode mode,
                        bool backwards)
{
    struct dns_question questions[INQUIRY_QUESTIONS_MAX];
    inquiry_start(q, mode, c->name);
    if (c->closer.len)
        inquiry_look_closer(q, c->identity);
    while (!q->done) {
        uint32_t first = q->asked, number, len = 0;
        while (inquiry_next(q, &questions[len], &number)) {
            assert_int_equal(number, first + len);
            question_vet(c, q, &questions[len++]);
        }
        assert_true(len > 0);
        for (uint32_t i = 0; i < len; i++) {
            uint32_t at = backwards ? len - 1 - i : i;
            struct dns_reply reply = script_reply(&c->script, &questions[at]);
            inquiry_reply(q, first + at, &reply);
        }
    }
    assert_int_equal(q->asked, q->answered);
    assert_int_equal(q->asked, q->planned);
}

static void verdict_make(struct verdict *v, struct dns_case *c, enum inquiry_mode mode,
                         bool backwards)
{
    memset(v, 0, sizeof *v);
    inquiry_init(&v->inquiry);
    inquiry_run(&v->inquiry, c, mode, backwards);
    fleet_of(&v->fleet, c);
    told_init(&v->told, &v->judgement);
    judge_dns(&v->judgement, &v->fleet, 0, inquiry_facts(&v->inquiry), &v->mx, &v->spf);
    v->ready = judge_ready(&v->judgement, fleet_policy_of(&v->fleet, 0), v->mx, v->spf);
}

static void verdict_clear(struct verdict *v)
{
    inquiry_clear(&v->inquiry);
    fleet_clear(&v->fleet);
    told_clear(&v->told);
}

/* ---- what was expected ---- */

static const char *state_name(enum dns_state s)
{
    static const char *const names[] = {"unasked", "found", "nodata", "nxdomain", "trouble"};
    return names[s];
}

static void set_say(struct buf *out, finding_set set)
{
    for (int f = 0; f < FINDINGS_LEN; f++)
        if (set & FINDING_BIT(f))
            buf_add_fmt(out, "%s%s", out->len ? " " : "", finding_rule((enum finding)f)->name);
    if (out->len == 0)
        buf_add_str(out, "none");
}

static void notes_say(struct buf *out, const struct dns_facts *facts)
{
    for (uint32_t i = 0; i < facts->servers_len; i++) {
        const struct server_note *n = &facts->servers[i];
        buf_add_fmt(out, TEXT_FMT " | " TEXT_FMT " | " TEXT_FMT " | " TEXT_FMT "\n",
                    TEXT_ARG(n->server), TEXT_ARG(n->rcode), TEXT_ARG(n->error), TEXT_ARG(n->said));
    }
}

/* What the verdict has for a key, in the words of the case files. */
static bool actual_say(struct buf *out, struct verdict *v, struct text key)
{
    const struct dns_facts *facts = inquiry_facts(&v->inquiry);
    if (text_eq(key, TEXT("mx")))
        buf_add_str(out, mx_status_name(v->mx));
    else if (text_eq(key, TEXT("spf")))
        buf_add_str(out, spf_status_name(v->spf));
    else if (text_eq(key, TEXT("findings")))
        set_say(out, v->judgement.found);
    else if (text_eq(key, TEXT("refused")))
        set_say(out, v->judgement.errors);
    else if (text_eq(key, TEXT("waits")))
        set_say(out, v->judgement.waits);
    else if (text_eq(key, TEXT("ready")))
        buf_add_str(out, v->ready ? "yes" : "no");
    else if (text_eq(key, TEXT("states")))
        buf_add_fmt(out, "%s %s", state_name(facts->mx_state), state_name(facts->txt_state));
    else if (text_eq(key, TEXT("ttl")))
        buf_add_u64(out, facts->ttl_s);
    else if (text_eq(key, TEXT("zone")))
        buf_add_text(out, facts->zone);
    else if (text_eq(key, TEXT("questions")))
        buf_add_u64(out, v->inquiry.asked);
    else if (text_eq(key, TEXT("trouble")))
        buf_add_text(out, facts->trouble);
    else if (text_eq(key, TEXT("reason")))
        buf_add_str(out, v->judgement.first_error);
    else if (text_eq(key, TEXT("says")))
        buf_add_text(out, told_text(&v->told, &v->judgement));
    else if (text_eq(key, TEXT("note")))
        notes_say(out, facts);
    else
        return false;
    return true;
}

static void expectation_check(const struct dns_case *c, struct verdict *v, const struct expect *e)
{
    static const char *const partial[] = {"says", "note", "trouble", "reason"};
    struct buf actual;
    bool same = false;
    buf_init(&actual, 1 << 20);
    if (!actual_say(&actual, v, e->key))
        fail_msg("%s:%d: expect " TEXT_FMT "?", c->file, e->line, TEXT_ARG(e->key));
    for (size_t i = 0; i < COUNT(partial); i++)
        if (text_eq(e->key, text_of(partial[i])))
            same = text_find_text(buf_text(&actual), e->value) < actual.len;
    if (!same && !text_eq(buf_text(&actual), e->value))
        fail_msg("%s:%d (%s): expected " TEXT_FMT " " TEXT_FMT "\n  but it is " TEXT_FMT, c->file,
                 e->line, v->inquiry.mode == INQUIRY_AUTHORITY ? "authority" : "recursive",
                 TEXT_ARG(e->key), TEXT_ARG(e->value), TEXT_ARG(buf_text(&actual)));
    buf_clear(&actual);
}

static bool notes_are_printable(const struct judgement *j)
{
    struct finding_notes notes = judge_notes(j);
    for (uint32_t n = 0; n < notes.len; n++)
        for (size_t i = 0; i < notes.at[n].text.len; i++)
            if (notes.at[n].text.at[i] < 0x20 || notes.at[n].text.at[i] > 0x7e)
                return false;
    return true;
}

static void a_case_holds(void **state)
{
    struct dns_case *c = *state;
    static const char *const always[] = {"mx", "spf", "findings", "ready"};
    for (size_t i = 0; i < COUNT(always); i++) {
        bool there = false;
        for (uint32_t n = 0; n < c->expects_len; n++)
            there = there || text_eq(c->expects[n].key, text_of(always[i]));
        if (!there)
            fail_msg("%s: \"%s\" says nothing of %s", c->file, c->title, always[i]);
    }
    for (int run = 0; run < 4; run++) {
        enum inquiry_mode mode = run < 2 ? INQUIRY_RECURSIVE : INQUIRY_AUTHORITY;
        if (text_eq(c->mode, mode == INQUIRY_AUTHORITY ? TEXT("recursive") : TEXT("authority")))
            continue;
        struct verdict v;
        verdict_make(&v, c, mode, run % 2);
        for (uint32_t i = 0; i < c->expects_len; i++)
            expectation_check(c, &v, &c->expects[i]);
        assert_true(notes_are_printable(&v.judgement));
        verdict_clear(&v);
    }
    script_clear(&c->script);
}

int main(void)
{
    static struct dns_case *cases[CASES_MAX];
    static struct CMUnitTest tests[CASES_MAX];
    size_t len = 0;
    glob_t files;
    if (glob(SOURCE_DIR "/tests/cases/dns/*.case", 0, NULL, &files) != 0)
        return 1;
    for (size_t i = 0; i < files.gl_pathc; i++)
        len = cases_read(files.gl_pathv[i], cases, len);
    for (size_t i = 0; i < len; i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i]->title, .test_func = a_case_holds, .initial_state = cases[i]};
    int failed = _cmocka_run_group_tests("dns situations", tests, len, NULL, NULL);
    globfree(&files);
    return failed;
}
