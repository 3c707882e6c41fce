/*
 * Manifests made to hurt. Every one is refused, within a second, and with its reason.
 */
#include "manifest_room.h"

#include "base/bounds.h"
#include "crafted_names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Of processor time; code with sanitizers in it is several times slower. */
#if defined(__SANITIZE_ADDRESS__)
#define SECONDS_MAX 4.0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SECONDS_MAX 4.0
#endif
#endif
#ifndef SECONDS_MAX
#define SECONDS_MAX 1.0
#endif

#define TOP "version: 1\ndefaults: {region: us-east-1, mail_from: default}\n"

static void refuse_quickly(const char *path, const char *reason)
{
    struct loaded l;
    load(&l, path);
    assert_says(&l, reason);
    if (l.seconds > SECONDS_MAX * test_timeouts())
        fail_msg("took %.2f s to say: %s", l.seconds, reason);
    loaded_clear(&l);
}

/* TOP "identities: " and count times piece, then tail. */
static void repeat_write(const char *path, const char *head, const char *piece, size_t count,
                         const char *tail)
{
    struct buf b;
    buf_init(&b, 64u << 20);
    buf_add_str(&b, head);
    for (size_t i = 0; i < count; i++)
        buf_add_str(&b, piece);
    buf_add_str(&b, tail);
    assert_false(b.failed);
    file_write_bytes(path, b.at, b.len);
    buf_clear(&b);
}

static void bombs_of_repetition_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *head, *piece;
        size_t count;
        const char *tail, *reason;
    } bombs[] = {
        {TOP "identities: ", "[", 200000, "", "nested deeper than 64 levels"},
        {"", "[", 200000, "", "nested deeper than 64 levels"},
        {TOP "identities:\n  - ", "{a: ", 50000, "", "nested deeper than 64 levels"},
        {TOP "identities: ", "? ", 50000, "", "mapping keys are not allowed"},
        {TOP "identities:\n  ", "- ", 50000, "x\n", "nested deeper than 64 levels"},
        {TOP, "waves: [1]\n", 100000, "", "duplicate key waves"},
        {TOP, "colour: red\n", 90000, "", "unknown key \"colour\""},
        {TOP "identities:\n", "- a.example\n", 87000, "", "stands in x.yaml:4:3 already"},
        {TOP "identities:\n", "- {identity: a.example, behaviour_on_mx_failure: x}\n", 20000, "",
         "did you mean behavior_on_mx_failure?"},
        {TOP "identities: [a.example]\naccounts:\n", "  a:\n", 200000, "", "duplicate account"},
        {TOP "identities: [x]\ninclude:\n", "- '*'\n", 100000, "", "more than 1024 files"},
        {TOP "identities: [x]\ninclude:\n", "- nowhere/*/*.yaml\n", 50000, "", "matches no file"},
        {TOP "identities: ['", "a", 1u << 20, "']\n", "found a text of 1048576 bytes"},
        {TOP "identities:\n  - ", "a b ", 1u << 18, "\n", "found a text of 1048575 bytes"},
        {TOP "identities: |\n", "  aaaaaaaaaaaaaaaaaaa\n", 50000, "", "expected at most 4096"},
        {TOP "identities: ", "&a ", 100000, "x\n", "not valid YAML"},
        {TOP "identities: [", "*a,", 300000, "]\n", "found alias"},
        {TOP "identities: [", "!t x,", 200000, "]\n", "found tag"},
        {TOP "identities: [x]\n", "---\n", 200000, "", "found a second document"},
        {TOP "identities: [x", ",", 500000, "]\n", "not valid YAML"},
        {TOP "identities: [\"", "\\x00", 1000, "\"]\n", "control character"},
        {"", "\n", 1u << 20, "", "the file is empty"},
        {"", "# x\n", 1u << 18, "", "the file is empty"},
        {"", "%YAML 1.1\n", 100000, "", "not valid YAML"},
        {"", "a", 1u << 20, ": x\n", "not valid YAML"},
    };
    for (size_t i = 0; i < COUNT(bombs); i++) {
        repeat_write("x.yaml", bombs[i].head, bombs[i].piece, bombs[i].count, bombs[i].tail);
        refuse_quickly("x.yaml", bombs[i].reason);
    }
}

