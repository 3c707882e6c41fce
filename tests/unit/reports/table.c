/*
 * CSV, JSON and their delivery, held against Python's csv module and against the published schema.
 */
#include "report_kit.h"
#include "reports/csv_line.h"
#include "reports/deliver.h"

#include "base/bounds.h"
#include "reports/row.h"

#include <fcntl.h>
#include <sys/stat.h>

static void an_open_job_is_reported_by_its_state(void **state)
{
    static const struct {
        enum job_state state;
        enum outcome outcome;
        const char *word;
    } cases[] = {
        {JOB_NEW, OUTCOME_OPEN, "skipped"},
        {JOB_READING, OUTCOME_OPEN, "skipped"},
        {JOB_JUDGING, OUTCOME_OPEN, "waiting-dns"},
        {JOB_WAITING_DNS, OUTCOME_OPEN, "waiting-dns"},
        {JOB_READY, OUTCOME_OPEN, "planned"},
        {JOB_WRITING, OUTCOME_OPEN, "pending"},
        {JOB_UNSURE, OUTCOME_OPEN, "pending"},
        {JOB_FOLLOWING, OUTCOME_OPEN, "pending"},
        {JOB_DONE, OUTCOME_DONE, "done"},
        {JOB_DONE, OUTCOME_REFUSED, "refused"},
        {JOB_WAITING_DNS, OUTCOME_EXPIRED, "expired"},
    };
    struct kit k;
    struct buf scratch;
    struct report_row row;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("a@example.com"), TEXT(""), (struct job_row){0});
    buf_init(&scratch, 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct job_row job = {.state = cases[i].state, .outcome = cases[i].outcome};
        report_row_make(&row, &k.fleet, 0, &job, &scratch);
        assert_text(row.outcome, text_of(cases[i].word));
    }
    struct job_row ready = {.state = JOB_READY};
    report_row_make(&row, &k.fleet, 0, &ready, &scratch);
    assert_text(row.reason, TEXT("to be written; waits for its turn in the account and Region"));
    ready.accepted = 1;
    report_row_make(&row, &k.fleet, 0, &ready, &scratch);
    assert_text(row.reason,
                TEXT("to be written once more; waits for its turn in the account and Region"));
    report_row_make(&row, &k.fleet, 0, NULL, &scratch);
    assert_text(row.outcome, TEXT("skipped"));
    assert_text(row.action, TEXT("none"));
    assert_text(row.identity_type, TEXT("EMAIL_ADDRESS"));
    assert_text(row.behavior_after, TEXT("USE_DEFAULT_VALUE")); /* back to the default */
    assert_text(row.source, TEXT("fleet.yaml:1"));
    buf_clear(&scratch);
    kit_clear(&k);
}

static void before_is_what_was_there_before_the_first_write(void **state)
{
    struct kit k;
    struct buf scratch;
    struct report_row row;
    struct job_row job = {.seen_known = true,
                          .mail_from_seen = TEXT("now.example.com"),
                          .behavior_seen = BEHAVIOR_REJECT_MESSAGE,
                          .status_seen = MAIL_FROM_SUCCESS};
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), TEXT("b.example.com"), job);
    buf_init(&scratch, 1024);
    report_row_make(&row, &k.fleet, 0, &job, &scratch);
    assert_text(row.mail_from_before, TEXT("now.example.com"));
    assert_text(row.behavior_before, TEXT("REJECT_MESSAGE"));
    assert_text(row.ses_status, TEXT("SUCCESS"));
    job.before_known = true;
    job.mail_from_before = TEXT("old.example.com");
    report_row_make(&row, &k.fleet, 0, &job, &scratch);
    assert_text(row.mail_from_before, TEXT("old.example.com"));
    assert_text(row.behavior_before, TEXT("USE_DEFAULT_VALUE"));
    assert_text(row.mail_from_after, TEXT("b.example.com"));
    assert_text(row.behavior_after, TEXT("REJECT_MESSAGE"));
    buf_clear(&scratch);
    kit_clear(&k);
}

