/* Keys for TSIG as three programs write them, and what is refused of them. */
#include "providers/tsig_key.h"

#include "aws/credentials/secrets.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define B64  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define FILE TEXT("tsig.key")

static void is_the_key(const struct tsig_key *key, const char *algorithm)
{
    assert_string_equal(key->name, "mailfrom.example.net");
    assert_string_equal(key->algorithm, algorithm);
    assert_int_equal(key->secret_len, 32);
    for (uint32_t i = 0; i < 32; i++)
        assert_int_equal(key->secret[i], i);
}

static void keys_are_read_in_three_ways(void **state)
{
    (void)state;
    static const struct {
        const char *file, *algorithm;
    } cases[] = {
        /* tsig-keygen -a hmac-sha512 */
        {"key \"mailfrom.example.net\" {\n\talgorithm hmac-sha512;\n\tsecret \"" B64 "\";\n};\n",
         "hmac-sha512"},
        {"# a key\n// of ours\n/* for\nupdates */ key mailfrom.example.net. { secret " B64
         "; algorithm HMAC-SHA256.; };",
         "hmac-sha256"},
        /* keymgr -t mailfrom.example.net hmac-sha384 */
        {"# hmac-sha384:mailfrom.example.net:" B64
         "\nkey:\n- id: mailfrom.example.net\n  algorithm: "
         "hmac-sha384\n  secret: " B64 "\n",
         "hmac-sha384"},
        {"key:\r\n  - id: \"MailFrom.example.net.\"\r\n    secret: '" B64
         "'\r\n    algorithm: hmac-sha256\r\n\r\n",
         "hmac-sha256"},
        {"hmac-sha256:mailfrom.example.net:" B64, "hmac-sha256"},
        {"\nmailfrom.example.net:" B64 "\n\n", "hmac-sha256"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tsig_key key;
        struct why why = {""};
        if (tsig_key_parse(&key, FILE, text_of(cases[i].file), &why) != OK)
            fail_msg("%zu: %s", i, why.text);
        is_the_key(&key, cases[i].algorithm);
    }
}

static void wrong_keys_are_refused_without_a_word_of_the_secret(void **state)
{
    (void)state;
    static const struct {
        const char *file, *says;
    } cases[] = {
        {"", "tsig.key:1:1: found no key"},
        {"# nothing\n", "found no key"},
        {"hmac-md5:k:" B64,
         "tsig.key:1:1: key k: found an algorithm that is too weak, expected hmac-sha256"},
        {"\n hmac-sha1:k:" B64, "tsig.key:2:2: key k: found an algorithm that is too weak"},
        {"hmac-sha224:k:" B64, "too weak"},
        {"hmac-md5.sig-alg.reg.int:k:" B64, "too weak"},
        {"hmac-sha256-128:k:" B64, "found an unknown algorithm"},
        {"gss-tsig:k:" B64, "found an unknown algorithm"},
        {"hmac-sha256:k:" B64 B64, "no base64"},
        {"hmac-sha256:k:A" B64, "no base64"},
        {"hmac-sha256:k:AB==", "no base64"},
        {"hmac-sha256:k:====", "no base64"},
        {"hmac-sha256::" B64, "without a name"},
        {"hmac-sha256:.:" B64, "no domain name"},
        {"hmac-sha256:a..b:" B64, "no domain name"},
        {"k:" B64 "\nk:" B64 "\n", "tsig.key:2:1: expected nothing behind"},
        {"key \"k\" { algorithm hmac-sha256; };", "tsig.key:1:1: found a key without a secret"},
        {"key \"k\" { secret \"" B64 "\"; };", "without an algorithm"},
        {"key \"k\" { secret \"" B64 "\"; secret \"" B64 "\"; };", "each once"},
        {"key \"k\" { algorithm hmac-sha256; secret \"" B64 "\"", "tsig.key:1:34: expected"},
        {"key \"k\" {", "expected"},
        {"key \"k", "expected key"},
        {"key", "expected key"},
        {"key \"k\" { algorithm hmac-sha256; secret \"" B64 "\"; };\nzone \"x\" {};",
         "tsig.key:2:1: expected a clause \"key\""},
        {"key k {algorithm hmac-sha256;secret " B64 ";};\nkey l {algorithm hmac-sha256;secret " B64
         ";};",
         "tsig.key:2:1: found a second key"},
        {"key:\n", "found no key"},
        {"key:\n  algorithm: hmac-sha256\n", "tsig.key:2:1: expected id"},
        {"key:\n- id: k\n  secret: " B64 "\n", "tsig.key:2:1: found a key without an algorithm"},
        {"key:\n- id: k\n  id: k\n", "tsig.key:3:1: expected id"},
        {"key:\n- id: k\n  algorithm: hmac-sha256\n  secret: " B64
         "\n- id: l\n  algorithm: hmac-sha256\n"
         "  secret: " B64 "\n",
         "tsig.key:5:1: found a second key"},
    };
    static const struct tsig_key nothing;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tsig_key key = {.secret = {1}};
        struct why why = {""};
        enum err err = tsig_key_parse(&key, FILE, text_of(cases[i].file), &why);
        if (err != ERR_INPUT || !strstr(why.text, cases[i].says) || strstr(why.text, "AAECAw"))
            fail_msg("%s: got '%s'", cases[i].says, why.text);
        assert_memory_equal(&key, &nothing, sizeof key);
    }
}

static void a_secret_that_others_may_read_is_no_secret(void **state)
{
    (void)state;
    static const mode_t open_to[] = {0640, 0604, 0620, 0660, 0644};
    char path[] = "/tmp/tsig_key.XXXXXX", said[] = "the key is " B64;
    struct tsig_key key;
    struct why why = {""};
    struct secrets *secrets;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && dprintf(fd, "mailfrom.example.net:" B64 "\n") > 0);
    for (size_t i = 0; i < COUNT(open_to); i++) {
        char mode[32];
        snprintf(mode, sizeof mode, "found mode %04o", (unsigned)open_to[i]);
        assert_int_equal(fchmod(fd, open_to[i]), 0);
        assert_int_equal(tsig_key_read(&key, text_of(path), NULL, &why), ERR_INPUT);
        assert_non_null(strstr(why.text, mode));
    }
    assert_int_equal(fchmod(fd, 0600), 0);
    assert_int_equal(secrets_open(&secrets, &why), OK);
    assert_int_equal(tsig_key_read(&key, text_of(path), secrets, &why), OK);
    is_the_key(&key, "hmac-sha256");
    secrets_hide_string(secrets, said);
    assert_null(strstr(said, "AAECAwQF"));
    secrets_close(secrets);
    tsig_key_wipe(&key);
    close(fd);
    unlink(path);
    assert_int_equal(tsig_key_read(&key, text_of(path), NULL, &why), ERR_GONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_in_three_ways),
        cmocka_unit_test(wrong_keys_are_refused_without_a_word_of_the_secret),
        cmocka_unit_test(a_secret_that_others_may_read_is_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