/* A chain of anchors, each of which has the one before nine times. */
static void laughs_write(const char *first, const char *link_head, const char *link_tail,
                         const char *end)
{
    struct buf b;
    buf_init(&b, 1u << 20);
    buf_add_fmt(&b, TOP "x-0: &m0 %s\n", first);
    for (int i = 1; i < 40; i++) {
        buf_add_fmt(&b, "x-%d: &m%d %s", i, i, link_head);
        for (int n = 0; n < 9; n++)
            buf_add_fmt(&b, "%s*m%d", n ? ", " : "", i - 1);
        buf_add_fmt(&b, "%s\n", link_tail);
    }
    buf_add_str(&b, end);
    file_write_bytes("x.yaml", b.at, b.len);
    buf_clear(&b);
}

static void a_billion_laughs_are_refused(void **state)
{
    (void)state;
    laughs_write("[lol]", "[", "]", "identities: *m39\n");
    refuse_quickly("x.yaml", "the aliases of this file unfold to more than ten times what stands");
    laughs_write("{region: us-east-1}", "{<<: [", "]}", "identities: [{identity: a, <<: *m39}]\n");
    refuse_quickly("x.yaml", "the aliases of this file unfold to more than ten times what stands");
    laughs_write("[]", "{a: [", "]}", "identities: [a.example]\n");
    refuse_quickly("x.yaml", "the aliases of this file unfold to more than ten times what stands");
    repeat_write("x.yaml", TOP "x-a: &a {identity: a.example, region: us-east-1}\nidentities: [",
                 "*a,", 300000, "]\n");
    refuse_quickly("x.yaml", "stands in x.yaml:3:20 already");
}

static void maps_that_merge_one_another_are_bounded(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1u << 20);
    buf_add_str(&b, TOP "x-0: &m0 {region: us-east-1}\n");
    for (int i = 1; i < 2000; i++)
        buf_add_fmt(&b, "x-%d: &m%d {<<: *m%d}\n", i, i, i - 1);
    buf_add_str(&b, "identities: [{identity: a.example, <<: *m1999}]\n");
    file_write_bytes("x.yaml", b.at, b.len);
    buf_clear(&b);
    refuse_quickly("x.yaml", "is nested in more than 64 others");
}

static void anchors_of_a_whole_fleet_cannot_be_used(void **state)
{
    struct loaded l;
    (void)state;
    repeat_write("x.yaml", TOP "x-a: &a [", "b,", 120000, "]\nidentities: *a\n");
    refuse_quickly("x.yaml", "but the anchors of this file hold more than 100000 values or 4 MB");
    repeat_write("x.yaml", TOP "x-a: &a [", "b,", 120000, "]\nidentities: [a.example]\n");
    load(&l, "x.yaml");
    assert_loads(&l); /* one that nothing uses costs nothing */
    loaded_clear(&l);
}

/* Each of another handle: libyaml compares them all with one another. */
static void a_heap_of_tag_directives_is_refused(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4u << 20);
    for (uint32_t i = 0; i < 80000; i++)
        buf_add_fmt(&b, "%%TAG !%x! x\n", i);
    buf_add_str(&b, "---\n" TOP "identities: [a.example]\n");
    assert_false(b.failed);
    file_write_bytes("x.yaml", b.at, b.len);
    refuse_quickly("x.yaml", "found more than 64 %TAG directives");
    buf_clear(&b);
}

/* A prefix of half a megabyte, which libyaml copies for each use. */
static void a_long_tag_ends_the_reading(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4u << 20);
    buf_add_str(&b, "%TAG ! ");
    for (uint32_t i = 0; i < 520000; i++)
        buf_add_char(&b, 'x');
    buf_add_str(&b, "\n---\n" TOP "identities: [");
    for (uint32_t i = 0; i < 150000; i++)
        buf_add_str(&b, "!b,");
    buf_add_str(&b, "]\n");
    assert_false(b.failed);
    file_write_bytes("x.yaml", b.at, b.len);
    refuse_quickly("x.yaml", "but tags are not allowed");
    buf_clear(&b);
}

