/* What files may be besides text in UTF-8 with commas: dialects of CSV, UTF-16, pipes, links. */
#include "manifest_room.h"

#include <fcntl.h>

#define TOP                                                                                        \
    "version: 1\n"                                                                                 \
    "defaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\n"

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct dialect {
    const char *title, *bytes;
    size_t len;
    uint32_t identities;
    const char *second_region; /* of the last row; NULL: not looked at */
} dialects[] = {
    {"semicolons", BYTES("identity;region\na.example;us-east-1\nb.example;eu-west-1\n"), 2,
     "eu-west-1"},
    {"tabs", BYTES("identity\tregion\r\na.example\teu-west-1\r\n"), 1, "eu-west-1"},
    {"bars", BYTES("identity|region\na.example|eu-west-1\n"), 1, "eu-west-1"},
    {"a line sep=", BYTES("sep=;\r\nidentity;region\r\na.example;eu-west-1\r\n"), 1, "eu-west-1"},
    {"a line SEP= with a mark before it", BYTES("\xef\xbb\xbfSEP=\t\nidentity\na.example\n"), 1,
     NULL},
    {"a quoted line sep=", BYTES("\"sep=,\"\nidentity,region\na.example,eu-west-1\n"), 1,
     "eu-west-1"},
    {"a separator that only sep= knows", BYTES("sep=:\nidentity:region\na.example:eu-west-1\n"), 1,
     "eu-west-1"},
    {"a line sep= with empty fields after it",
     BYTES("sep=;;;\r\nidentity;region;\r\na.example;eu-west-1;\r\n"), 1, "eu-west-1"},
    {"a line sep= as a field with others after it",
     BYTES("\"sep=;\";;\nidentity;region;\na.example;eu-west-1;\n"), 1, "eu-west-1"},
    {"rows of separators before the header",
     BYTES(",,,\n\r\n  \nidentity,region,,\na.example,eu-west-1,,\n"), 1, "eu-west-1"},
    {"a blank line after a line sep=", BYTES("sep=;\n\nidentity;region\na.example;eu-west-1\n"), 1,
     "eu-west-1"},
    {"CR alone ends lines", BYTES("identity,region\ra.example,us-east-1\rb.example,eu-west-1"), 2,
     "eu-west-1"},
    {"a list in a field of the same separator",
     BYTES("identity;regions\na.example;\"us-east-1;eu-west-1\"\n"), 2, "eu-west-1"},
    {"names in capitals with blanks", BYTES(" Identity ,REGION, Mail_From\na.example,eu-west-1,\n"),
     1, "eu-west-1"},
    {"DNS keys in capitals", BYTES("IDENTITY,DNS.Require\na.example,mx\n"), 1, NULL},
    {"blanks around values", BYTES("identity,region\n a.example ,\teu-west-1 \n"), 1, "eu-west-1"},
    {"columns that are empty", BYTES("identity,region,,,\na.example,eu-west-1,,,\n"), 1,
     "eu-west-1"},
    {"more empty fields than columns", BYTES("identity,region\na.example,eu-west-1,,,,\n"), 1,
     "eu-west-1"},
    {"rows of separators", BYTES("identity,region\n,,\na.example,eu-west-1\n , \n,,,,,\n\n"), 1,
     "eu-west-1"},
    {"a column without a name that has values",
     BYTES("identity,,region\na.example,note,eu-west-1\n"), 1, "eu-west-1"},
    {"UTF-16, little end first",
     BYTES("\xff\xfei\0d\0e\0n\0t\0i\0t\0y\0\n\0b\0\xfc\0c\0.\0d\0e\0\n\0"), 1, NULL},
    {"UTF-16, big end first", BYTES("\xfe\xff\0i\0d\0e\0n\0t\0i\0t\0y\0\n\0a\0.\0d\0e\0\n"), 1,
     NULL},
};

static void dialects_of_spreadsheets_are_read(void **state)
{
    (void)state;
    file_write("x.yaml", TOP "identities_from: x.csv\n");
    for (size_t i = 0; i < COUNT(dialects); i++) {
        const struct dialect *d = &dialects[i];
        struct loaded l;
        file_write_bytes("x.csv", d->bytes, d->len);
        load(&l, "x.yaml");
        if (l.err != OK || l.fleet.choices_len != d->identities)
            fail_msg("%s: %u rows; " TEXT_FMT, d->title, l.fleet.choices_len,
                     TEXT_ARG(buf_text(&l.said)));
        if (d->second_region)
            assert_text(fleet_region(&l.fleet, d->identities - 1), text_of(d->second_region));
        loaded_clear(&l);
    }
}