static void a_small_csv_is_these_bytes(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), TEXT("b.example.com"),
            (struct job_row){.state = JOB_DONE,
                             .action = ACTION_SET,
                             .outcome = OUTCOME_DONE,
                             .reason = TEXT("=1+1, \"quoted\""),
                             .mx = MX_STATUS_OK,
                             .findings = FINDING_BIT(DMARC_MISSING) | FINDING_BIT(SENDS_MAIL),
                             .writes = 2,
                             .calls = 3,
                             .first_seen = 1779265800000000});
    kit_add(&k, TEXT("example.net"), TEXT(""), (struct job_row){.calls = KIT_NO_RECORD});
    struct text got = kit_read(kit_write(&k, "csv"));
    assert_text(
        got,
        TEXT("account,region,identity,identity_type,action,outcome,reason,mail_from_before,"
             "mail_from_after,behavior_before,behavior_after,ses_status,mx,spf,dmarc,"
             "findings,writes,calls,first_seen,finished,source,dkim,dmarc_ready\r\n"
             "main,us-east-1,example.com,DOMAIN,set,done,\"'=1+1, \"\"quoted\"\"\",,"
             "b.example.com,,REJECT_MESSAGE,,ok,,,sends-mail dmarc-missing,2,3,"
             "2026-05-20T08:30:00Z,,fleet.yaml:1,,\"unknown, not known mail-from dns dkim\"\r\n"
             "main,us-east-1,example.net,DOMAIN,none,skipped,,,,,USE_DEFAULT_VALUE,,,,,,0,"
             "0,,,fleet.yaml:2,,\"unknown, not known mail-from dns dkim\"\r\n"));
    free((char *)got.at);
    kit_clear(&k);
}

/* Whatever separator a spreadsheet guesses: commas, semicolons or tabs. */
static void a_cell_that_any_reader_may_split_is_quoted(void **state)
{
    static const struct {
        const char *cell, *written;
    } rows[] = {
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"a;b", "\"a;b\""},
        {"a\tb", "\"a\tb\""},
        {"a\"b", "\"a\"\"b\""},
        {"a b", "a b"},
        {" a", "\" a\""},
        {"1;=2", "\"1;'=2\""},
        {"", ""},
        {"a\nb", "\"a\nb\""},
        {"v=spf1 -all", "v=spf1 -all"},
    };
    struct buf out;
    struct csv_line line;
    (void)state;
    buf_init(&out, 1 << 10);
    for (size_t i = 0; i < COUNT(rows); i++) {
        csv_begin(&line, &out, (struct csv_dialect){0}, "a");
        csv_end(&line);
        buf_reset(&out);
        csv_text(&line, text_of(rows[i].cell));
        assert_text(buf_text(&out), text_of(rows[i].written));
    }
    buf_clear(&out);
}

static const struct csv_dialect dialects[] = {{false, 0},   {false, ','}, {true, ','},  {true, ';'},
                                              {false, ';'}, {true, '\t'}, {false, '\t'}};

static void a_dialect_has_its_mark_and_its_separator(void **state)
{
    struct buf out;
    struct csv_line line;
    char wanted[64];
    (void)state;
    buf_init(&out, 1 << 10);
    for (size_t i = 0; i < COUNT(dialects); i++) {
        char by = dialects[i].separator ? dialects[i].separator : ',';
        buf_reset(&out);
        csv_begin(&line, &out, dialects[i], "a,b");
        csv_text(&line, TEXT("c"));
        csv_end(&line);
        csv_u64(&line, 7);
        csv_instant(&line, WHEN_NEVER);
        csv_text(&line, TEXT("x,=1;=2"));
        csv_end(&line);
        snprintf(wanted, sizeof wanted, "%sa%cb%cc\r\n7%c%c\"x,%s=1;%s=2\"\r\n",
                 dialects[i].is_marked ? "\xef\xbb\xbf" : "", by, by, by, by, by == ',' ? "" : "'",
                 by == ';' ? "" : "'");
        assert_text(buf_text(&out), text_of(wanted));
    }
    buf_clear(&out);
}

