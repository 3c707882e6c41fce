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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_sarif_at_their_lines_worst_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
