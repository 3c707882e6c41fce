/*
 * The one place that touches every library's header at once, only to ask which version is loaded.
 * The JSON form is a CycloneDX 1.5 document (cyclonedx.org/docs/1.5/json), the bill of materials
 * that scanners read.
 */
#include "version.h"

#include "base/json_out.h"
#include "tried.h"

#include <ares.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <expat.h>
#include <idn2.h>
#include <ldns/ldns.h>
#include <libpsl.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <yaml.h>
#include <zip.h>
#include <zlib.h>
#if MAILFROM_POSTGRES
#include <libpq-fe.h>
#endif

#if MAILFROM_POSTGRES
#define LIBRARIES 14
#else
#define LIBRARIES 13
#endif
#define VERSION_LEN 32

struct library {
    const char *name;
    char version[VERSION_LEN];
    const char *licence; /* SPDX expression */
    const char *duty;
};

/* The number in what a library says of itself: "expat_2.5.0", "0.21.2 (+libidn2/2.3.3)". */
static void library_set(struct library *l, const char *name, const char *said, const char *licence,
                        const char *duty)
{
    const char *number = said + strcspn(said, "0123456789");
    *l = (struct library){.name = name, .licence = licence, .duty = duty};
    snprintf(l->version, sizeof l->version, "%.*s", (int)strcspn(number, " "), number);
}

/* An SPDX expression, or the identifier of one licence. */
static void licences_add(struct json_out *j, const char *licence)
{
    json_add_array(j, "licenses");
    json_add_object(j, NULL);
    if (strchr(licence, ' ')) {
        json_add_word(j, "expression", licence);
    } else {
        json_add_object(j, "license");
        json_add_word(j, "id", licence);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

/* CycloneDX 1.5. */
static void bill_print(const struct library list[LIBRARIES])
{
    struct buf out;
    struct json_out j;
    buf_init(&out, 1u << 16);
    json_init(&j, &out);
    json_add_object(&j, NULL);
    json_add_word(&j, "bomFormat", "CycloneDX");
    json_add_word(&j, "specVersion", "1.5");
    json_add_u64(&j, "version", 1);
    json_line(&j, "\n");
    json_add_object(&j, "metadata");
    json_add_object(&j, "component");
    json_add_word(&j, "type", "application");
    json_add_word(&j, "name", "mailfrom");
    json_add_word(&j, "version", MAILFROM_VERSION);
    licences_add(&j, "Apache-2.0");
    json_end(&j);
    json_end(&j);
    json_line(&j, "\n");
    json_add_array(&j, "components");
    for (int i = 0; i < LIBRARIES; i++) {
        const struct library *l = &list[i];
        json_line(&j, "\n");
        json_add_object(&j, NULL);
        json_add_word(&j, "type", "library");
        json_add_word(&j, "name", l->name);
        json_add_word(&j, "version", l->version);
        json_add_word(&j, "description", l->duty);
        licences_add(&j, l->licence);
        json_end(&j);
    }
    json_end_line(&j, "\n");
    json_end(&j);
    buf_add_char(&out, '\n');
    fwrite(out.at, 1, out.len, stdout);
    buf_clear(&out);
}

void version_print(const struct options *o)
{
    struct library list[LIBRARIES];
    const char *curl = curl_version_info(CURLVERSION_NOW)->version;
    library_set(&list[0], "libyaml", yaml_get_version_string(), "MIT", "reads manifests");
    library_set(&list[1], "libcurl", curl, "curl", "carries calls to SES");
    library_set(&list[2], "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING), "Apache-2.0",
                "signs requests, makes digests");
    library_set(&list[3], "cJSON", cJSON_Version(), "MIT", "reads SES v2 answers and plan files");
    library_set(&list[4], "c-ares", ares_version(NULL), "MIT", "carries questions to DNS");
    library_set(&list[5], "SQLite", sqlite3_libversion(), "blessing", "keeps the journal");
    library_set(&list[6], "expat", XML_ExpatVersion(), "MIT",
                "reads SES v1 answers, DMARC reports");
    library_set(&list[7], "libpsl", psl_get_version(), "MIT", "knows the Public Suffix List");
    library_set(&list[8], "libidn2", idn2_check_version(NULL),
                "LGPL-3.0-or-later OR GPL-2.0-or-later", "converts U-labels");
    library_set(&list[9], "ldns", ldns_version(), "BSD-3-Clause", "writes updates of DNS");
    library_set(&list[10], "libmicrohttpd", MHD_get_version(), "LGPL-2.1-or-later",
                "serves the live page");
    library_set(&list[11], "libzip", zip_libzip_version(), "BSD-3-Clause", "opens zipped reports");
    library_set(&list[12], "zlib", zlibVersion(), "Zlib", "opens gzipped reports");
#if MAILFROM_POSTGRES
    char libpq[VERSION_LEN];
    snprintf(libpq, sizeof libpq, "%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
    library_set(&list[13], "libpq", libpq, "PostgreSQL", "keeps a shared journal");
#endif
    if (o->json) {
        bill_print(list);
        return;
    }
    printf("mailfrom %s\n", MAILFROM_VERSION);
    for (int i = 0; i < LIBRARIES; i++) {
        if (o->access.verbose)
            printf("  %-13s %-8s %-38s %s\n", list[i].name, list[i].version, list[i].licence,
                   list[i].duty);
        else
            printf("%s%s %s", i ? ", " : "", list[i].name, list[i].version);
    }
    fputs(o->access.verbose ? "" : "\n", stdout);
    for (int i = 0; i < LIBRARIES && o->access.verbose; i++) {
        char complaint[COMPLAINT_LEN];
        if (!version_is_tried(list[i].name, list[i].version, complaint))
            printf("warning: %s\n", complaint);
    }
    /* The list decides what a public suffix is, and grows old with its package. */
    char day[16] = "unknown";
    time_t made = psl_builtin_file_time();
    struct tm tm;
    if (made > 0 && gmtime_r(&made, &tm))
        strftime(day, sizeof day, "%Y-%m-%d", &tm);
#if !MAILFROM_POSTGRES
    puts("built without PostgreSQL: a journal is a file");
#endif
    printf("Public Suffix List: built in, of %s; --psl-file FILE takes a newer one\n", day);
}
