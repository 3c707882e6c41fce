/* What comes in pieces is read as what comes whole: bytes, XML, gzip, reports. */
#include "unit.h"

#include "evidence/gunzip.h"
#include "evidence/report_bytes.h"
#include "evidence/report_reader.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "xml/xml_stream.h"

#include <stdio.h>
#include <zlib.h>

static struct text mended(struct text whole, size_t piece, struct buf *out)
{
    struct report_bytes b;
    report_bytes_init(&b);
    report_bytes_begin(&b);
    buf_reset(out);
    for (size_t at = 0; at < whole.len; at += piece)
        buf_add_text(out, report_bytes_mend(&b, text_slice(whole, at, at + piece)));
    buf_add_text(out, report_bytes_end(&b));
    report_bytes_clear(&b);
    return buf_text(out);
}

static void bytes_that_are_no_utf8_become_question_marks(void **state)
{
    (void)state;
    static const struct {
        const char *given, *want;
    } rows[] = {
        {"plain\r\n\t", "plain\r\n\t"},
        {"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80", "\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"},
        {"a\x91 b\xff", "a? b?"},
        {"\xc3(", "?("},
        {"\xe6\x97(", "?\?("},
        {"\xed\xa0\x80", "???"},        /* half of a pair of UTF-16 */
        {"\xef\xbf\xbe", "???"},        /* U+FFFE, which XML has not */
        {"\xc0\xaf \xf5\x80", "?? ??"}, /* too long, and too far */
        {"\x01\x1b[0m", "??[0m"},
        {"x\xf0\x9f\x98", "x?"}, /* breaks off */
        {"&amp;&lt;&gt;&quot;&apos;&#65;&#x41;&#x10FFFF;",
         "&amp;&lt;&gt;&quot;&apos;&#65;&#x41;&#x10FFFF;"},
        {"a&#1;b&#x1b;[31m", "a?#1;b?#x1b;[31m"}, /* characters that XML does not allow */
        {"&#xFFFE;&#xD800;&#0;&#x110000;", "?#xFFFE;?#xD800;?#0;?#x110000;"},
        {"&#99999999999;&#x000000000000041;", "?#99999999999;?#x000000000000041;"},
        {"&nbsp;AT&T & &;&#;&#x;&#xg;&am", "?nbsp;AT?T ? ?;?#;?#x;?#xg;?"},
        {"<a>x]]>y]]]>z]]</a>", "<a>x]]?y]]]?z]]</a>"},
        {"<![CDATA[x]]]>&#1;<b/>]]>", "<![CDATA[x]]]>?#1;<b/>]]?"},
        {"<![CDATA[&nbsp;<!--]]>&nbsp;", "<![CDATA[&nbsp;<!--]]>?nbsp;"},
        {"<!-- &nbsp; ]]> <![CDATA[ --->&nbsp;", "<!-- &nbsp; ]]> <![CDATA[ --->?nbsp;"},
        {"<?pi &nbsp;]]> ?\?>&nbsp;!--&nbsp;<!x &nbsp;",
         "<?pi &nbsp;]]> ?\?>?nbsp;!--?nbsp;<!x ?nbsp;"},
        {"<![CDATA[\x01\x91]]>", "<![CDATA[?\?]]>"},
    };
    struct buf out;
    buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 2; piece < 12; piece++) /* the first two bytes tell UTF-16 */
            assert_text(mended(text_of(rows[i].given), piece, &out), text_of(rows[i].want));
    buf_clear(&out);
}

