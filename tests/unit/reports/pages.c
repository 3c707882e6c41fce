/*
 * HTML, Markdown and JUnit: hostile texts stay text, and size stays in bounds. Python's parsers
 * are the judges.
 */
#include "report_kit.h"

#include "base/bounds.h"
#include "reports/html_internal.h"
#include "reports/markup.h"

static const struct finding_note hostile_note = {SPF_SYNTAX, SEVERITY_WARNING, false,
                                                 TEXT("<script>x</script>")};

static void fill(struct kit *k, uint32_t rows, bool hostile, bool all_bad)
{
    uint64_t seed = 7;
    char text[4][512];
    struct text t[4];
    for (uint32_t i = 0; i < rows; i++) {
        for (int n = 0; n < 4; n++)
            t[n] = hostile ? kit_hostile(&seed, text[n], 500) : TEXT("plain.example.com");
        for (int n = 0; n < 4; n++)
            t[n] = names_text(&k->fleet.names, kit_name(k, t[n].len ? t[n] : TEXT("x")));
        int outcome = all_bad ? OUTCOME_FAILED : 1 + (int)(i % (OUTCOMES - 1));
        kit_add(k, t[0], t[1],
                (struct job_row){.state = JOB_DONE,
                                 .outcome = (enum outcome)outcome,
                                 .reason = t[2],
                                 .before_known = true,
                                 .mail_from_before = t[3],
                                 .findings = FINDING_BIT(SPF_SYNTAX),
                                 .notes = {&hostile_note, 1, true},
                                 .first_seen = kit_head.started,
                                 .finished = kit_head.started + SPAN_S(i * 7)});
    }
}

static const char html_judge[] =
    "import sys,hashlib,base64,re\n"
    "from html.parser import HTMLParser\n"
    "page=open(sys.argv[1],encoding='utf-8').read()\n"
    "allowed=set('html head meta title style body header main section footer h1 h2 p ul li b i svg "
    "g "
    "defs "
    "marker path rect text table thead tbody tr th td code fieldset button input select option "
    "time "
    "output details summary span div script'.split())\n"
    "class P(HTMLParser):\n"
    "    count={}; scripts=[]; inside=False; rows={}; listed=False\n"
    "    def handle_starttag(self,tag,attrs):\n"
    "        assert tag in allowed, tag\n"
    "        self.count[tag]=self.count.get(tag,0)+1\n"
    "        self.listed=(self.listed or ('id','rows') in attrs) and tag!='footer'\n"
    "        if self.listed: self.rows[tag]=self.rows.get(tag,0)+1\n"
    "        assert not any(a.startswith('on') or a in ('src','href','style') for a,_ in attrs), "
    "attrs\n"
    "        self.inside=tag=='script'\n"
    "        if self.inside: self.scripts.append('')\n"
    "    def handle_endtag(self,tag): self.inside=False\n"
    "    def handle_comment(self,data): assert False, data\n"
    "    def handle_data(self,data):\n"
    "        if self.inside: self.scripts[-1]+=data\n"
    "p=P(); p.feed(page); p.close()\n"
    "assert p.count['script']==2 and p.count['style']==1==p.count['body']\n"
    "def hash(t): return ' "
    "\\'sha256-'+base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()"
    "+'\\''\n"
    "assert \"default-src 'none'; style-src 'unsafe-inline'; "
    "script-src\"+''.join(map(hash,p.scripts))+'\"' in page\n"
    "assert not "
    "re.search('[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]',page)\n"
    "print(sorted(p.count),sorted(p.rows.items()),file=open(sys.argv[1]+'.elements','w'))\n";

