/* A CSV file that a manifest imports. */
#include "fuzz.h"
#include "judged.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN];
    fuzz_file("fleet.csv", (struct text){(const char *)bytes, len}, path);
    manifest_is_judged(
        fuzz_file("fleet.yaml",
                  TEXT("version: 1\naccounts: {main: {profile: p}, other: {rate: 2}}\n"
                       "defaults: {account: main, region: us-east-1, mail_from: 'b.{domain}'}\n"
                       "identities_from: fleet.csv\n"),
                  path));
    return 0;
}