static void other_encodings_become_utf8(void **state)
{
    (void)state;
    static const struct {
        struct text given;
        const char *want;
    } rows[] = {
        {{"\xff\xfe<\0", 4}, "\xef\xbb\xbf<"},
        {{"\xfe\xff\0<", 4}, "\xef\xbb\xbf<"},
        {{"<\0\xe9\0\xac\x20\x3d\xd8\x00\xde", 10}, "<\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {{"\0<\0\xe9\x20\xac\xd8\x3d\xde\x00", 10}, "<\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {{"<\0\x01\0\x00\xd8y\0\x00\xdc\xfe\xff", 12}, "<?\?y?\?\?\?"},
        {{"<\0&\0#\0\x31\0;\0\x00\xd8", 12}, "<?#1;?"},
        {{"<\0a\0b", 5}, "<a?"}, /* breaks off */
        {{"<?xml encoding = 'iso-8859-1' ?>\xe9\x01\x85]]>", 38},
         "<?xml encoding = 'iso-8859-1' ?>\xc3\xa9?\xc2\x85]]?"},
        {{"<?xml encoding='iso-8859-15'?>\xe9", 31}, "<?xml encoding='iso-8859-15'?>\xe9"},
        {{"<?xml encoding=\"UTF-8\"?>\xe9", 25}, "<?xml encoding=\"UTF-8\"?>?"},
    };
    struct buf out;
    buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_text(mended(rows[i].given, 1000, &out), text_of(rows[i].want));
        for (size_t piece = 2; rows[i].given.at[1] == '\0' && piece < 9; piece++)
            assert_text(mended(rows[i].given, piece, &out), text_of(rows[i].want));
    }
    buf_clear(&out);
}

/* ---- reports ---- */

static const char HEAD[] =
    "\xef\xbb\xbf \n<?xml "
    "version=\"1.0\"?>\n<feedback><report_metadata><org_name>Soci\xc3\xa9t\xc3\xa9 "
    "&amp; <![CDATA[<o>]]></org_name><report_id>1</report_id><date_range><begin>1779235200</begin>"
    "<end>1779321599</end></date_range></report_metadata><policy_published><domain>b\xc3\xbc"
    "cher.example</domain></policy_published>";
static const char RECORD[] =
    "<record><row><source_ip>192.0.2.1</source_ip><count>17</count><policy_evaluated><dkim>pass"
    "</dkim></policy_evaluated></row><identifiers><header_from>a.b\xff.example</header_from>"
    "</identifiers><auth_results><dkim><domain>d.example</domain><selector>s</selector></dkim>"
    "<spf><domain>h.example</domain><scope>helo</scope></spf></auth_results></record>";

static enum err read_in_pieces(struct report_reader *r, struct text whole, size_t piece,
                               struct why *why)
{
    enum err err = report_reader_begin(r, why);
    for (size_t at = 0; at < whole.len && err == OK; at += piece)
        err = report_reader_add(r, text_slice(whole, at, at + piece), why);
    return err == OK ? report_reader_end(r, why) : err;
}

static void a_report_in_pieces_is_the_report(void **state)
{
    (void)state;
    struct report_reader *r = report_reader_new(0);
    struct aggregate_report head;
    struct aggregate_row row;
    struct why why = {""};
    struct buf whole;
    buf_init(&whole, 10000);
    buf_add_str(&whole, HEAD);
    buf_add_str(&whole, RECORD);
    buf_add_str(&whole, "</feedback>\n");
    for (size_t piece = 1; piece <= whole.len; piece += piece < 20 ? 1 : 97) {
        if (piece == 1)
            continue; /* a mark of one byte at a time is not told from UTF-16 */
        if (read_in_pieces(r, buf_text(&whole), piece, &why) != OK)
            fail_msg("in pieces of %zu: %s", piece, why.text);
        assert_int_equal(report_reader_rows(r), 1);
        report_reader_head(r, &head);
        report_reader_row(r, 0, &row);
        assert_text(head.reporter, TEXT("Soci\xc3\xa9t\xc3\xa9 & <o>"));
        assert_text(head.domain, TEXT("xn--bcher-kva.example"));
        assert_text(row.header_from, head.domain); /* a.b?.example is none */
        assert_text(row.dkim[0].domain, TEXT("d.example"));
        assert_true(row.messages == 17 && row.dkim_aligned && !row.spf_aligned && row.spf_is_helo);
    }
    buf_clear(&whole);
    report_reader_free(r);
}

static void a_cut_report_is_never_whole(void **state)
{
    (void)state;
    struct report_reader *r = report_reader_new(0);
    struct buf whole;
    buf_init(&whole, 10000);
    buf_add_str(&whole, HEAD);
    buf_add_str(&whole, RECORD);
    buf_add_str(&whole, "</feedback>");
    for (size_t len = 0; len < whole.len; len++) {
        struct why why = {""};
        assert_int_not_equal(read_in_pieces(r, text_slice(buf_text(&whole), 0, len), 4096, &why),
                             OK);
        assert_true(char_is_digit(why.text[0]) && strchr(why.text, ':'));
    }
    buf_clear(&whole);
    report_reader_free(r);
}