static void hostile_texts_do_not_change_the_elements_of_a_page(void **state)
{
    struct kit plain, hostile;
    char line[256];
    (void)state;
    kit_init(&plain, TEXT("main"), TEXT("fleet.yaml"));
    kit_init(&hostile, TEXT("</td><script>"), TEXT("\"><img src=x>"));
    fill(&plain, 2500, false, false);
    fill(&hostile, 2500, true, false); /* 10,000 strings */
    const char *a = kit_write(&plain, "html"), *b = kit_write(&hostile, "html");
    kit_python(html_judge, a);
    kit_python(html_judge, b);
    snprintf(line, sizeof line, "cmp %s.elements %s.elements", a, b);
    /* the rows of both are the same in number, and nothing else is in the page: only texts differ
     */
    assert_int_equal(system(line), 0);
    kit_clear(&plain);
    kit_clear(&hostile);
}

static void a_page_of_a_large_fleet_lists_only_what_needs_attention(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    fill(&k, 10010, false, false);
    kit_python("import sys,re\n"
               "page=open(sys.argv[1]).read()\n"
               "rows=page.split('id=\"rows\"')[1]\n"
               "n=rows.count('<details class=')\n"
               "assert n==4*1001, n\n"
               "assert 'too many for one page' in page and 'Accounts and Regions' in page\n",
               kit_write(&k, "html"));
    kit_clear(&k);
}

/* Every table row has its head's number of cells; outside of code spans nothing but what we write;
 * the only elements are those of folding, and they are closed. */
static const char comment_judge[] =
    "import sys,re\n"
    "from html.parser import HTMLParser\n"
    "text=open(sys.argv[1],encoding='utf-8').read()\n"
    "assert len(text.encode())<60000, len(text)\n"
    "assert not re.search('[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]',text)\n"
    "bars=0; folds=[]\n"
    "for line in text.split('\\n'):\n"
    "    if line[:1]!='|': bars=0\n"
    "    elif bars==0: bars=line.count('|')\n"
    "    assert bars==0 or line.count('|')==bars and line.count('`')%2==0, line\n"
    "    if line[:3]=='| `': assert not "
    "re.sub('`[^`]*`|[0-9]|[*][*]warning[*][*]','',line).strip('| \\u2192'), line\n"
    "    if line[:1]=='<': folds.append(line)\n"
    "class P(HTMLParser):\n"
    "    open=[]\n"
    "    def handle_starttag(self,tag,attrs):\n"
    "        assert tag in ('details','summary','b','code') and not attrs, (tag,attrs)\n"
    "        self.open.append(tag)\n"
    "    def handle_endtag(self,tag): assert self.open.pop()==tag\n"
    "    def handle_comment(self,data): assert False, data\n"
    "p=P(); p.feed(' '.join(folds)); p.close()\n"
    "assert p.open==[] and '<' not in text.replace('\\n<','') or '`' in text\n"
    "titles=[l[4:].split(' (')[0].split(':')[0] for l in text.split('\\n') if l[:4]=='### ']\n"
    "order=['Failed','Expired','Drifted','Refused before any write','Waiting for DNS',\n"
    "       'Waiting for SES','Waiting for its wave','In progress','Done']\n"
    "assert titles and titles==[t for t in order if t in titles] and titles[0]=='Failed'\n"
    "assert 'attention' in text[:200]\n";