static const struct refusal {
    const char *bytes;
    size_t len;
    const char *says;
} refusals[] = {
    {BYTES("identity,region\ra.example,us-east-1\rb.example,mars\r"), "x.csv:3:11: region"},
    {BYTES("identity,region\r\na.example,us-east-1\r\n\r\nb.example,mars\r\n"),
     "x.csv:4:11: region"},
    {BYTES("sep=;\nidentity;region\na.example;mars\n"), "x.csv:3:11: region"},
    {BYTES("identity;region\na.example;us-east-1;x\n"), "x.csv:2:1: found 3 fields, expected 2"},
    {BYTES("identity;colour\n"), "x.csv:1:10: unknown column \"colour\""},
    {BYTES("Identity,Mail_Form\n"), "did you mean mail_from?"},
    {BYTES("identity\nb\xfc.example\n"), "x.csv:2:1: found bytes that are not text in UTF-8"},
    {BYTES("\xff\xfei\0d\0e\0n\0t\0i\0t\0y\0\n\0a\0\0\xd8\n\0"), "x.csv:2:1: found bytes"},
    {BYTES("PK\3\4..[Content_Types].xml...xl/workbook.xml"), "an Excel workbook (.xlsx): save"},
    {BYTES("PK\3\4..mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "(.ods): save the"},
    {BYTES("PK\3\4..Index/Document.iwa"), "a Numbers spreadsheet"},
    {BYTES("PK\3\4..fleet.csv"), "is a ZIP archive: unpack it"},
    {BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1......"), "an old Excel workbook (.xls): save"},
    {BYTES("\x1f\x8b\x08...."), "is compressed by gzip"},
};

static void what_is_no_csv_is_named(void **state)
{
    (void)state;
    file_write("x.yaml", TOP "identities_from: x.csv\n");
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct loaded l;
        file_write_bytes("x.csv", refusals[i].bytes, refusals[i].len);
        load(&l, "x.yaml");
        assert_says(&l, refusals[i].says);
        loaded_clear(&l);
    }
}

static void a_spreadsheet_in_the_place_of_a_manifest_is_named(void **state)
{
    struct loaded l;
    (void)state;
    file_write_bytes("f.xlsx", BYTES("PK\3\4..[Content_Types].xml...xl/workbook.xml"));
    load(&l, "f.xlsx");
    assert_says(&l,
                "an Excel workbook (.xlsx): save the sheet as CSV (UTF-8) and name that file in "
                "identities_from");
    loaded_clear(&l);
    file_write("f.csv", "Identity;region\na.example;us-east-1\n");
    load(&l, "f.csv");
    assert_says(&l, "name it in identities_from of a manifest");
    loaded_clear(&l);
}

/* The names of members at the end of an archive, far from its first ones. */
static void a_large_workbook_is_known_by_its_end(void **state)
{
    static char bytes[300000];
    struct loaded l;
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "PK\3\4", 4);
    memcpy(bytes + sizeof bytes - 100, "xl/workbook.xml", 15);
    file_write("x.yaml", TOP "identities_from: x.csv\n");
    file_write_bytes("x.csv", bytes, sizeof bytes);
    load(&l, "x.yaml");
    assert_says(&l, "an Excel workbook");
    loaded_clear(&l);
}

static void a_manifest_in_utf16_is_read_by_its_mark(void **state)
{
    static const char text[] = TOP "identities: [a.example, b.example]\n";
    char wide[2 * sizeof text];
    struct loaded l;
    (void)state;
    for (int big = 0; big < 2; big++) {
        memcpy(wide, big ? "\xfe\xff" : "\xff\xfe", 2);
        for (size_t i = 0; i + 1 < sizeof text; i++) {
            wide[2 + 2 * i + (big ? 1 : 0)] = text[i];
            wide[2 + 2 * i + (big ? 0 : 1)] = '\0';
        }
        file_write_bytes("wide.yaml", wide, 2 * sizeof text);
        load(&l, "wide.yaml");
        assert_loads(&l);
        assert_int_equal(l.fleet.choices_len, 2);
        loaded_clear(&l);
    }
}

static void no_identities_are_said_unless_they_are_meant(void **state)
{
    static const struct {
        const char *manifest, *csv, *says;
    } rows[] = {
        {TOP "identities: []\n", "", "x.yaml:0:0: found no identities at all"},
        {TOP "identities_from: x.csv\n", "identity,region\n",
         "x.csv:2:1: found a header line and no"},
        {TOP "identities_from: x.csv\n", "identity\n,\n\n",
         "x.csv:4:1: found a header line and no"},
        {TOP "identities: [a.example]\nidentities_from: x.csv\n", "identity", "x.csv:1:1: found a"},
        {TOP "include: [y.yaml]\n", "", "x.yaml:0:0: found no identities at all"},
    };
    const char *path = "x.yaml";
    (void)state;
    file_write("y.yaml", "version: 1\nidentities: []\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct loaded l;
        file_write("x.yaml", rows[i].manifest);
        file_write("x.csv", rows[i].csv);
        load(&l, path);
        assert_says(&l, rows[i].says);
        assert_int_equal(l.complaints.len, 1);
        loaded_clear(&l);
        load_by(&l, (struct manifest_options){.allow_empty = true}, &path, 1);
        assert_loads(&l);
        loaded_clear(&l);
    }
}

/* --- pipes ------------------------------------------------------------------------------------ */

/* A path that leads to a pipe with the text in it, as <(command) is. */
static int pipe_of(const char *text, char path[32])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    snprintf(path, 32, "/dev/fd/%d", ends[0]);
    return ends[0];
}

