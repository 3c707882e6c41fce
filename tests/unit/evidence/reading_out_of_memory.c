/* Reading with memory that runs out anywhere: a report is given whole or not at all, and it is
 * told. */
#include "out_of_memory.h"

#include "evidence/aggregate.h"

#include <zlib.h>

#include <stdio.h>
#include <unistd.h>

static const char REPORT[] =
    "<feedback><report_metadata><org_name>o</org_name><report_id>1</report_id><date_range><begin>"
    "1779235200</begin><end>1779321599</end></date_range></report_metadata><policy_published>"
    "<domain>shop.example</domain></policy_published>"
    "<record><row><source_ip>192.0.2.1</source_ip><count>1</count></"
    "row><auth_results><dkim><domain>"
    "d.example</domain><selector>s</selector></dkim></auth_results></record>"
    "<record><row><source_ip>192.0.2.2</source_ip><count>2</count></row></record></feedback>";

static char folder[64], packed[96];
static unsigned rows, complaints;

static bool take_row(void *ctx, const struct aggregate_row *row)
{
    (void)ctx;
    assert_true(row->messages == ++rows);
    assert_text(row->header_from, TEXT("shop.example"));
    return true;
}

static void take_complaint(void *ctx, const char *sentence)
{
    (void)ctx;
    assert_true(sentence[0]);
    complaints++;
}

static bool work_read(void)
{
    const struct aggregate_reader reader = {.row = take_row, .complain = take_complaint};
    const char *const paths[] = {folder};
    struct aggregate_counts counts;
    struct why why = {""};
    rows = complaints = 0;
    enum err err = aggregate_read(paths, 1, &reader, &counts, &why);
    assert_true(err == OK || why.text[0]);
    assert_true(rows == 0 || rows == 2);
    if (err == OK && complaints == 0)
        assert_int_equal(rows, 2);
    return err == OK && complaints == 0;
}

static void reading_tells_that_memory_is_out(void **state)
{
    (void)state;
    fail_every_allocation(work_read);
}

static int folder_make(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/evidence-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    snprintf(packed, sizeof packed, "%s/a.gz", folder);
    gzFile file = gzopen(packed, "wb");
    int written = gzwrite(file, REPORT, sizeof REPORT - 1);
    return gzclose(file) != Z_OK || written != sizeof REPORT - 1;
}

static int folder_remove(void **state)
{
    (void)state;
    return unlink(packed) || rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reading_tells_that_memory_is_out)};
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
