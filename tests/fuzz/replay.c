/*
 * A plain main() for a fuzz target: reads every file that is given, and every file of a folder that
 * is given, each as one input. No clang is needed for it.
 */
#include "fuzz.h"

#include "base/buf.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#define INPUT_MAX (4u << 20)

/* In memory of exactly its size, so that a sanitizer sees the first byte beyond. */
static void input_take(const char *bytes, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    assert(exact);
    if (len)
        memcpy(exact, bytes, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static void file_replay(const char *path)
{
    char chunk[4096];
    struct buf input;
    FILE *file = fopen(path, "rb");
    assert(file);
    buf_init(&input, INPUT_MAX);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_add(&input, chunk, n);
    assert(!ferror(file) && !input.failed);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
    input_take(buf_text(&input).at, buf_text(&input).len);
    buf_clear(&input);
}

static unsigned folder_replay(const char *path)
{
    unsigned count = 0;
    DIR *dir = opendir(path);
    assert(dir);
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char name[FUZZ_PATH_LEN + 256];
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%.500s/%s", path, e->d_name);
        file_replay(name);
        count++;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            count += folder_replay(argv[i]);
            continue;
        }
        file_replay(argv[i]);
        count++;
    }
    printf("%u inputs replayed\n", count);
    return count ? 0 : 1;
}
