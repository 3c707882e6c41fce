/*
 * The one place that touches every library's header at once, only to ask which version is loaded.
 */
#include "version.h"

#include <ares.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <expat.h>
#include <idn2.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <time.h>
#include <yaml.h>

/* The list decides what a public suffix is, and grows old with its package. */
static void suffix_list_age_print(void)
{
    char day[16] = "unknown";
    time_t made = psl_builtin_file_time();
    struct tm tm;
    if (made > 0 && gmtime_r(&made, &tm))
        strftime(day, sizeof day, "%Y-%m-%d", &tm);
    printf("Public Suffix List: built in, of %s; --psl-file FILE takes a newer one\n", day);
}

void version_print(void)
{
    printf("mailfrom %s\n", MAILFROM_VERSION);
    printf("libyaml %s, libcurl %s, OpenSSL %s, cJSON %s, c-ares %s, SQLite %s, %s, libpsl %s, "
           "libidn2 %s\n",
           yaml_get_version_string(), curl_version_info(CURLVERSION_NOW)->version,
           OpenSSL_version(OPENSSL_VERSION_STRING), cJSON_Version(), ares_version(NULL),
           sqlite3_libversion(), XML_ExpatVersion(), psl_get_version(), idn2_check_version(NULL));
    suffix_list_age_print();
}
