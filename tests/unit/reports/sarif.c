/*
 * SARIF: findings at the lines that they are about.
 */
#include "report_kit.h"

static void findings_are_sarif_at_their_lines_worst_first(void **state)
{
    struct kit k;
    (void)state;
    kit_init(&k, TEXT("\"\\\xff"), TEXT("teams/a b#.yaml"));
    kit_hostile_fill(&k, 600);
    kit_add(&k, TEXT("bad.example"), TEXT(""),
            (struct job_row){.state = JOB_DONE,
                             .outcome = OUTCOME_REFUSED,
                             .findings = FINDING_BIT(SEVERAL_MX)});
    kit_add(&k, TEXT("last.example"), TEXT(""), (struct job_row){.calls = KIT_NO_RECORD});
    kit_python("import glob,json,sys\n"
               "log=json.load(open(sys.argv[1],encoding='utf-8'))\n"
               "assert log['version']=='2.1.0' and len(log['runs'])==1\n"
               "run=log['runs'][0]; rules=run['tool']['driver']['rules']\n"
               "assert len(rules)==len(glob.glob(sys.argv[2]+'/docs/rules/*.md'))\n"
               "assert all(r['help']['text'].endswith(r['id']) for r in rules)\n"
               "results=run['results']\n"
               "order=['error','warning','note']\n"
               "levels=[order.index(r['level']) for r in results]\n"
               "assert levels==sorted(levels) and set(levels)=={0,1,2}, levels\n"
               "assert len(results)==200+400+1+200, len(results)\n"
               "assert results[0]['ruleId']=='several-mx'\n"
               "for r in results:\n"
               "    place=r['locations'][0]['physicalLocation']\n"
               "    assert place['artifactLocation']['uri']=='teams/a%20b%23.yaml'\n"
               "    assert place['region']['startLine']>=1 and r['message']['text'] is not None\n"
               "    assert 'ruleIndex' not in r or rules[r['ruleIndex']]['id']==r['ruleId']\n"
               "assert sum('suppressions' in r for r in results)==200\n"
               "assert place!=results[0]['locations'][0]['physicalLocation']\n",
               kit_write(&k, "sarif"));
    kit_clear(&k);
}

/* The URI of a manifest, as in SARIF 2.1.0, sections 3.4.3 and 3.4.4, and RFC 8089. */
static void a_file_is_named_by_a_uri(void **state)
{
    (void)state;
    static const struct {
        struct text file;
        const char *uri;
        bool has_base;
    } rows[] = {
        {TEXT("fleet.yaml"), "fleet.yaml", true},
        {TEXT("./fleet.yaml"), "fleet.yaml", true},
        {TEXT("././a/b.yaml"), "a/b.yaml", true},
        {TEXT("../up/fleet.yaml"), "../up/fleet.yaml", true},
        {TEXT("teams/a b#?.yaml"), "teams/a%20b%23%3F.yaml", true},
        {TEXT("c:\\fleet%41.yaml"), "c%3A%5Cfleet%2541.yaml", true},
        {TEXT("b\xc3\xbc"
              "cher.yaml"),
         "b%C3%BCcher.yaml", true},
        {TEXT("/srv/a b/fleet.yaml"), "file:///srv/a%20b/fleet.yaml", false},
        {TEXT("/fleet.yaml"), "file:///fleet.yaml", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char judge[1024];
        struct kit k;
        kit_init(&k, TEXT("main"), rows[i].file);
        kit_add(&k, TEXT("xn--bcher-kva.example"), TEXT(""),
                (struct job_row){.state = JOB_DONE,
                                 .outcome = OUTCOME_REFUSED,
                                 .findings = FINDING_BIT(SEVERAL_MX)});
        snprintf(judge, sizeof judge,
                 "import json,sys\n"
                 "run=json.load(open(sys.argv[1],encoding='utf-8'))['runs'][0]\n"
                 "result=run['results'][0]\n"
                 "place=result['locations'][0]['physicalLocation']['artifactLocation']\n"
                 "assert place['uri']=='%s', place\n"
                 "assert (place.get('uriBaseId') in run['originalUriBaseIds'])==%s, place\n"
                 "said=result['message']['text']\n"
                 "assert said.endswith('(xn--bcher-kva.example is b\\u00fccher.example)'), said\n",
                 rows[i].uri, rows[i].has_base ? "True" : "False");
        kit_python(judge, kit_write(&k, "sarif"));
        kit_clear(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_sarif_at_their_lines_worst_first),
        cmocka_unit_test(a_file_is_named_by_a_uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
