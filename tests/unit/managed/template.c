/* CloudFormation templates and cloud assemblies. */
#include "managed_room.h"

static void a_template_is_read_with_its_stack(void **state)
{
    struct seen s;
    char path[512], bytes[4096];
    const struct managed_stack stack = {TEXT("MailEu"), TEXT("111122223333"), TEXT("eu-west-1")};
    (void)state;
    snprintf(path, sizeof path, "%s", TEST_DATA "/managed/cdk.out/MailEu.template.json");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    buf_init(&s.document, 1);
    see_in(&s, (struct text){bytes, n}, &stack, true);
    assert_text(buf_text(&s.settings),
                TEXT("MailEu/ExampleCom1A2B3C4D example.com 111122223333 eu-west-1 "
                     "bounce.example.com REJECT_MESSAGE\n"));
    assert_text(buf_text(&s.parts), TEXT("MailEuMore5E6F7A8B.nested.template.json "
                                         "MailEu/More5E6F7A8B 111122223333 eu-west-1\n"));
    assert_int_equal(s.file.settings[0].line, 6);
    seen_clear(&s);
}

static void an_assembly_names_its_templates(void **state)
{
    struct seen s;
    (void)state;
    see_file(&s, "cdk.out/manifest.json", true);
    assert_int_equal(s.file.kind, MANAGED_ASSEMBLY);
    assert_text(buf_text(&s.parts), TEXT("MailEu.template.json MailEu 111122223333 eu-west-1\n"
                                         "folder assembly-Prod Prod - -\n"));
    seen_clear(&s);
    see_file(&s, "cdk.out/assembly-Prod/manifest.json", true);
    assert_text(buf_text(&s.parts), TEXT("ProdMail.template.json Prod/Mail - -\n"));
    seen_clear(&s);
}

static void what_is_worked_out_at_deployment_is_a_fault(void **state)
{
    struct seen s;
    (void)state;
    see_file(&s, "intrinsic.template.json", true);
    assert_int_equal(s.file.kind, MANAGED_TEMPLATE);
    assert_int_equal(s.file.settings_len, 0);
    assert_int_equal(s.file.faults_len, 4);
    static const struct {
        uint32_t line;
        const char *says;
    } want[] = {{13, "EmailIdentity of ByParameter"},
                {23, "MailFromDomain of ByJoin"},
                {33, "MailFromAttributes of ByCondition"},
                {38, "Fn::ForEach"}};
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(s.file.faults[i].line, want[i].line);
        struct text t = s.file.faults[i].text;
        assert_true(text_find_text(t, text_of(want[i].says)) < t.len);
    }
    seen_clear(&s);
}

#define TEMPLATE(resources) "{\"Resources\": {" resources "}}"
#define IDENTITY(name, properties)                                                                 \
    "\"" name "\": {\"Type\": \"AWS::SES::EmailIdentity\", \"Properties\": " properties "}"

static const struct {
    const char *title, *document, *settings, *fault;
} rows[] = {
    {"no resources", TEMPLATE(""), "", ""},
    {"a template by its version alone", "{\"AWSTemplateFormatVersion\": \"2010-09-09\"}", "", ""},
    {"an identity", TEMPLATE(IDENTITY("A", "{\"EmailIdentity\": \"a.example\"}")),
     "A a.example - - unset -\n", ""},
    {"a behaviour without a name",
     TEMPLATE(IDENTITY("A", "{\"EmailIdentity\": \"a.example\", \"MailFromAttributes\": "
                            "{\"BehaviorOnMxFailure\": \"USE_DEFAULT_VALUE\"}}")),
     "A a.example - - - USE_DEFAULT_VALUE\n", ""},
    {"no properties", TEMPLATE("\"A\": {\"Type\": \"AWS::SES::EmailIdentity\"}"), "",
     "A has no EmailIdentity"},
    {"attributes that are a list",
     TEMPLATE(IDENTITY("A", "{\"EmailIdentity\": \"a.example\", \"MailFromAttributes\": []}")), "",
     "MailFromAttributes of A is worked out"},
    {"a dynamic reference",
     TEMPLATE(IDENTITY("A", "{\"EmailIdentity\": \"{{resolve:ssm:/mail/domain}}\"}")), "",
     "EmailIdentity of A is worked out"},
    {"a nested stack elsewhere",
     TEMPLATE("\"S\": {\"Type\": \"AWS::CloudFormation::Stack\", \"Properties\": {\"TemplateURL\": "
              "\"https://bucket.example/t.json\"}}"),
     "", ""},
    {"ForEach of something else", TEMPLATE("\"Fn::ForEach::T\": [\"N\", [\"a\"], {}]"), "", ""},
    {"an artifact without a file",
     "{\"version\": \"1\", \"artifacts\": {\"S\": {\"type\": \"aws:cloudformation:stack\"}}}", "",
     "the artifact S names no file"},
};

static void hostile_templates_get_a_sentence_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen s;
        see(&s, rows[i].document);
        struct text faults = buf_text(&s.faults);
        bool says = text_find_text(faults, text_of(rows[i].fault)) < faults.len;
        if (!text_eq(buf_text(&s.settings), text_of(rows[i].settings)) ||
            (*rows[i].fault ? !says : faults.len > 0))
            fail_msg("%s: '" TEXT_FMT "' and '" TEXT_FMT "'", rows[i].title,
                     TEXT_ARG(buf_text(&s.settings)), TEXT_ARG(faults));
        seen_clear(&s);
    }
}

static void yaml_is_told_by_its_first_words(void **state)
{
    (void)state;
    assert_non_null(managed_yaml_fault(TEXT("AWSTemplateFormatVersion: '2010-09-09'\n")));
    assert_non_null(managed_yaml_fault(TEXT("\n\nResources:\n  A:\n")));
    assert_null(managed_yaml_fault(TEXT("identity,region\n")));
    assert_null(managed_yaml_fault(TEXT_NONE));
    assert_true(managed_is_json(TEXT("\xef\xbb\xbf \n{")));
    assert_false(managed_is_json(TEXT("identity")));
    assert_false(managed_is_json(TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_read_with_its_stack),
        cmocka_unit_test(an_assembly_names_its_templates),
        cmocka_unit_test(what_is_worked_out_at_deployment_is_a_fault),
        cmocka_unit_test(hostile_templates_get_a_sentence_or_nothing),
        cmocka_unit_test(yaml_is_told_by_its_first_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