static void bytes_that_are_no_text_are_refused_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *reason;
    } rows[] = {
#define BYTES(literal) literal, sizeof(literal) - 1
        {BYTES(TOP "identities: [a\0b]\n"), "x.yaml:3:15: found a NUL character"},
        {BYTES(TOP "identities: [\xff]\n"), "x.yaml:3:14: found byte or character 0xFF"},
        {BYTES(TOP "identities: [\xc3\xbc\xc3(]\n"), "x.yaml:3:16: "},
        {BYTES(TOP "identities: [\xed\xa0\x80]\n"), "x.yaml:3:14: "},
        {BYTES(TOP "identities: [a\x1b[31m]\n"), "x.yaml:3:15: "},
        {BYTES(TOP "identities: [\"\\e[31m\"]\n"), "control character in it"},
        {BYTES("\xff\xfev\0e\0r\0"), "x.yaml:1:1: found \"ver\""},
        {BYTES("\xfe\xff\0v\0e\0r\0"), "x.yaml:1:4: "},  /* half a unit at the end */
        {BYTES("\xff\xfev\0\0\xd8r\0"), "x.yaml:1:2: "}, /* half a surrogate pair */
        {BYTES("\xff\xfe\0\0v\0\0\0"), "x.yaml:1:1: found UTF-16 without a byte order mark"},
        {BYTES("v\0e\0r\0s\0"), "x.yaml:1:1: found UTF-16"},
        {BYTES("\0v\0e\0r\0s"), "x.yaml:1:1: found UTF-16"},
        {BYTES("\0"), "x.yaml:1:1: "},
        {BYTES("\xc3"), "x.yaml:1:1: "},
        {BYTES("\xef\xbb\xbfversion\x01"), "x.yaml:1:8: "},
        {BYTES("\xef\xbb\xbf" TOP "identities: ]"), "x.yaml:3:13: not valid YAML"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        file_write_bytes("x.yaml", rows[i].bytes, rows[i].len);
        refuse_quickly("x.yaml", rows[i].reason);
    }
}

static void complaints_beyond_the_bound_are_counted(void **state)
{
    (void)state;
    struct loaded l;
    repeat_write("x.yaml", TOP "identities:\n", "- a b\n", 5000, "");
    load(&l, "x.yaml");
    assert_int_equal(l.complaints.len, MANIFEST_COMPLAINTS_MAX);
    assert_int_equal(l.complaints.more, 5000 - MANIFEST_COMPLAINTS_MAX);
    loaded_clear(&l);
}

