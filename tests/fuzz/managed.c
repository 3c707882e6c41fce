/* A Terraform state, a template or a cloud assembly: read by itself, and as a manifest imports it.
 */
#include "fuzz.h"
#include "judged.h"

#include "managed/json_span.h"
#include "managed/managed.h"

static bool is_within(struct text t, size_t most)
{
    return t.len <= most && (t.len == 0 || t.at);
}

static void settings_are_sound(const struct managed_file *m, size_t len)
{
    for (uint32_t i = 0; i < m->settings_len; i++) {
        const struct managed_setting *s = &m->settings[i];
        assert(s->identity.len > 0 && is_within(s->identity, len) && s->address.len > 0);
        assert(s->account.len == 0 || s->account.len == 12);
        assert(is_within(s->mail_from, len) && is_within(s->behavior, len));
        assert(s->sets_mail_from || (s->mail_from.len == 0 && s->behavior.len == 0));
        assert(s->line > 0 && s->column > 0);
    }
    for (uint32_t i = 0; i < m->faults_len; i++)
        assert(m->faults[i].text.len && fuzz_is_printable(m->faults[i].text));
    for (uint32_t i = 0; i < m->parts_len; i++)
        assert(m->parts[i].path.len && m->parts[i].line > 0);
}

static void document_is_sound(struct text document)
{
    struct managed_file m;
    struct why why = {""};
    size_t at;
    const struct managed_stack stack = {TEXT("Stack"), TEXT("111122223333"), TEXT("eu-west-1")};
    const char *fault = json_span_fault(document, &at);
    assert(at <= document.len);
    if (managed_read(&m, document, &stack, &why) == OK) {
        uint32_t settings_len = m.settings_len;
        settings_are_sound(&m, document.len);
        assert(!fault || text_starts(document, TEXT("\xef\xbb\xbf")) || m.faults_len);
        assert(m.kind != MANAGED_NONE || m.faults_len);
        assert(managed_join(&m, &why) == OK);
        assert(m.settings_len <= settings_len && (m.settings_len > 0) == (settings_len > 0));
        settings_are_sound(&m, document.len);
    }
    managed_clear(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN];
    struct text document = {(const char *)bytes, len};
    document_is_sound(document);
    fuzz_file("fleet.json", document, path);
    manifest_is_judged(
        fuzz_file("fleet.yaml",
                  TEXT("version: 1\naccounts: {main: {profile: p}, other: {account_id: "
                       "'111122223333'}}\n"
                       "defaults: {account: main, region: us-east-1, mail_from: 'b.{domain}'}\n"
                       "identities_from: fleet.json\n"),
                  path));
    return 0;
}
