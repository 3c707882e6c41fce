#include "unit.h"

#include "base/hex.h"
#include "crypto/sha256.h"

#include <string.h>

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* FIPS 180-4's examples (NIST, "SHA-256 examples") and the empty message. */
static void the_examples_of_the_standard_hold(void **state)
{
    (void)state;
    char hex[SHA256_HEX_LEN], short_hex[SHA1_HEX_LEN];
    assert_true(sha256_hex(TEXT("abc"), hex));
    assert_string_equal(hex, ABC);
    assert_true(sha256_hex(TEXT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), hex));
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_true(sha256_hex(TEXT_NONE, hex));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_true(sha1_hex(TEXT("abc"), short_hex));
    assert_string_equal(short_hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void base64_is_that_of_the_hash(void **state)
{
    (void)state;
    char base64[SHA256_BASE64_LEN];
    assert_true(sha256_base64(TEXT_NONE, base64));
    assert_string_equal(base64, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

static void pieces_hash_as_the_whole_and_a_hash_starts_afresh(void **state)
{
    (void)state;
    sha256_t hash;
    char hex[SHA256_HEX_LEN];
    struct sha256 *s = sha256_new();
    assert_non_null(s);
    for (int round = 0; round < 2; round++) {
        sha256_add(s, TEXT("a"));
        sha256_add(s, TEXT_NONE);
        sha256_add(s, TEXT("bc"));
        assert_true(sha256_take(s, hash));
        hex_write(hash, sizeof hash, hex);
        assert_string_equal(hex, ABC);
    }
    sha256_free(s);
    sha256_free(NULL);
}

/* Hashes and codes in turn, by one object. */
static void an_object_gives_the_same_codes_over_and_over(void **state)
{
    (void)state;
    static const char *const keys[] = {"Jefe", "another key", "Jefe"};
    struct sha256 *s = sha256_new();
    assert_non_null(s);
    for (size_t i = 0; i < COUNT(keys); i++) {
        sha256_t expected, mac;
        char hex[SHA256_HEX_LEN];
        assert_true(sha256_hmac(keys[i], strlen(keys[i]), TEXT("what"), expected));
        assert_true(sha256_take_hmac(s, keys[i], strlen(keys[i]), TEXT("what"), mac));
        assert_memory_equal(mac, expected, sizeof mac);
        assert_true(sha256_take_hex(s, TEXT("abc"), hex));
        assert_string_equal(hex, ABC);
        assert_true(sha256_take_hmac(s, mac, sizeof mac, TEXT_NONE, mac)); /* over its key */
        assert_true(sha256_hmac(expected, sizeof expected, TEXT_NONE, expected));
        assert_memory_equal(mac, expected, sizeof mac);
    }
    sha256_free(s);
}

/* RFC 4231, test cases 2 and 6 (a key that is longer than a block). */
static void the_examples_of_hmac_hold(void **state)
{
    (void)state;
    unsigned char key[131];
    sha256_t mac;
    char hex[SHA256_HEX_LEN];
    assert_true(sha256_hmac("Jefe", 4, TEXT("what do ya want for nothing?"), mac));
    hex_write(mac, sizeof mac, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_true(sha256_hmac(key, sizeof key,
                            TEXT("Test Using Larger Than Block-Size Key - Hash Key First"), mac));
    hex_write(mac, sizeof mac, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 4231, test case 2. */
static void codes_of_384_and_512_bits_are_those_of_the_examples(void **state)
{
    (void)state;
    static const struct {
        unsigned bits;
        const char *hex;
    } cases[] = {
        {384,
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ec"
         "fab21649"},
        {512,
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65"
         "f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char mac[SHA2_BYTES_MAX], other[SHA2_BYTES_MAX];
        size_t len = cases[i].bits / 8;
        char hex[2 * SHA2_BYTES_MAX + 1];
        assert_true(sha2_hmac(cases[i].bits, "Jefe", 4, TEXT("what do ya want for nothing?"), mac));
        hex_write(mac, len, hex);
        assert_string_equal(hex, cases[i].hex);
        memcpy(other, mac, len);
        assert_true(mac_is_equal(mac, other, len));
        other[len - 1] ^= 1;
        assert_false(mac_is_equal(mac, other, len));
    }
}

/* Signature Version 4 hashes over and over in one place. */
static void a_mac_may_be_written_over_its_key(void **state)
{
    (void)state;
    sha256_t key = {7}, mac;
    assert_true(sha256_hmac(key, sizeof key, TEXT("x"), mac));
    assert_true(sha256_hmac(key, sizeof key, TEXT("x"), key));
    assert_memory_equal(key, mac, sizeof mac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_hold),
        cmocka_unit_test(base64_is_that_of_the_hash),
        cmocka_unit_test(pieces_hash_as_the_whole_and_a_hash_starts_afresh),
        cmocka_unit_test(an_object_gives_the_same_codes_over_and_over),
        cmocka_unit_test(the_examples_of_hmac_hold),
        cmocka_unit_test(codes_of_384_and_512_bits_are_those_of_the_examples),
        cmocka_unit_test(a_mac_may_be_written_over_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