static void socket_make(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void only_regular_files_of_the_folder_are_included(void **state)
{
    (void)state;
    static const struct {
        const char *path, *reason;
    } rows[] = {
        {"pipe", "not a regular file"},
        {"folder", "not a regular file"},
        {"socket", "cannot be read"},
        {"link-out", "a symbolic link leads out of the manifest's folder"},
        {"link-up", "a symbolic link leads out of the manifest's folder"},
        {"link-device", "a symbolic link leads out of the manifest's folder"},
        {"link-away/hostname", "a symbolic link leads out of the manifest's folder"},
        {"link-away/*", "matches no file"},
        {"link-round", "symbolic link"},
        {"link-folder", "not a regular file"},
        {"link-self", "is read already"},
        {"link-*", "symbolic link"},
        {"x.yaml/below", "cannot be read"},
        {"../x.yaml", "has .. in it"},
        {"folder/..", "has .. in it"},
        {"/dev/zero", "is absolute"},
        {"\\0", "control character"},
        {"x.yaml", "is read already"},
        {"./x.yaml", "is read already"},
    };
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    socket_make("socket");
    assert_int_equal(symlink("/etc/hostname", "link-out"), 0);
    assert_int_equal(symlink("../../../../../../../etc/hostname", "link-up"), 0);
    assert_int_equal(symlink("/etc", "link-away"), 0);
    assert_int_equal(symlink("link-round", "link-round"), 0);
    assert_int_equal(symlink("x.yaml", "link-self"), 0);
    assert_int_equal(symlink("/dev/zero", "link-device"), 0);
    assert_int_equal(symlink("folder", "link-folder"), 0);
    file_write("good.yaml", "version: 1\nidentities: [b.example]\n");
    file_write("folder/x.yaml", "version: 1\nidentities: [c.example]\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        char manifest[256];
        snprintf(manifest, sizeof manifest, TOP "include: [\"%s\"]\n", rows[i].path);
        file_write("x.yaml", manifest);
        refuse_quickly("x.yaml", rows[i].reason);
        snprintf(manifest, sizeof manifest, TOP "identities_from: \"%s\"\n", rows[i].path);
        file_write("x.yaml", manifest);
        refuse_quickly("x.yaml", rows[i].reason);
    }
}

static void the_users_own_path_must_be_a_file_too(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    refuse_quickly("pipe", "pipe:0:0: cannot be read: it is not a regular file, but a FIFO that "
                           "nothing writes to");
    refuse_quickly("/dev/zero", "it is not a regular file");
    refuse_quickly(".", "it is not a regular file");
    static const char *const absent[][2] = {
        {"", "cannot be read: "},
        {"nowhere.yaml", "nowhere.yaml:0:0: cannot be read: "},
        {"nowhere/x.yaml", "its folder cannot be read: "},
    };
    for (size_t i = 0; i < COUNT(absent); i++) {
        char reason[128];
        snprintf(reason, sizeof reason, "%s%s", absent[i][1], strerror(ENOENT));
        refuse_quickly(absent[i][0], reason);
    }
}

static void loops_of_includes_end(void **state)
{
    (void)state;
    file_write("a.yaml", TOP "include: [b.yaml]\n");
    file_write("b.yaml", "version: 1\ninclude: [c.yaml]\n");
    file_write("c.yaml", "version: 1\ninclude: [a.yaml]\n");
    refuse_quickly("a.yaml", "c.yaml:2:11: \"a.yaml\" is read already, as a.yaml");
    assert_int_equal(link("a.yaml", "other-name.yaml"), 0);
    file_write("c.yaml", "version: 1\ninclude: [other-name.yaml]\n");
    refuse_quickly("a.yaml", "\"other-name.yaml\" is read already, as a.yaml");
}

static void a_file_that_grows_a_chain_of_includes_meets_the_bound(void **state)
{
    (void)state;
    for (int i = 0; i <= MANIFEST_INCLUDES_MAX; i++) {
        char path[32], manifest[64];
        snprintf(path, sizeof path, "%d.yaml", i);
        snprintf(manifest, sizeof manifest, "version: 1\ninclude: %d.yaml\n", i + 1);
        file_write(path, manifest);
    }
    struct loaded l;
    load(&l, "0.yaml");
    assert_int_equal(l.err, ERR_LIMIT);
    assert_true(l.seconds < SECONDS_MAX * test_timeouts());
    loaded_clear(&l);
}

static void hostile_csv_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *reason;
    } rows[] = {
        {BYTES(""), "x.csv:1:1: the file is empty"},
        {BYTES("example.com\n"), "x.csv:1:1: unknown column \"example.com\""},
        {BYTES("region\nus-east-1\n"), "x.csv:1:1: found no column identity"},
        {BYTES("identity,mail_form\n"),
         "x.csv:1:10: unknown column \"mail_form\"; did you mean mail_from?"},
        {BYTES("identity,region,identity\n"),
         "x.csv:1:17: duplicate column identity; it is column 1"},
        {BYTES("identity,dns\n"), "x.csv:1:10: unknown column \"dns\"; did you mean dns.require?"},
        {BYTES("identity,region\na.example\n"), "x.csv:2:1: found 1 fields, expected 2"},
        {BYTES("identity\na.example,b\n"), "x.csv:2:1: found 2 fields, expected 1"},
        {BYTES("identity,region\n,us-east-1\n"), "x.csv:2:1: identity: found nothing"},
        {BYTES("identity,region\r\n\xc3\xbc.example,mars\r\n"),
         "x.csv:2:11: region: found \"mars\""},
        {BYTES("identity\n\"a.example\n"), "x.csv:2:1: found no end of this quoted field"},
        {BYTES("identity\n\"a\".example\n"), "x.csv:2:4: found text after the end"},
        {BYTES("identity\na\"b.example\n"), "x.csv:2:2: found a quotation mark inside"},
        {BYTES("identity\na\0b\n"), "x.csv:2:1: found bytes that are not text"},
        {BYTES("identity\na\xff\n"), "x.csv:2:1: found bytes that are not text"},
        {BYTES("identity\ra example\r"), "x.csv:2:1: identity: found \"a example\""},
        {BYTES("identity\n\"a\nb\"\n"), "x.csv:2:1: identity: found \"a\\x0ab\""},
        {BYTES("identity\na.example\n\nA.EXAMPLE\n"), "x.csv:4:1: \"a.example\" in account"},
        {BYTES("identity\n=HYPERLINK(1)\na b\n"), "x.csv:3:1: identity: found \"a b\""},
        {BYTES("identity,accept\na.example,sandbox;nonsense\n"),
         "x.csv:2:11: accept: found \"nonsense\""},
        {BYTES("identity,region,regions\na.example,us-east-1,us-east-2\n"),
         "x.csv:2:21: found regions beside region"},
        {BYTES("identity,account\na.example,nobody\n"), "x.csv:2:11: account: found \"nobody\""},
    };
    file_write("x.yaml", TOP "identities_from: x.csv\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        file_write_bytes("x.csv", rows[i].bytes, rows[i].len);
        refuse_quickly("x.yaml", rows[i].reason);
    }
    repeat_write("x.csv", "identity\n", "a", 1u << 20, "");
    refuse_quickly("x.yaml", "x.csv:2:1: found a field of more than 4096 bytes");
    repeat_write("x.csv", "identity", ",x", 1u << 20, "");
    refuse_quickly("x.yaml", "found more than 32 columns");
    repeat_write("x.csv", "identity\n\"", "\"\"", 1u << 19, "");
    refuse_quickly("x.yaml", "x.csv:2:1: found a field of more than 4096 bytes");
}

