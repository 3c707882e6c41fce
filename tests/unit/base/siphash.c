/*
 * SipHash against OpenSSL's, and what it is for: names and numbers that were chosen to meet in one
 * place of a table whose hash has no key do not meet here.
 */
#include "unit.h"

#include "base/bounds.h"
#include "base/names.h"
#include "base/siphash.h"
#include "crafted_names.h"

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static uint64_t openssl_siphash(EVP_MAC_CTX *mac, const unsigned char *bytes, size_t len)
{
    uint64_t out = 0;
    size_t out_len = 0;
    assert_int_equal(EVP_MAC_init(mac, NULL, 0, NULL), 1);
    assert_int_equal(EVP_MAC_update(mac, bytes, len), 1);
    assert_int_equal(EVP_MAC_final(mac, (unsigned char *)&out, &out_len, sizeof out), 1);
    assert_int_equal(out_len, sizeof out);
    return le64toh(out);
}

static void every_length_is_as_openssl_has_it(void **state)
{
    (void)state;
    unsigned each = 1, last = 3;
    size_t size = 8;
    struct siphash_key key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    unsigned char key_bytes[16], bytes[256];
    OSSL_PARAM params[] = {OSSL_PARAM_size_t(OSSL_MAC_PARAM_SIZE, &size),
                           OSSL_PARAM_uint(OSSL_MAC_PARAM_C_ROUNDS, &each),
                           OSSL_PARAM_uint(OSSL_MAC_PARAM_D_ROUNDS, &last), OSSL_PARAM_END};
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + 3);
    for (unsigned i = 0; i < sizeof key_bytes; i++)
        key_bytes[i] = (unsigned char)i;
    EVP_MAC *siphash_mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(siphash_mac);
    assert_int_equal(EVP_MAC_init(mac, key_bytes, sizeof key_bytes, params), 1);
    for (size_t len = 0; len <= sizeof bytes; len++)
        assert_int_equal(siphash(key, bytes, len), openssl_siphash(mac, bytes, len));
    EVP_MAC_CTX_free(mac);
    EVP_MAC_free(siphash_mac);
}

static void the_key_decides(void **state)
{
    (void)state;
    struct siphash_key process = siphash_key_of_process(), again = siphash_key_of_process();
    struct siphash_key one = siphash_key_of_seed(1), two = siphash_key_of_seed(2);
    assert_memory_equal(&process, &again, sizeof process);
    assert_true(process.words[0] && process.words[1] && process.words[0] != process.words[1]);
    assert_true(siphash(one, "a", 1) != siphash(two, "a", 1));
    assert_true(siphash(one, "a", 1) != siphash(process, "a", 1));
    assert_true(siphash_pair(one, 1, 2) != siphash_pair(one, 2, 1));
}

/* Places in a row that are full: a look-up that ends in them may have to pass them all. */
static uint32_t longest_run(const struct names *n)
{
    uint32_t longest = 0, run = 0;
    for (uint32_t i = 0; i < n->slots_len; i++) {
        run = n->slots[i] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void names_chosen_to_meet_do_not_meet(void **state)
{
    (void)state;
    struct names n;
    char name[] = CRAFTED_NAME;
    name_id id;
    assert_true(names_init(&n, NAMES_BYTES_MAX));
    for (uint32_t i = 0; i < CRAFTED_MANY; i++)
        assert_true(names_add(&n, crafted_next(name, true), &id));
    assert_int_equal(n.len, CRAFTED_MANY + 1);
    assert_int_equal(n.slots_len, CRAFTED_PLACES);
    assert_between(longest_run(&n), 1, CRAFTED_RUN_MAX);
    names_clear(&n);
}

static void pairs_are_as_their_bytes(void **state)
{
    (void)state;
    unsigned char bytes[16] = {1, [8] = 2};
    struct siphash_key key = siphash_key_of_seed(9);
    assert_int_equal(siphash_pair(key, 1, 2), siphash(key, bytes, sizeof bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_is_as_openssl_has_it),
        cmocka_unit_test(the_key_decides),
        cmocka_unit_test(pairs_are_as_their_bytes),
        cmocka_unit_test(names_chosen_to_meet_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