static void ten_thousand_hostile_strings_are_neutral_csv(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("=cmd|' /C calc'!A0"), TEXT("@file"));
    kit_hostile_fill(&k, 2000); /* five texts each */
    kit_python("import csv,sys\n"
               "data=open(sys.argv[1],'rb').read()\n"
               "assert not any(b<32 and b not in (9,10,13) or b==127 for b in data)\n"
               "data.decode('utf-8')\n"
               "rows=list(csv.reader(open(sys.argv[1],newline='',encoding='utf-8'),strict=True))\n"
               "assert len(rows)==2001, len(rows)\n"
               "for r in rows:\n"
               "    assert len(r)==23, r\n"
               "    assert not any(c and c[0] in '=+-@\\t\\r\\n\\0' for c in r), r\n",
               kit_write(&k, "csv"));
    kit_clear(&k);
}

/* A report in which every text begins with lead; the numbers and instants cannot. */
static void lead_fill(struct kit *k, const char *lead)
{
    char text[64];
    snprintf(text, sizeof text, "%s1+1", lead);
    kit_init(k, text_of(text), text_of(text));
    struct text t = names_text(&k->fleet.names, kit_name(k, text_of(text)));
    kit_add(k, t, t,
            (struct job_row){.state = JOB_DONE,
                             .outcome = OUTCOME_DONE,
                             .reason = t,
                             .before_known = true,
                             .mail_from_before = t});
}

/* Read as comma, semicolon and tab would have it: people open the file with either. The first line,
 * with the mark and the separator of the file, goes before. */
static const char csv_judge[] =
    "import csv,sys,unicodedata\n"
    "assert open(sys.argv[1],'rb').read().startswith(b'\\xef\\xbb\\xbf')==(code!='utf-8')\n"
    "def starts(c): return unicodedata.normalize('NFKC',c.lstrip(' "
    "\"\\u00a0\\u3000\\ufeff\\u200b'))[:1]\n"
    "for separator in ',;\\t':\n"
    "    rows=list(csv.reader(open(sys.argv[1],newline='',encoding=code),delimiter=separator))\n"
    "    cells=[c for r in rows for c in r]\n"
    "    assert not any(starts(c) in tuple('=+-@\\t\\r\\n') for c in cells), (separator,cells)\n"
    "rows=list(csv.DictReader(open(sys.argv[1],newline='',encoding=code),delimiter=own,strict=True)"
    ")\n"
    "assert len(rows)==1 and len(rows[0])==23 and None not in rows[0], rows\n"
    "texts='account identity reason mail_from_before mail_from_after'.split()\n"
    "assert all('1+1' in rows[0][c] for c in texts), rows\n"
    "assert rows[0]['source'].endswith('1+1:1'), rows\n";

static void no_text_in_any_column_begins_a_formula(void **state)
{
    static const char *const leads[] = {"=",
                                        "+",
                                        "-",
                                        "@",
                                        "\t=",
                                        "\r=",
                                        "\n=",
                                        "\r\n=",
                                        "  =",
                                        "\"=",
                                        " \"=",
                                        "\xef\xbc\x9d",
                                        "\xef\xbc\x8b",
                                        "\xef\xbc\x8d",
                                        "\xef\xbc\xa0",
                                        "\xef\xb9\xa6",
                                        "\xef\xb9\xa3",
                                        "\xc2\xa0=",
                                        "\xe3\x80\x80=",
                                        "\xe2\x80\x8b=",
                                        "\xef\xbb\xbf=",
                                        "a;=",
                                        "a;\"=",
                                        "a; =",
                                        "a\t=",
                                        "a\n=",
                                        "a\r\n\"-",
                                        ";;=",
                                        "\";=",
                                        "a;\xef\xbc\x9d",
                                        "a,="};
    (void)state;
    for (size_t i = 0; i < COUNT(leads); i++) {
        for (size_t d = 0; d < COUNT(dialects); d += 3) {
            char separator = dialects[d].separator ? dialects[d].separator : ',';
            char code[sizeof csv_judge + 64];
            struct kit k;
            snprintf(code, sizeof code, "code='utf-8%s';own='\\x%02x'\n%s",
                     dialects[d].is_marked ? "-sig" : "", (unsigned)separator, csv_judge);
            lead_fill(&k, leads[i]);
            k.csv = dialects[d];
            kit_python(code, kit_write(&k, "csv"));
            kit_clear(&k);
        }
    }
}

