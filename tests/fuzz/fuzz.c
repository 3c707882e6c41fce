#include "fuzz.h"

#include "base/escape.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The one thing a target keeps between two inputs. */
static char folder[FUZZ_PATH_LEN / 2];

static void folder_remove(void)
{
    char path[FUZZ_PATH_LEN];
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        snprintf(path, sizeof path, "%s/%.200s", folder, e->d_name);
        unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
}

static void folder_make(void)
{
    const char *tmp = getenv("TMPDIR");
    int len = snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (len < 0 || (size_t)len >= sizeof folder || !mkdtemp(folder) || atexit(folder_remove) != 0) {
        fprintf(stderr, "fuzz: no folder under TMPDIR\n");
        exit(1);
    }
}

const char *fuzz_file(const char *name, struct text bytes, char path[FUZZ_PATH_LEN])
{
    if (!folder[0])
        folder_make();
    snprintf(path, FUZZ_PATH_LEN, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert(file);
    assert(fchmod(fileno(file), 0600) == 0);
    assert(bytes.len == 0 || fwrite(bytes.at, 1, bytes.len, file) == bytes.len);
    assert(fclose(file) == 0);
    return path;
}

struct text fuzz_line(struct text *rest)
{
    struct text line = text_cut(rest, '\n');
    return line.len ? line : TEXT("");
}

static bool is_control(uint32_t code)
{
    bool bidi = code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                (code >= 0x2066 && code <= 0x2069);
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || bidi;
}

bool fuzz_is_printable(struct text t)
{
    while (t.len) {
        uint32_t code;
        size_t len = utf8_next(t, &code);
        if (len == 0 || is_control(code))
            return false;
        t = text_from(t, len);
    }
    return true;
}
