/* Reads argv by the table of options; other words become arguments. */
#include "option_rows.h"

#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 31 /* of what an option means */

bool option_is_for(enum option_set accepted, const struct option_row *row)
{
    return row->set == OPTIONS_NONE || (accepted & row->set);
}

static const struct option_row *row_near(enum option_set accepted, struct text name)
{
    const struct option_row *best = NULL;
    unsigned nearest = 3;
    for (const struct option_row *row = option_rows; row->name; row++) {
        unsigned distance = text_distance(name, text_of(row->name), nearest);
        if (option_is_for(accepted, row) && distance < nearest) {
            nearest = distance;
            best = row;
        }
    }
    return best;
}

static const struct option_row *row_find(enum option_set accepted, struct text name)
{
    for (const struct option_row *row = option_rows; row->name; row++)
        if (option_is_for(accepted, row) && text_eq(name, text_of(row->name)))
            return row;
    return NULL;
}

/* Reads one "--name", "--name=value" or "--name value"; *i is left on the last word it took. */
static enum err read_one(struct options *o, enum option_set accepted, int argc, char **argv, int *i,
                         struct why *why)
{
    struct text rest = text_of(argv[*i] + 2);
    struct text name = text_cut(&rest, '=');
    const struct option_row *row = row_find(accepted, name);
    const char *value = rest.at;
    if (!row) {
        const struct option_row *near = row_near(accepted, name);
        if (near)
            return why_set(why, ERR_INPUT,
                           "there is no option --" TEXT_FMT " here: did you mean --%s?",
                           TEXT_ARG(name), near->name);
        return why_set(why, ERR_INPUT, "there is no option --" TEXT_FMT " here; see --help",
                       TEXT_ARG(name));
    }
    if (!row->value && value)
        return why_set(why, ERR_INPUT, "--%s takes no value, but has \"%s\"", row->name, value);
    if (row->value && !value) {
        if (*i + 1 >= argc)
            return why_set(why, ERR_INPUT, "--%s wants %s, but nothing follows", row->name,
                           row->value);
        value = argv[++*i];
    }
    return row->read(o, value, why);
}

enum err options_read(struct options *o, enum option_set accepted, int argc, char **argv,
                      struct why *why)
{
    bool only_arguments = false;
    const char **arguments = (const char **)argv; /* arguments move to the front of argv */
    *o = (struct options){
        .access = {.carriers = CARRIERS_DEFAULT, .call_timeout_us = CALL_TIMEOUT_DEFAULT},
        .ttl_s = TTL_DEFAULT_S,
        .arguments = arguments,
        .rehearse = {.published = -1, .seed = 1}};
    for (int i = 0; i < argc; i++) {
        enum err err = OK;
        if (!only_arguments && strcmp(argv[i], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && strcmp(argv[i], "-h") == 0)
            o->help = true;
        else if (!only_arguments && strncmp(argv[i], "--", 2) == 0)
            err = read_one(o, accepted, argc, argv, &i, why);
        else
            arguments[o->arguments_len++] = argv[i];
        if (err != OK)
            return err;
    }
    o->no_color = o->no_color || getenv("NO_COLOR");
    return OK;
}

const char *options_journal(const struct options *o)
{
    const char *variable = getenv("MAILFROM_JOURNAL");
    if (o->journal)
        return o->journal;
    return variable && *variable ? variable : ".mailfrom/journal.db";
}

void options_print(FILE *out, enum option_set accepted)
{
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!option_is_for(accepted, row))
            continue;
        int used = fprintf(out, "  --%s%s%s", row->name, row->value ? " " : "",
                           row->value ? row->value : "");
        bool is_long = used > HELP_COLUMN - 1;
        fprintf(out, "%s%*s%s\n", is_long ? "\n" : "", is_long ? HELP_COLUMN : HELP_COLUMN - used,
                "", row->help);
    }
}