static void hostile_rows_are_json_by_the_published_schema(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("\"\\\xff"), TEXT("\n"));
    kit_hostile_fill(&k, 600);
    kit_add(&k, TEXT("last.example"), TEXT(""), (struct job_row){.calls = KIT_NO_RECORD});
    kit_python(
        "import json,sys,jsonschema\n"
        "schema=json.load(open(sys.argv[2]+'/docs/report.schema.json'))\n"
        "report=json.load(open(sys.argv[1],encoding='utf-8'))\n"
        "jsonschema.Draft202012Validator.check_schema(schema)\n"
        "jsonschema.Draft202012Validator(schema).validate(report)\n"
        "rows=report['identities']\n"
        "assert len(rows)==601==report['summary']['identities']\n"
        "assert rows[0]['findings'][0]=={'rule':'mx-missing','severity':'wait',"
        "'text':'a \"\\u00e9\\U0001f4e7<b>','accepted':True}, rows[0]\n"
        "assert rows[1]['findings'][0]['rule']=='mx-missing'\n"
        "assert sum(report['summary']['outcomes'].values())==601\n"
        "lines=open(sys.argv[1],encoding='utf-8').read().split('\\n')\n"
        "assert sum(l.startswith('{\"account\"') and '\"source\"' in l for l in lines)==601\n",
        kit_write(&k, "json"));
    kit_clear(&k);
}

static void an_empty_fleet_is_a_whole_report(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_python("import json,sys,jsonschema\n"
               "schema=json.load(open(sys.argv[2]+'/docs/report.schema.json'))\n"
               "report=json.load(open(sys.argv[1]))\n"
               "jsonschema.validate(report,schema)\n"
               "assert report['identities']==[]\n"
               "assert report['run']['started']=='2026-05-20T08:30:00Z'\n",
               kit_write(&k, "json"));
    kit_clear(&k);
}

static enum err rows_that_fail(void *ctx, bool (*fn)(void *, uint32_t, const struct job_row *),
                               void *fn_ctx, struct why *why)
{
    kit_rows(ctx, fn, fn_ctx, why);
    return why_set(why, ERR_IO, "the journal is damaged");
}

static void a_failed_report_leaves_the_old_one_and_nothing_beside(void **state)
{
    struct kit k;
    struct why why;
    struct stat st;
    char line[256];
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), TEXT("b.example.com"), (struct job_row){0});
    struct report_source bad = {&k, rows_that_fail, kit_moves};
    mode_t old = umask(022);
    const char *path = kit_write(&k, "csv");
    umask(old);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    struct text before = kit_read(path);
    assert_int_equal(report_write("csv", path, &kit_head, &k.fleet, &bad, &why), ERR_IO);
    assert_non_null(strstr(why.text, "the journal is damaged"));
    struct text after = kit_read(path);
    assert_text(after, before);
    snprintf(line, sizeof line, "test $(ls %s | wc -l) = 1", k.folder);
    assert_int_equal(system(line), 0);
    struct report_source good = {&k, kit_rows, kit_moves};
    assert_int_equal(report_write("csv", k.folder, &kit_head, &k.fleet, &good, &why), ERR_INPUT);
    assert_int_equal(report_write("xml", path, &kit_head, &k.fleet, &good, &why), ERR_INPUT);
    int full = open("/dev/full", O_WRONLY);
    snprintf(line, sizeof line, "/dev/fd/%d", full);
    assert_int_equal(report_write("csv", line, &kit_head, &k.fleet, &good, &why), ERR_IO);
    assert_int_equal(report_write("csv", "/dev/full", &kit_head, &k.fleet, &good, &why), ERR_INPUT);
    close(full);
    assert_int_equal(report_write("csv", "/no/such/folder/x", &kit_head, &k.fleet, &good, &why),
                     ERR_IO);
    free((char *)before.at);
    free((char *)after.at);
    kit_clear(&k);
}

