/* Reads the options that every simulation has. */
#include "seeds.h"

#include <stdlib.h>
#include <string.h>

void seeds_read(struct seeds *s, int argc, char **argv)
{
    *s = (struct seeds){.first = 1, .count = 100};
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--digest") == 0) {
            s->prints_digest = true;
        } else if (strcmp(argv[i], "--terse") == 0) {
            s->talk = TALK_TERSE;
        } else if (has_value && strcmp(argv[i], "--first") == 0) {
            s->first = strtoull(argv[++i], NULL, 10);
        } else if (has_value && strcmp(argv[i], "--count") == 0) {
            s->count = strtoull(argv[++i], NULL, 10);
        } else if (has_value && strcmp(argv[i], "--seed") == 0) {
            s->first = strtoull(argv[++i], NULL, 10);
            s->count = 1;
            s->talk = TALK_LOUD;
        }
    }
}
