/* A YAML manifest. Beside it lie a file to include and one to import. */
#include "fuzz.h"
#include "judged.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char path[FUZZ_PATH_LEN];
    fuzz_file("more.yaml", TEXT("version: 1\nidentities: [more.example]\n"), path);
    fuzz_file("fleet.csv", TEXT("identity,region\nimported.example,eu-west-1\n"), path);
    manifest_is_judged(fuzz_file("fleet.yaml", (struct text){(const char *)bytes, len}, path));
    return 0;
}