static void a_pipe_is_read_like_a_file(void **state)
{
    char path[32];
    struct loaded l;
    (void)state;
    int fd = pipe_of(TOP "identities: [a.example, b.example]\n", path);
    load(&l, path);
    assert_loads(&l);
    assert_int_equal(l.fleet.choices_len, 2);
    loaded_clear(&l);
    close(fd);
    fd = pipe_of(TOP "identities: [a.example]\ncolour: red\n", path);
    load(&l, path);
    assert_says(&l, ":4:1: unknown key");
    loaded_clear(&l);
    close(fd);
}

static void a_pipe_has_no_folder_to_include_from(void **state)
{
    char path[32];
    struct loaded l;
    (void)state;
    file_write("x.yaml", "version: 1\n");
    int fd =
        pipe_of(TOP "identities: [a.example]\ninclude: [x.yaml]\nidentities_from: x.csv\n", path);
    load(&l, path);
    assert_says(&l, ":4:11: the path \"x.yaml\" cannot be found from a manifest that comes through "
                    "a pipe");
    assert_int_equal(l.complaints.len, 2);
    loaded_clear(&l);
    close(fd);
}

static void standard_input_is_a_dash(void **state)
{
    char path[32];
    struct loaded l;
    (void)state;
    int kept = dup(STDIN_FILENO), fd = pipe_of(TOP "identities: [a.example]\nx: 1\n", path);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    load(&l, "-");
    assert_says(&l, "-:4:1: unknown key");
    loaded_clear(&l);
    close(fd);
    fd = open("x.yaml", O_RDWR | O_CREAT | O_TRUNC, 0600); /* a file that is redirected */
    assert_int_equal(dprintf(fd, TOP "identities: [a.example]\n"), (int)strlen(TOP) + 24);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    load(&l, "-");
    assert_loads(&l);
    loaded_clear(&l);
    close(fd);
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
}

/* --- links ------------------------------------------------------------------------------------ */

/* Kubernetes mounts a ConfigMap so, and swaps ..data when it changes. */
static void a_mounted_config_map_is_read(void **state)
{
    struct loaded l;
    (void)state;
    assert_int_equal(mkdir("cm", 0700) | mkdir("cm/..2026_11", 0700), 0);
    assert_int_equal(mkdir("cm/..2026_11/teams", 0700), 0);
    file_write("cm/..2026_11/fleet.yaml",
               TOP "include: ['*-team.yaml', teams/*.yaml]\nidentities_from: ids.csv\n");
    file_write("cm/..2026_11/a-team.yaml", "version: 1\nidentities: [a.example]\n");
    file_write("cm/..2026_11/teams/b.yaml", "version: 1\nidentities: [b.example]\n");
    file_write("cm/..2026_11/ids.csv", "identity\nc.example\n");
    assert_int_equal(symlink("..2026_11", "cm/..data"), 0);
    static const char *const names[] = {"fleet.yaml", "a-team.yaml", "teams", "ids.csv"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char from[64], to[64];
        snprintf(from, sizeof from, "..data/%s", names[i]);
        snprintf(to, sizeof to, "cm/%s", names[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    load(&l, "cm/fleet.yaml");
    assert_loads(&l);
    assert_int_equal(l.fleet.choices_len, 3);
    loaded_clear(&l);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, set_down)
    const struct CMUnitTest tests[] = {
        TEST(dialects_of_spreadsheets_are_read),
        TEST(what_is_no_csv_is_named),
        TEST(a_spreadsheet_in_the_place_of_a_manifest_is_named),
        TEST(a_large_workbook_is_known_by_its_end),
        TEST(a_manifest_in_utf16_is_read_by_its_mark),
        TEST(no_identities_are_said_unless_they_are_meant),
        TEST(a_pipe_is_read_like_a_file),
        TEST(a_pipe_has_no_folder_to_include_from),
        TEST(standard_input_is_a_dash),
        TEST(a_mounted_config_map_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
