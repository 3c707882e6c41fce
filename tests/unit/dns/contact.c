/*
 * The mailbox of an SOA as an address that a person can write to, whatever a zone says.
 */
#include "unit.h"

#include "dns/zone.h"

static void assert_contact(const char *mailbox, const char *owner, enum dns_section section,
                           const char *want)
{
    struct arena arena;
    struct dns_record soa = {.owner = text_of(owner),
                             .type = DNS_TYPE_SOA,
                             .section = (uint8_t)section,
                             .mailbox = text_of(mailbox)};
    const struct dns_message m = {.records = &soa, .records_len = 1};
    arena_init(&arena, 1 << 16);
    struct text contact = zone_contact(&m, TEXT("bounce.shop.example"), &arena);
    assert_text(contact, text_of(want));
    arena_clear(&arena);
}

static void the_first_label_is_the_local_part(void **state)
{
    static const struct {
        const char *mailbox, *contact;
    } rows[] = {
        {"hostmaster.shop.example", "hostmaster@shop.example"},
        {"dns\\.admin.shop.example", "dns.admin@shop.example"},
        {"a+b_c.shop.example", "a+b_c@shop.example"},
        {"", ""},
        {"hostmaster", ""},
        {".shop.example", ""},
        {"hostmaster.", ""},
        {"hostmaster.example", ""}, /* no domain that mail could go to */
        {"\\.x.shop.example", ""},  /* a dot at an end of a local part */
        {"x\\..shop.example", ""},
        {"a\\010bcc:b.shop.example", ""},
        {"a\\\\b.shop.example", ""},
        {"a\"b.shop.example", ""},
        {"a,b.shop.example", ""},
        {"a@b.shop.example", ""},
        {"a.b\\010.shop.example", ""},
        {"a.-x.example", ""},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.shop.example", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_contact(rows[i].mailbox, "shop.example", DNS_AUTHORITY, rows[i].contact);
}

static void only_the_soa_of_a_denial_counts(void **state)
{
    (void)state;
    assert_contact("h.other.example", "other.example", DNS_AUTHORITY, "");
    assert_contact("h.shop.example", "shop.example", DNS_ANSWER, "");
    assert_contact("h.shop.example", "bounce.shop.example", DNS_AUTHORITY, "h@shop.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_label_is_the_local_part),
        cmocka_unit_test(only_the_soa_of_a_denial_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