static void a_comment_stays_under_its_bound_whatever_the_fleet(void **state)
{
    static const struct {
        uint32_t rows;
        bool hostile, all_bad;
    } cases[] = {{12, false, false},
                 {2500, false, false},
                 {2500, true, false},
                 {9000, true, true},
                 {100000, true, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct kit k;
        kit_init(&k, TEXT("a|b`<i>&@everyone"), TEXT("fleet.yaml"));
        fill(&k, cases[i].rows, cases[i].hostile, cases[i].all_bad);
        kit_python(comment_judge, kit_write(&k, "markdown"));
        kit_clear(&k);
    }
}

/* Names as long as they may be, of characters that need five bytes each, in many lanes. */
static void a_comment_of_the_longest_names_stays_under_its_bound(void **state)
{
    struct kit k;
    char name[NAME_LEN_MAX + 1];
    uint16_t account, lane;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    for (uint32_t i = 0; i < 3000; i++) {
        memset(name, "\"'&<>"[i % 5], sizeof name);
        int len = snprintf(name, sizeof name, "%u", i);
        name[len] = '"';
        struct text t = names_text(&k.fleet.names, kit_name(&k, (struct text){name, NAME_LEN_MAX}));
        assert_true(fleet_account(&k.fleet, (struct account){.name = kit_name(&k, t)}, &account));
        assert_true(fleet_lane(&k.fleet, account, kit_name(&k, t), &lane));
        kit_add(&k, t, t,
                (struct job_row){.state = JOB_DONE,
                                 .outcome = i % 3000 < 5 ? OUTCOME_FAILED : OUTCOME_REFUSED,
                                 .reason = t});
        k.fleet.choices[i].lane = lane;
    }
    kit_python(comment_judge, kit_write(&k, "markdown"));
    kit_clear(&k);
}

static void junit_has_one_case_per_identity_by_the_common_schema(void **state)
{
    struct kit k;
    char line[256];
    (void)state;
    kit_init(&k, TEXT("<&\"'"), TEXT("]]>"));
    fill(&k, 1000, true, false);
    const char *path = kit_write(&k, "junit");
    snprintf(line, sizeof line, "xmllint --noout --nonet --schema %s/junit/junit-10.xsd %s",
             TEST_DATA, path);
    assert_int_equal(system(line), 0);
    kit_python("import sys\n"
               "import xml.etree.ElementTree as E\n"
               "suite=E.parse(sys.argv[1]).getroot()[0]\n"
               "cases=suite.findall('testcase')\n"
               "assert len(cases)==1000==int(suite.get('tests'))\n"
               "assert len(suite.findall('testcase/failure'))==400==int(suite.get('failures'))\n"
               "assert len(suite.findall('testcase/skipped'))==400==int(suite.get('skipped'))\n"
               "assert suite.get('time')=='14200.000' and cases[2].get('time')=='14.000'\n"
               "for case in cases:\n"
               "    facts=case.find('system-out').text.split('\\n')\n"
               "    assert len(facts)==22+1+1, facts\n"
               "    failure=case.find('failure')\n"
               "    assert failure is None or '<script>x</script>' in failure.text\n"
               "    assert facts[22]=='warning spf-syntax: <script>x</script>' and "
               "facts[19][:7]=='source:'\n",
               path);
    kit_clear(&k);
}

static void markup_is_escaped_and_unsafe_bytes_are_replaced(void **state)
{
    static const struct {
        struct text in;
        const char *markup, *code;
    } cases[] = {
        {TEXT(""), "", ""},
        {TEXT("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;", "`a<b>&\"'`"},
        {TEXT("a\nb\tc\rd"), "a b c d", "`a b c d`"},
        {TEXT("\0\x1b\x7f\xff"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         "`\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd`"},
        {TEXT("\xe2\x80\xae|`\xef\xbf\xbf"), "\xef\xbf\xbd|`\xef\xbf\xbd",
         "`\xef\xbf\xbd\xc2\xa6'\xef\xbf\xbd`"},
        {TEXT("\xc3\xa9"), "\xc3\xa9", "`\xc3\xa9`"},
    };
    struct buf b;
    (void)state;
    buf_init(&b, 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_reset(&b);
        markup_add(&b, cases[i].in);
        assert_text(buf_text(&b), text_of(cases[i].markup));
        buf_reset(&b);
        markup_add_code(&b, cases[i].in);
        assert_text(buf_text(&b), text_of(cases[i].code));
    }
    buf_clear(&b);
}

/* Ten jobs a minute apart from another: at every step everybody stands somewhere. */
static void at_every_step_of_the_history_everybody_stands_somewhere(void **state)
{
    struct kit k;
    struct why why;
    struct history h;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    fill(&k, 1000, false, false);
    struct report_source source = {&k, kit_rows, kit_moves};
    struct report report = {.head = &kit_head, .fleet = &k.fleet, .source = &source};
    assert_int_equal(history_make(&h, &report, &why), OK);
    for (int step = 0; step < HISTORY_STEPS; step++) {
        uint32_t sum = 0;
        for (int band = 0; band < BANDS; band++)
            sum += h.stands[step][band];
        assert_int_equal(sum, 1000);
    }
    const uint32_t *end = h.stands[HISTORY_STEPS - 1];
    assert_int_equal(end[BAND_ATTENTION], 400);
    assert_int_equal(h.attention, 400);
    assert_int_equal(h.refused, 400); /* none of these was ever ready */
    assert_int_equal(end[BAND_DONE], 200);
    assert_int_equal(end[BAND_READY], 100);
    assert_int_equal(end[BAND_WAITING], 100);
    assert_int_equal(end[BAND_FOLLOWING], 100);
    assert_int_equal(end[BAND_UNTOUCHED], 100); /* skipped */
    assert_int_equal(h.here[JOB_DONE], 600);
    assert_int_equal(h.here[JOB_READY], 100); /* a plan is done where the work begins */
    assert_int_equal(h.been[JOB_READING], 1000);
    assert_int_equal(h.been[JOB_FOLLOWING], 600);
    assert_true(h.first_write > kit_head.started && h.last_write > h.first_write);
    kit_clear(&k);
}

static void reasons_that_differ_in_names_alone_are_one_kind(void **state)
{
    static const struct {
        const char *identity, *mail_from, *before, *reason, *shape;
    } cases[] = {
        {"a.example", "", "",
         "identity a.example in account prod, Region eu-west-1: not production",
         "the identity in its account, its Region: not production"},
        {"a.example", "", "", "publish 10 feedback-smtp.eu-west-1.amazonses.com",
         "publish 10 the feedback host of its Region"},
        {"a.example", "b.a.example", "", "MX of b.a.example is mx.a.example",
         "MX of its MAIL FROM is mx.\xe2\x80\xa6"},
        {"joe@a.example", "b.a.example", "", "joe@a.example has a.example",
         "the identity has its domain"},
        {"a.example", "b.a.example", "old.a.example", "old.a.example is replaced by b.a.example",
         "its MAIL FROM before is replaced by its MAIL FROM"},
        {"a.example", "", "", "a.example.net and a.example.", "a.example.net and the identity."},
        {"a.example", "", "", "ba.example and -a.example are others",
         "ba.example and -a.example are "
         "others"},
        {"a.example", "", "", "", ""},
    };
    struct buf shape;
    (void)state;
    buf_init(&shape, 4096);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct report_row row = {.identity = text_of(cases[i].identity),
                                 .account = TEXT("prod"),
                                 .region = TEXT("eu-west-1"),
                                 .mail_from_after = text_of(cases[i].mail_from),
                                 .mail_from_before = text_of(cases[i].before),
                                 .reason = text_of(cases[i].reason)};
        buf_reset(&shape);
        reason_shape(&row, row.reason, &shape);
        assert_text(buf_text(&shape), text_of(cases[i].shape));
    }
    buf_reset(&shape);
    const struct report_row numbered = {.account = TEXT("000000000024")};
    reason_shape(&numbered, TEXT("role arn:aws:iam::000000000024:role/x of 000000000024"), &shape);
    assert_text(buf_text(&shape), TEXT("role arn:aws:iam::\xe2\x80\xa6:role/x of its account"));
    buf_clear(&shape);
}

static void kinds_are_counted_worst_first_and_bounded(void **state)
{
    struct groups g;
    struct why why;
    char reason[32];
    (void)state;
    assert_int_equal(groups_init(&g, &why), OK);
    for (uint32_t i = 0; i < 3 * GROUPS_MAX; i++) {
        snprintf(reason, sizeof reason, "reason %u", i % (GROUPS_MAX + 100));
        groups_add(&g, &(struct report_row){.number = i,
                                            .outcome_kind = i == 7 ? OUTCOME_FAILED : OUTCOME_DONE,
                                            .reason = i % 2 ? text_of(reason) : TEXT("")});
    }
    groups_sort(&g);
    uint32_t counted = g.without_group;
    for (uint32_t i = 0; i < g.len; i++)
        counted += g.list[i].count;
    assert_int_equal(counted, 3 * GROUPS_MAX);
    assert_int_equal(g.list[0].outcome, OUTCOME_FAILED);
    assert_text(group_reason(&g, &g.list[0]), TEXT("reason 7"));
    assert_int_equal(g.list[0].examples[0].row, 7);
    assert_int_equal(g.list[1].count, 3 * GROUPS_MAX / 2); /* those without a reason */
    assert_true(g.len <= GROUPS_MAX);
    groups_clear(&g);
}

/* What people call an identity stands in every format, and the warnings of a planned row with their
 * sentences in those for people. */
static void names_and_warnings_are_told_in_every_format(void **state)
{
    (void)state;
    static const char *const formats[] = {"csv", "json", "html", "markdown", "junit"};
    static const struct finding_note note = {OVERWRITES_CUSTOM, SEVERITY_WARNING, false,
                                             TEXT("old.example will be replaced")};
    static const struct finding_note accepted = {SANDBOX, SEVERITY_WARNING, true,
                                                 TEXT("in the sandbox, as is known")};
    const struct finding_note notes[] = {note, accepted};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct kit k;
        kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
        kit_add(&k, TEXT("kim@xn--bcher-kva.example"), TEXT("b.example"),
                (struct job_row){.state = JOB_READY,
                                 .action = ACTION_CHANGE,
                                 .findings = FINDING_BIT(OVERWRITES_CUSTOM) | FINDING_BIT(SANDBOX),
                                 .notes = {notes, 2, true}});
        kit_add(&k, TEXT("plain.example"), TEXT("b.plain.example"),
                (struct job_row){.state = JOB_READY, .action = ACTION_SET});
        kit_python(
            "import sys\n"
            "page=open(sys.argv[1],encoding='utf-8',newline='').read()\n"
            "kind=sys.argv[1].rsplit('.',1)[1]\n"
            "assert 'kim@xn--bcher-kva.example' in page\n"
            "assert 'kim@b\\u00fccher.example' in page, page\n"
            "told='overwrites-custom: old.example will be replaced'\n"
            "if 'csv' in kind:\n"
            "    lines=page.split('\\r\\n')\n"
            "    assert lines[0].endswith(',source,dkim,dmarc_ready,identity_unicode'), lines\n"
            "    assert lines[2].endswith(':2,,\"unknown, not known mail-from dns dkim\",'), "
            "lines\n"
            "elif 'markdown' in kind:\n"
            "    assert '**warning** `'+told+'`' in page, page\n"
            "    assert 'sandbox' not in page, page\n"
            "elif 'html' in kind:\n"
            "    import re\n"
            "    assert 'warning '+told in re.sub('<[^>]*>','',page), page\n",
            kit_write(&k, formats[i]));
        kit_clear(&k);
    }
    struct kit plain;
    kit_init(&plain, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&plain, TEXT("plain.example"), TEXT("b.plain.example"),
            (struct job_row){.state = JOB_READY, .action = ACTION_SET});
    kit_python(
        "import sys\n"
        "page=open(sys.argv[1],encoding='utf-8',newline='').read()\n"
        "assert page.split('\\r\\n')[0].endswith(',finished,source,dkim,dmarc_ready'), page\n",
        kit_write(&plain, "csv"));
    kit_clear(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_warnings_are_told_in_every_format),
        cmocka_unit_test(hostile_texts_do_not_change_the_elements_of_a_page),
        cmocka_unit_test(a_page_of_a_large_fleet_lists_only_what_needs_attention),
        cmocka_unit_test(a_comment_stays_under_its_bound_whatever_the_fleet),
        cmocka_unit_test(a_comment_of_the_longest_names_stays_under_its_bound),
        cmocka_unit_test(junit_has_one_case_per_identity_by_the_common_schema),
        cmocka_unit_test(markup_is_escaped_and_unsafe_bytes_are_replaced),
        cmocka_unit_test(at_every_step_of_the_history_everybody_stands_somewhere),
        cmocka_unit_test(reasons_that_differ_in_names_alone_are_one_kind),
        cmocka_unit_test(kinds_are_counted_worst_first_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
