/*
 * How long a manifest takes, beside what libyaml alone needs for the same file.
 * manifest_bench FILE: reads FILE both ways and prints seconds, their ratio and the peak memory of
 * the loading. manifest_bench --complaints FILE: prints what is wrong with it, and how long it
 * took.
 */
#include "manifests/manifest.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <yaml.h>

/* Of processor time: what else the machine does must not blur the ratio. */
static double seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double bare_events(const char *path)
{
    yaml_parser_t parser;
    yaml_event_t event;
    double start = seconds();
    FILE *file = fopen(path, "rb");
    if (!file || !yaml_parser_initialize(&parser))
        return -1;
    yaml_parser_set_input_file(&parser, file);
    bool more = true;
    while (more && yaml_parser_parse(&parser, &event)) {
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    fclose(file);
    return seconds() - start;
}

static double load(const char *path, bool show)
{
    struct fleet fleet;
    struct complaints complaints;
    struct why why = {""};
    struct manifest_options options = {.region = TEXT_NONE};
    fleet_init(&fleet);
    complaints_init(&complaints);
    double start = seconds();
    enum err err = manifest_load(&fleet, &path, 1, &options, &complaints, &why);
    double taken = seconds() - start;
    for (uint32_t i = 0; show && i < complaints.len; i++)
        printf(TEXT_FMT ":%u:%u: " TEXT_FMT "\n", TEXT_ARG(complaints.list[i].file),
               complaints.list[i].line, complaints.list[i].column,
               TEXT_ARG(complaints.list[i].text));
    if (err != OK)
        printf("%s\n", why.text);
    else
        printf("%u identities, %u names\n", fleet.choices_len, fleet.names.len);
    fleet_clear(&fleet);
    complaints_clear(&complaints);
    return taken;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--complaints") == 0) {
        printf("%.3f s\n", load(argv[2], true));
        return 0;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: %s [--complaints] FILE\n", argv[0]);
        return 1;
    }
    struct rusage usage;
    double loaded = load(argv[1], false);
    getrusage(RUSAGE_SELF, &usage);
    double bare = bare_events(argv[1]);
    printf("load %.3f s, bare libyaml events %.3f s, ratio %.2f, peak %ld MB\n", loaded, bare,
           loaded / bare, usage.ru_maxrss / 1024);
    return 0;
}
