/*
 * What a file is that holds no text, told by its first bytes: spreadsheets are named in the place
 * of their CSV. Source: PKWARE's APPNOTE, sections 4.3 and 4.5; ECMA-376, part 2; OpenDocument 1.3,
 * part 2; [MS-CFB].
 */
#include "raw.h"

#include "base/content.h"
#include "base/count.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_AT 65536 /* bytes at each end of an archive, where the names of its members stand */

#define SAVE_AS_CSV ": save the sheet as CSV (UTF-8) and name that file in identities_from"

static bool has_bytes(const char *bytes, size_t len, const char *word)
{
    return text_find_text((struct text){bytes, len}, text_of(word)) < len;
}

/* Names of members are not compressed: they stand beside the members, and all of them at the end.
 */
static bool archive_has(const struct source *s, const char *word)
{
    struct stat st;
    bool found = false;
    char *bytes = malloc(LOOK_AT); /* large for a small stack */
    if (!bytes || fstat(s->fd, &st) != 0) {
        free(bytes);
        return false;
    }
    off_t ends[] = {0, st.st_size > LOOK_AT ? st.st_size - LOOK_AT : 0};
    for (size_t i = 0; i < COUNT(ends) && !found; i++) {
        ssize_t n = pread(s->fd, bytes, LOOK_AT, ends[i]);
        found = n > 0 && has_bytes(bytes, (size_t)n, word);
    }
    free(bytes);
    return found;
}

const char *container_fault(const struct source *s)
{
    static const struct {
        const char *magic;
        size_t len;
        const char *fault;
    } kinds[] = {
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, "is an old Excel workbook (.xls)" SAVE_AS_CSV},
        {"\x1f\x8b", 2, "is compressed by gzip: unpack it first"},
        {"(\xb5/\xfd", 4, "is compressed by zstd: unpack it first"},
        {"\xfd"
         "7zXZ",
         5, "is compressed by xz: unpack it first"},
        {"BZh9", 4, "is compressed by bzip2: unpack it first"},
        {"%PDF", 4, "is a PDF file, expected text"},
    };
    unsigned char head[CONTENT_BYTES] = {0};
    size_t len = source_peek(s, head, sizeof head);
    if (len >= 4 && memcmp(head, "PK\3\4", 4) == 0) {
        if (archive_has(s, "application/vnd.oasis.opendocument.spreadsheet"))
            return "is an OpenDocument spreadsheet (.ods)" SAVE_AS_CSV;
        if (archive_has(s, "xl/workbook") || archive_has(s, "xl/worksheets"))
            return "is an Excel workbook (.xlsx)" SAVE_AS_CSV;
        if (archive_has(s, "Index/Document.iwa") || archive_has(s, "Index/Tables/"))
            return "is a Numbers spreadsheet (.numbers)" SAVE_AS_CSV;
        return "is a ZIP archive: unpack it and name the file that is in it";
    }
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (len >= kinds[i].len && memcmp(head, kinds[i].magic, kinds[i].len) == 0)
            return kinds[i].fault;
    /* What this program writes itself, given in the place of a manifest. */
    static const char *const faults[] = {
        [CONTENT_PLAN] = "is a plan file, expected a manifest or CSV: apply --plan takes it",
        [CONTENT_JOURNAL] =
            "is an SQLite database, such as a journal, expected text: --journal takes it",
        [CONTENT_REPORT_CSV] = "is a CSV report, expected a manifest, or a CSV of identities",
        [CONTENT_REPORT_JSON] = "is a JSON report, expected a manifest or CSV",
        [CONTENT_REPORT_SARIF] = "is a SARIF report, expected a manifest or CSV",
        [CONTENT_REPORT_MARKDOWN] = "is a Markdown report, expected a manifest or CSV",
        [CONTENT_HTML] = "is an HTML page, such as a report, expected a manifest or CSV",
        [CONTENT_XML] = "is an XML file, such as a JUnit report, expected a manifest or CSV",
    };
    enum content kind = content_of((struct text){(const char *)head, len});
    return kind < COUNT(faults) ? faults[kind] : NULL; /* the others are read elsewhere */
}
