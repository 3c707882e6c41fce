/*
 * What check writes for programs: each complaint, or each finding, once, at its file, line and
 * column, whatever severity it has.
 */
#include "../manifests/manifest_room.h"

#include "ui/check_written.h"

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "defaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\n"                                \
    "identities:\n"

struct written {
    struct sink sink;
    struct check_found found;
};

/* The bytes stay in the buffer of the sink, which is far from full. */
static const char *write_by(struct written *w, deliver_writer *writer, struct loaded *l)
{
    struct why why = {""};
    *w = (struct written){.found = {.version = TEXT("1.2.3"), .complaints = &l->complaints}};
    sink_init(&w->sink, -1);
    if (l->err == OK) {
        w->found.fleet = &l->fleet;
        assert_int_equal(
            suffix_list_open((struct suffix_list **)&w->found.judge.suffixes, NULL, &why), OK);
    }
    assert_int_equal(writer(&w->found, &w->sink, &why), OK);
    buf_add_char(&w->sink.buf, '\0');
    assert_false(w->sink.buf.failed);
    return w->sink.buf.at;
}

static void written_clear(struct written *w)
{
    suffix_list_close((struct suffix_list *)w->found.judge.suffixes);
    sink_clear(&w->sink);
}

static void written_load(struct loaded *l, const char *manifest)
{
    static const char *const paths[] = {"a b.yaml"};
    file_write("a b.yaml", manifest);
    load_by(l, (struct manifest_options){.allow_empty = false}, paths, 1);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("%s\nis not in\n%s", part, text);
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

static const char with_findings[] = HEAD "  - a.example\n"
                                         "  - {identity: m.b.example, mail_from: x.b.example}\n"
                                         "  - {identity: c.example, mail_from: x.example, accept: "
                                         "[not-a-subdomain]}\n"
                                         "  - somebody@gmail.com\n"
                                         "  - {identity: a@a.example}\n";

static void json_has_every_finding_at_its_place(void **state)
{
    struct loaded l;
    struct written w;
    (void)state;
    written_load(&l, with_findings);
    const char *json = write_by(&w, check_json, &l);
    assert_has(json, "{\"format_version\": 1, \"version\": \"1.2.3\", \"sound\": true, "
                     "\"identities\": 5, \"accounts\": 1, \"lanes\": 1,");
    assert_has(json, "{\"file\": \"a b.yaml\", \"line\": 5, \"column\": 16, \"rule\": "
                     "\"not-a-subdomain\", \"severity\": \"error\", \"accepted\": false, ");
    assert_has(json, "\"line\": 6, \"column\": 16, \"rule\": \"not-a-subdomain\", \"severity\": "
                     "\"error\", \"accepted\": true, ");
    assert_has(json, "\"rule\": \"not-your-domain\", \"severity\": \"warning\"");
    assert_has(json, "\"account\": \"default\", \"region\": \"us-east-1\", \"identity\": "
                     "\"somebody@gmail.com\"}");
    assert_int_equal(count_of(json, "\"rule\": \"shared-mail-from\", \"severity\": \"info\""), 2);
    assert_has(json, "], \"refused\": 1, \"warnings\": 1}\n");
    assert_int_equal(w.found.verdict.refused, 1);
    written_clear(&w);
    loaded_clear(&l);
}

static void sarif_has_them_the_worst_first(void **state)
{
    struct loaded l;
    struct written w;
    (void)state;
    written_load(&l, with_findings);
    const char *sarif = write_by(&w, check_sarif, &l);
    assert_int_equal(count_of(sarif, "\"ruleId\":"), 5);
    assert_has(sarif, "{\"ruleId\":\"not-a-subdomain\",\"ruleIndex\":0,\"level\":\"error\"");
    assert_has(sarif, "\"artifactLocation\":{\"uri\":\"a%20b.yaml\",\"uriBaseId\":\"%SRCROOT%\"},"
                      "\"region\":{\"startLine\":5,\"startColumn\":16}");
    assert_has(sarif, "\"partialFingerprints\":{\"mailfrom/v1\":\"default/us-east-1/m.b.example/"
                      "not-a-subdomain\"}}");
    assert_int_equal(count_of(sarif, "\"suppressions\":[{\"kind\":\"inSource\"}]"), 1);
    const char *error = strstr(sarif, "\"level\":\"error\""),
               *warning = strstr(sarif, "\"level\":\"warning\""),
               *note = strstr(sarif, "\"level\":\"note\"");
    assert_true(error && error < warning && warning < note);
    written_clear(&w);
    loaded_clear(&l);
}

static void complaints_are_written_in_place_of_findings(void **state)
{
    struct loaded l;
    struct written w;
    (void)state;
    written_load(&l,
                 HEAD "  - {identity: a.example, regoin: x}\n  - {identity: a.example, rate: 1}\n");
    const char *json = write_by(&w, check_json, &l);
    assert_has(json, "\"sound\": false, \"identities\": null, ");
    assert_has(json,
               "{\"file\": \"a b.yaml\", \"line\": 4, \"column\": 27, \"text\": \"unknown key "
               "\\\"regoin\\\"");
    assert_int_equal(count_of(json, "\"text\": "), l.complaints.len);
    assert_has(json, "\"refused\": null, \"warnings\": null}\n");
    written_clear(&w);
    const char *sarif = write_by(&w, check_sarif, &l);
    assert_int_equal(count_of(sarif, "{\"ruleId\":\"manifest\","), l.complaints.len);
    assert_has(sarif, "{\"id\":\"manifest\",\"shortDescription\":");
    assert_has(sarif, "\"region\":{\"startLine\":4,\"startColumn\":27}");
    written_clear(&w);
    loaded_clear(&l);
}

static void a_complaint_about_a_whole_file_has_a_line_where_one_is_needed(void **state)
{
    struct loaded l;
    struct written w;
    (void)state;
    written_load(&l, "version: 1\naccounts: {main: {profile: prod, regions: [us-east-1]}}\n");
    const char *json = write_by(&w, check_json, &l);
    assert_has(json, "\"line\": null, \"column\": null, \"text\": \"no identities, and accounts "
                     "alone are for discover --manifest");
    written_clear(&w);
    assert_has(write_by(&w, check_sarif, &l), "\"region\":{\"startLine\":1}");
    written_clear(&w);
    loaded_clear(&l);
}

static void what_is_sound_has_empty_lists(void **state)
{
    struct loaded l;
    struct written w;
    (void)state;
    written_load(&l, HEAD "  - a.example\n");
    assert_has(write_by(&w, check_json, &l),
               "\"findings\": [\n], \"refused\": 0, \"warnings\": 0}");
    written_clear(&w);
    assert_has(write_by(&w, check_sarif, &l), "\"results\":[\n]}]}\n");
    written_clear(&w);
    loaded_clear(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_every_finding_at_its_place),
        cmocka_unit_test(sarif_has_them_the_worst_first),
        cmocka_unit_test(complaints_are_written_in_place_of_findings),
        cmocka_unit_test(a_complaint_about_a_whole_file_has_a_line_where_one_is_needed),
        cmocka_unit_test(what_is_sound_has_empty_lists),
    };
    return cmocka_run_group_tests(tests, set_up, set_down);
}