/* Seconds of the quickest of three: what else the machine does only makes them slower. */
static double seconds_of_names(bool crafted)
{
    struct buf b;
    double best = 1e9;
    char name[] = CRAFTED_NAME;
    buf_init(&b, 4u << 20);
    buf_add_str(&b, TOP "identities:\n");
    for (uint32_t i = 0; i < CRAFTED_MANY; i++) {
        crafted_next(name, crafted);
        buf_add_fmt(&b, "- %s\n", name);
    }
    assert_false(b.failed);
    file_write_bytes("x.yaml", b.at, b.len);
    for (int i = 0; i < 3; i++) {
        struct loaded l;
        load(&l, "x.yaml");
        assert_int_equal(l.err, OK);
        assert_int_equal(l.fleet.choices_len, CRAFTED_MANY);
        best = l.seconds < best ? l.seconds : best;
        loaded_clear(&l);
    }
    buf_clear(&b);
    return best;
}

/* Hash flooding. Without a key these names took 30 times as long as others. */
static void names_chosen_to_meet_take_no_longer_than_others(void **state)
{
    (void)state;
    double plain = seconds_of_names(false), crafted = seconds_of_names(true);
    if (crafted > 2 * plain)
        fail_msg("%.3f s for crafted names, %.3f s for others", crafted, plain);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, set_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bombs_of_repetition_are_refused),
        TEST(a_billion_laughs_are_refused),
        TEST(maps_that_merge_one_another_are_bounded),
        TEST(anchors_of_a_whole_fleet_cannot_be_used),
        TEST(a_heap_of_tag_directives_is_refused),
        TEST(a_long_tag_ends_the_reading),
        TEST(bytes_that_are_no_text_are_refused_at_their_place),
        TEST(complaints_beyond_the_bound_are_counted),
        TEST(only_regular_files_of_the_folder_are_included),
        TEST(the_users_own_path_must_be_a_file_too),
        TEST(loops_of_includes_end),
        TEST(a_file_that_grows_a_chain_of_includes_meets_the_bound),
        TEST(hostile_csv_is_refused_at_its_place),
        TEST(names_chosen_to_meet_take_no_longer_than_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
