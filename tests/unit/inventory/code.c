/* Names in infrastructure code: identifiers, one for each identity and lane, whatever these are. */
#include "unit.h"

#include "inventory/discover_code.h"

#include "base/bounds.h"

#define LEN_MAX 5

static const char letters[] = {'a', 'b', '1', '.', '-', '_', '@', 'A'};

/* All texts of up to LEN_MAX letters. */
struct every_name {
    char (*names)[LEN_MAX + 1];
    size_t len;
};

static struct every_name every_name(void)
{
    struct every_name all = {NULL, 0};
    size_t count = 1;
    for (int len = 1; len <= LEN_MAX; len++)
        count = count * COUNT(letters) + 1;
    all.names = calloc(count, sizeof *all.names);
    assert_non_null(all.names);
    for (size_t len = 1, of_len = COUNT(letters); len <= LEN_MAX; len++, of_len *= COUNT(letters))
        for (size_t i = 0; i < of_len; i++) {
            size_t rest = i;
            for (size_t at = 0; at < len; at++, rest /= COUNT(letters))
                all.names[all.len][at] = letters[rest % COUNT(letters)];
            all.len++;
        }
    return all;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void all_differ(char **made, size_t len)
{
    qsort(made, len, sizeof *made, by_text);
    for (size_t i = 1; i < len; i++)
        if (strcmp(made[i - 1], made[i]) == 0)
            fail_msg("\"%s\" is made twice", made[i]);
    for (size_t i = 0; i < len; i++)
        free(made[i]);
    free(made);
}

typedef void namer(struct buf *out, struct text identity);

static char *made_by(namer *name, const char *identity)
{
    struct buf out;
    buf_init(&out, NAME_LEN_MAX);
    name(&out, text_of(identity));
    assert_false(out.failed);
    char *made = strdup(out.at);
    buf_clear(&out);
    return made;
}

static void each_has_its_own(namer *name, const char *first, const char *others)
{
    struct every_name all = every_name();
    char **made = calloc(all.len, sizeof *made);
    assert_non_null(made);
    for (size_t i = 0; i < all.len; i++) {
        made[i] = made_by(name, all.names[i]);
        if (!strchr(first, made[i][0]) || made[i][strspn(made[i], others)])
            fail_msg("\"%s\" of \"%s\"", made[i], all.names[i]);
    }
    all_differ(made, all.len);
    free(all.names);
}

#define SMALL   "abcdefghijklmnopqrstuvwxyz"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static void every_identity_has_a_label_of_its_own(void **state)
{
    (void)state;
    each_has_its_own(code_label_add, SMALL "_", SMALL DIGITS "_-");
}

static void every_identity_has_a_logical_id_of_its_own(void **state)
{
    (void)state;
    each_has_its_own(code_logical_id_add, SMALL CAPITAL DIGITS, SMALL CAPITAL DIGITS);
}

static void usual_names_are_read_at_a_glance(void **state)
{
    const struct {
        const char *identity, *label, *logical_id;
    } rows[] = {
        {"shop.example.com", "shop_example_com", "ShopExampleCom"},
        {"info@example.com", "info__example_com", "InfoExampleComZZbc8b36ea33d41cfbff4dc4c4"},
        {"my-shop.example", "my-shop_example", "MyShopExampleZZ8a1bc4fc7ed59fa4a9a0b2fa"},
        {"1und1.example", "_1und1_example", "1und1ExampleZZ000000000000000000000000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *label = made_by(code_label_add, rows[i].identity);
        char *id = made_by(code_logical_id_add, rows[i].identity);
        assert_string_equal(label, rows[i].label);
        size_t mark = strcspn(id, "Z");
        assert_memory_equal(id, rows[i].logical_id, mark);
        assert_int_equal(strlen(id), strlen(rows[i].logical_id));
        free(label);
        free(id);
    }
}

static void the_longest_names_stay_short(void **state)
{
    char name[NAME_LEN_MAX + 1];
    (void)state;
    memset(name, 'x', NAME_LEN_MAX);
    name[NAME_LEN_MAX] = '\0';
    char *label = made_by(code_label_add, name), *id = made_by(code_logical_id_add, name);
    assert_between(strlen(label), 1, 200);
    assert_between(strlen(id), 1, 64);
    free(label);
    free(id);
}

/* ---- lanes ---- */

static void lanes_and_labels_together_are_one_name(void **state)
{
    static const char *const accounts[] = {"a",    "a-b", "a_b",       "a__b",       "a_",
                                           "A",    "a.b", "1a",        "_1a",        "é",
                                           "a\"b", "..",  "us-east-1", "a_us-east-1"};
    static const char *const identities[] = {"x.ex", "1.ex", "_1.ex", "us-east-1.x", "x@ex", "X"};
    static const char *const regions[] = {"us-east-1", "eu-west-1"};
    char **made = calloc(COUNT(accounts) * COUNT(identities) * COUNT(regions), sizeof *made);
    struct discover d = {0};
    size_t len = 0;
    (void)state;
    assert_non_null(made);
    fleet_init(&d.fleet);
    assert_true(names_init(&d.fleet.names, 1u << 20));
    for (size_t a = 0; a < COUNT(accounts); a++) {
        struct account account = {0};
        uint16_t index, lane;
        assert_true(names_add(&d.fleet.names, text_of(accounts[a]), &account.name));
        assert_true(fleet_account(&d.fleet, account, &index));
        for (size_t r = 0; r < COUNT(regions); r++) {
            name_id region;
            assert_true(names_add(&d.fleet.names, text_of(regions[r]), &region));
            assert_true(fleet_lane(&d.fleet, index, region, &lane));
            for (size_t i = 0; i < COUNT(identities); i++) {
                struct buf out;
                buf_init(&out, NAME_LEN_MAX);
                code_lane_add(&out, &d, lane);
                assert_int_equal(strspn(out.at, SMALL DIGITS "_-"), out.len);
                assert_false(char_is_digit(out.at[0]) || out.at[0] == '-');
                buf_add_str(&out, "__");
                code_label_add(&out, text_of(identities[i]));
                made[len++] = strdup(out.at);
                buf_clear(&out);
            }
        }
    }
    all_differ(made, len);
    fleet_clear(&d.fleet);
}

/* ---- which identities ---- */

static void a_resource_is_what_has_a_custom_mail_from(void **state)
{
    const struct {
        const char *identity, *mail_from;
        unsigned known;
        enum code_how how;
    } rows[] = {
        {"a.example", "em.a.example", KNOWN_MAIL_FROM, CODE_RESOURCE},
        {"A@a.example", "em.a.example", KNOWN_MAIL_FROM, CODE_RESOURCE},
        {"b\xc3\xbc.example", "em.a.example", KNOWN_MAIL_FROM, CODE_RESOURCE},
        {"a.example", "", KNOWN_MAIL_FROM, CODE_DEFAULT},
        {"a.example", "", KNOWN_VERIFICATION, CODE_UNREAD},
        {"bu\xcc\x88.example", "em.a.example", KNOWN_MAIL_FROM, CODE_UNFIT},
        {"\xff.example", "em.a.example", KNOWN_MAIL_FROM, CODE_UNFIT},
        {"a.example", "em\n.a.example", KNOWN_MAIL_FROM, CODE_UNFIT},
        {"a\x7f.example", "em.a.example", KNOWN_MAIL_FROM, CODE_UNFIT},
        {"x{{resolve:ssm:a}}", "em.a.example", KNOWN_MAIL_FROM, CODE_UNFIT},
        {"a@eu-west-1", "em.a.example", KNOWN_MAIL_FROM, CODE_UNFIT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct inventory_row row = {.identity = text_of(rows[i].identity),
                                          .mail_from = text_of(rows[i].mail_from),
                                          .known = (uint8_t)rows[i].known};
        const struct found found = {.row = &row};
        if (code_how(&found) != rows[i].how)
            fail_msg("%s is %d", rows[i].identity, (int)code_how(&found));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_identity_has_a_label_of_its_own),
        cmocka_unit_test(every_identity_has_a_logical_id_of_its_own),
        cmocka_unit_test(usual_names_are_read_at_a_glance),
        cmocka_unit_test(the_longest_names_stay_short),
        cmocka_unit_test(lanes_and_labels_together_are_one_name),
        cmocka_unit_test(a_resource_is_what_has_a_custom_mail_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