/* ---- XML ---- */

static bool any_start(void *user, struct text space, struct text name)
{
    (void)user, (void)space, (void)name;
    return true;
}

static void any_end(void *user, struct text content)
{
    (void)user, (void)content;
}

static enum err xml_in_pieces(const char *head, char filler, size_t fillers, struct why *why)
{
    const struct xml_events events = {.start = any_start, .end = any_end};
    struct xml_stream *x = xml_stream_new(&events, 1000);
    char many[4096];
    memset(many, filler, sizeof many);
    enum err err = xml_stream_add(x, text_of(head), why);
    for (size_t at = 0; at < fillers && err == OK; at += sizeof many)
        err = xml_stream_add(x, (struct text){many, sizeof many}, why);
    xml_stream_free(x);
    return err;
}

static void a_tag_or_a_comment_has_a_bound(void **state)
{
    (void)state;
    static const char *const heads[] = {"<", "<a b='", "<a><!--", "<a><?x ", "<a></a", "<!--"};
    for (size_t i = 0; i < COUNT(heads); i++) {
        struct why why = {""};
        assert_int_equal(xml_in_pieces(heads[i], 'x', XML_PENDING_MAX / 4, &why), OK);
        assert_int_equal(xml_in_pieces(heads[i], 'x', (size_t)XML_PENDING_MAX * 4, &why),
                         ERR_LIMIT);
    }
    struct why why = {""};
    assert_int_equal(xml_in_pieces("<a>", ' ', 10u << 20, &why), OK);
    assert_int_equal(xml_in_pieces("<a>", 'x', 10u << 20, &why), ERR_LIMIT);
}

/* ---- gzip ---- */

struct unpacked {
    struct buf bytes;
    size_t enough;
};

static bool unpacked_piece(void *ctx, struct text bytes)
{
    struct unpacked *u = ctx;
    buf_add_text(&u->bytes, bytes);
    return u->bytes.len < u->enough;
}

static size_t gzip(struct text bytes, unsigned char *out, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)bytes.at;
    z.avail_in = (unsigned)bytes.len;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void gzip_in_pieces_is_gzip(void **state)
{
    (void)state;
    static char large[300000];
    static unsigned char packed[400000];
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)(dice(&seed) & 15);
    size_t len = gzip((struct text){large, sizeof large}, packed, sizeof packed);
    len += gzip(TEXT("second"), packed + len, sizeof packed - len);
    for (size_t piece = 1; piece < len; piece = piece * 5 + 1) {
        struct unpacked u = {.enough = SIZE_MAX};
        struct why why = {""};
        buf_init(&u.bytes, 1u << 20);
        struct gunzip *g = gunzip_new(unpacked_piece, &u);
        for (size_t at = 0; at < len; at += piece)
            assert_int_equal(
                gunzip_add(g, text_slice((struct text){(char *)packed, len}, at, at + piece), &why),
                OK);
        assert_int_equal(gunzip_end(g, &why), OK);
        assert_int_equal(u.bytes.len, sizeof large + 6);
        assert_memory_equal(u.bytes.at, large, sizeof large);
        gunzip_free(g);
        buf_clear(&u.bytes);
    }
}

static void gzip_ends_when_enough(void **state)
{
    (void)state;
    static char zeros[1u << 20];
    static unsigned char packed[4096];
    struct unpacked u = {.enough = 1};
    struct why why = {""};
    size_t len = gzip((struct text){zeros, sizeof zeros}, packed, sizeof packed);
    buf_init(&u.bytes, 2u << 20);
    struct gunzip *g = gunzip_new(unpacked_piece, &u);
    assert_int_equal(gunzip_add(g, (struct text){(char *)packed, len}, &why), OK);
    assert_int_equal(gunzip_end(g, &why), OK);
    assert_between(u.bytes.len, 1, 64 << 10);
    gunzip_free(g);
    buf_clear(&u.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
        cmocka_unit_test(other_encodings_become_utf8),
        cmocka_unit_test(a_report_in_pieces_is_the_report),
        cmocka_unit_test(a_cut_report_is_never_whole),
        cmocka_unit_test(a_tag_or_a_comment_has_a_bound),
        cmocka_unit_test(gzip_in_pieces_is_gzip),
        cmocka_unit_test(gzip_ends_when_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