static void a_link_at_the_name_stays_and_its_file_is_replaced(void **state)
{
    struct kit k;
    struct stat st;
    char line[256];
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), TEXT("b.example.com"), (struct job_row){0});
    snprintf(line, sizeof line, "cd %s && echo old >real && ln -s real out.csv", k.folder);
    assert_int_equal(system(line), 0);
    assert_int_equal(lstat(kit_write(&k, "csv"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    snprintf(line, sizeof line,
             "cd %s && grep -q example.com real && ! grep -q old real && ! ls | "
             "grep part",
             k.folder);
    assert_int_equal(system(line), 0);
    kit_clear(&k);
}

static void parts_without_an_owner_are_swept_and_stop_nothing(void **state)
{
    struct kit k;
    char line[256], part[128];
    struct why why;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_add(&k, TEXT("example.com"), TEXT("b.example.com"), (struct job_row){0});
    snprintf(line, sizeof line,
             "cd %s && for i in '' $(seq 1 150); do : >out.csv.mailfrom-part$i; done && : "
             ">out.csv.mailfrom-parts",
             k.folder);
    assert_int_equal(system(line), 0);
    snprintf(part, sizeof part, "%s/out.csv.mailfrom-part7", k.folder);
    int owner = open(part, O_WRONLY);
    assert_int_equal(fcntl(owner, F_OFD_SETLK, &whole), 0);
    kit_write(&k, "csv");
    snprintf(line, sizeof line,
             "cd %s && test \"$(ls | tr '\\n' ' ')\" = 'out.csv out.csv.mailfrom-part7 "
             "out.csv.mailfrom-parts '",
             k.folder);
    assert_int_equal(system(line), 0);
    close(owner);
    snprintf(line, sizeof line,
             "cd %s && for i in '' $(seq 1 150); do ln -sf real out.csv.mailfrom-part$i; done",
             k.folder);
    assert_int_equal(system(line), 0);
    kit_write(&k, "csv"); /* of links none is followed and none removed */
    snprintf(line, sizeof line,
             "cd %s && test ! -e real && test $(ls out.csv.mailfrom-part* | wc -l) = 152 && rm "
             "out.csv.m*",
             k.folder);
    assert_int_equal(system(line), 0);
    snprintf(line, sizeof line, "%s/out.csv", k.folder);
    assert_int_equal(deliver_prove(line, &why), OK);
    assert_int_equal(deliver_prove("/no/such/folder/x", &why), ERR_IO);
    assert_int_equal(deliver_prove("/dev/fd/999", &why), ERR_INPUT);
    kit_clear(&k);
}

static void the_same_journal_gives_the_same_bytes(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_hostile_fill(&k, 50);
    for (size_t i = 0; report_format_name(i); i++) {
        struct text a = kit_read(kit_write(&k, report_format_name(i)));
        struct text b = kit_read(kit_write(&k, report_format_name(i)));
        assert_text(b, a);
        assert_true(report_format_known(text_of(report_format_name(i))));
        free((char *)a.at);
        free((char *)b.at);
    }
    assert_true(report_format_known(TEXT("md"))); /* the short spelling of markdown */
    assert_false(report_format_known(TEXT("xml")));
    kit_clear(&k);
}

static enum err counted_rows(void *ctx, bool (*fn)(void *, uint32_t, const struct job_row *),
                             void *fn_ctx, struct why *why)
{
    struct kit *k = ctx;
    k->passes++;
    return kit_rows(k, fn, fn_ctx, why);
}

static void several_at_once_are_as_each_alone(void **state)
{
    static const char *const formats[] = {"csv", "json", "html", "xml", "markdown", "csv"};
    struct report_wanted list[COUNT(formats)];
    struct kit k;
    char paths[COUNT(formats)][96];
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    kit_hostile_fill(&k, 50);
    struct report_source source = {&k, counted_rows, kit_moves};
    for (size_t i = 0; i < COUNT(formats); i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%zu", i == 5 ? "/no/such/folder" : k.folder, i);
        list[i] = (struct report_wanted){.format = text_of(formats[i]), .path = paths[i]};
    }
    reports_write(list, COUNT(list), &kit_head, &k.fleet, &source);
    assert_int_equal(list[3].err, ERR_INPUT);
    assert_int_equal(list[5].err, ERR_IO);
    assert_int_equal(k.passes, 2); /* one for all, and one for the rows of the page */
    for (size_t i = 0; i < COUNT(formats); i++) {
        if (i == 3 || i == 5)
            continue;
        assert_int_equal(list[i].err, OK);
        struct text together = kit_read(paths[i]), alone = kit_read(kit_write(&k, formats[i]));
        assert_text(together, alone);
        free((char *)together.at);
        free((char *)alone.at);
    }
    kit_clear(&k);
}

static void rows_go_out_as_they_come(void **state)
{
    static const struct report_format *const formats[] = {&csv_format, &json_format, &junit_format,
                                                          &sarif_format};
    struct kit k;
    struct why why;
    (void)state;
    kit_init(&k, TEXT("main"), TEXT("fleet.yaml"));
    for (uint32_t i = 0; i < 50000; i++)
        kit_add(&k, TEXT("example.com"), TEXT("b.example.com"),
                (struct job_row){.state = JOB_DONE, .outcome = OUTCOME_DONE});
    int fd = open("/dev/null", O_WRONLY);
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct sink sink;
        void *own = calloc(1, formats[i]->state_size);
        struct report_source source = {&k, kit_rows, kit_moves};
        sink_init(&sink, fd);
        struct report report = {&kit_head, &k.fleet, &source, &sink};
        assert_non_null(own);
        assert_int_equal(formats[i]->begin(own, &report, &why), OK);
        assert_int_equal(report_rows(&report, formats[i]->row, own, &why), OK);
        assert_int_equal(formats[i]->end(own, &why), OK);
        formats[i]->clear(own);
        free(own);
        assert_true(sink.buf.cap <= 4 * REPORT_CHUNK); /* of several megabytes */
        sink_clear(&sink);
    }
    close(fd);
    kit_clear(&k);
}

static void the_verdict_is_one_sentence(void **state)
{
    static const struct {
        uint32_t unchanged, done, waiting, failed, refused;
        const char *sentence;
    } cases[] = {
        {0, 0, 0, 0, 0, "There are no identities."},
        {0, 1, 0, 0, 0, "All is well with 1 identity: 1 done."},
        {3, 2, 0, 0, 0, "All is well with 5 identities: 3 unchanged, 2 done."},
        {3, 2, 4, 0, 0, "4 of 9 identities not finished: 4 waiting for DNS."},
        {1, 1, 0, 1, 0, "1 of 3 identities needs attention: 1 failed."},
        {1, 1, 2, 3, 4,
         "7 of 11 identities need attention: 4 refused, 3 failed; not finished: 2 "
         "waiting for DNS."},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf b;
        struct report_sum sum = {0};
        sum.by_standing[STANDING_UNCHANGED] = cases[i].unchanged;
        sum.by_standing[STANDING_DONE] = cases[i].done;
        sum.by_standing[STANDING_FOR_DNS] = cases[i].waiting;
        sum.by_standing[STANDING_FAILED] = cases[i].failed;
        sum.by_standing[STANDING_REFUSED] = cases[i].refused;
        sum.bad = cases[i].failed + cases[i].refused;
        sum.rows = sum.bad + cases[i].unchanged + cases[i].done + cases[i].waiting;
        buf_init(&b, 1024);
        report_verdict(&sum, &b);
        assert_text(buf_text(&b), text_of(cases[i].sentence));
        buf_clear(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_job_is_reported_by_its_state),
        cmocka_unit_test(before_is_what_was_there_before_the_first_write),
        cmocka_unit_test(a_small_csv_is_these_bytes),
        cmocka_unit_test(a_cell_that_any_reader_may_split_is_quoted),
        cmocka_unit_test(a_dialect_has_its_mark_and_its_separator),
        cmocka_unit_test(ten_thousand_hostile_strings_are_neutral_csv),
        cmocka_unit_test(no_text_in_any_column_begins_a_formula),
        cmocka_unit_test(hostile_rows_are_json_by_the_published_schema),
        cmocka_unit_test(several_at_once_are_as_each_alone),
        cmocka_unit_test(rows_go_out_as_they_come),
        cmocka_unit_test(the_verdict_is_one_sentence),
        cmocka_unit_test(an_empty_fleet_is_a_whole_report),
        cmocka_unit_test(a_failed_report_leaves_the_old_one_and_nothing_beside),
        cmocka_unit_test(a_link_at_the_name_stays_and_its_file_is_replaced),
        cmocka_unit_test(parts_without_an_owner_are_swept_and_stop_nothing),
        cmocka_unit_test(the_same_journal_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
