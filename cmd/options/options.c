/* Reads argv by the table of options; other words become arguments. */
#include "help.h"
#include "option_rows.h"

#include "base/escape.h"
#include "journal/store_postgres/store_postgres.h"

#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 31 /* of what an option means */
#define SLIPS_MAX   2  /* in a name that was meant */

bool option_is_for(option_set accepted, const struct option_row *row)
{
    return row->set == OPTIONS_NONE || (accepted & row->set);
}

const struct option_row *option_find_any(struct text name)
{
    for (const struct option_row *row = option_rows; row->name; row++)
        if (text_eq(name, text_of(row->name)))
            return row;
    return NULL;
}

const struct option_row *option_find(option_set accepted, struct text name)
{
    const struct option_row *common = NULL;
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!text_eq(name, text_of(row->name)))
            continue;
        if (option_is_for(accepted, row))
            return row;
        common = row->is_common && !common ? row : common;
    }
    return common;
}

const struct option_row *option_find_letter(char letter)
{
    for (const struct option_row *row = option_rows; letter && row->name; row++)
        if (row->letter == letter)
            return row;
    return NULL;
}

/* The beginning of one listed name, or a slip of the keyboard. */
static const char *name_near(option_set accepted, struct text name)
{
    struct text_near near = {name, SLIPS_MAX + 1, NULL};
    const char *begun = NULL;
    unsigned names_begun = 0;
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!option_is_for(accepted, row) && !row->is_common)
            continue;
        text_near_try(&near, row->name);
        if (name.len > 2 && text_starts(text_of(row->name), name) &&
            (!begun || strcmp(begun, row->name) != 0)) {
            begun = row->name;
            names_begun++;
        }
    }
    return names_begun == 1 ? begun : near.word;
}

void option_value_add(struct buf *out, const struct option_row *row)
{
    for (size_t i = 0; row->word && row->word(i); i++)
        buf_add_fmt(out, "%s%s", i ? "|" : "", row->word(i));
    if (!row->word)
        buf_add_str(out, row->value);
}

/* What a word of the command line says. */
struct option_word {
    const struct option_row *row;
    const char *value; /* in the word itself; NULL: there is none */
    const char *rest;  /* of a word of several letters: those that follow; NULL: none */
};

static enum err long_read(struct option_word *s, option_set accepted, const char *word,
                          struct why *why)
{
    struct text rest = text_of(word + 2), name = text_cut(&rest, '=');
    *s = (struct option_word){option_find(accepted, name), rest.at, NULL};
    if (!s->row) {
        const char *near = name_near(accepted, name);
        if (option_find_any(name))
            return why_set(why, ERR_INPUT,
                           "--" TEXT_FMT
                           " is an option of other verbs; --help shows those of this one",
                           TEXT_ARG(name));
        if (near)
            return why_set(why, ERR_INPUT,
                           "there is no option --" TEXT_FMT " here: did you mean --%s?",
                           TEXT_ARG(name), near);
        return why_set(why, ERR_INPUT, "there is no option --" TEXT_FMT " here; --help shows those",
                       TEXT_ARG(name));
    }
    return s->row->value || !s->value
               ? OK
               : why_set(why, ERR_INPUT, "--%s takes no value, but has \"%s\"", s->row->name,
                         s->value);
}

/* "-qy", "-oFILE"; at: the letter to be read. "-out" was meant to be "--out": it must not write a
 * file "ut". */
static enum err letter_read(struct option_word *s, option_set accepted, const char *word,
                            const char *at, struct why *why)
{
    struct text whole = text_of(word + 1), name = text_cut(&whole, '=');
    const struct option_row *row = option_find_letter(*at);
    if (name.len > 1 && option_find_any(name))
        return why_set(why, ERR_INPUT, "%s: did you mean --" TEXT_FMT ", with two dashes?", word,
                       TEXT_ARG(name));
    if (!row)
        return why_set(why, ERR_INPUT, "there is no option -%c here; --help shows those", *at);
    const struct option_row *here = option_find(accepted, text_of(row->name));
    if (!here)
        return why_set(why, ERR_INPUT,
                       "-%c is --%s, an option of other verbs; --help shows those of this one", *at,
                       row->name);
    at++;
    *s = (struct option_word){here, here->value && *at ? at + (*at == '=') : NULL,
                              here->value || !*at ? NULL : at};
    return OK;
}

/* The values given so far, one for each row: a second one would silently win. */
struct given {
    const char *value[OPTIONS_MAX];
};

static enum err value_vet(struct given *given, const struct option_row *row, const char *value,
                          struct why *why)
{
    const char **before = &given->value[row - option_rows];
    if (!*value && !row->may_be_empty)
        return why_set(why, ERR_INPUT, "--%s wants %s, but its value is empty", row->name,
                       row->value);
    if (*before && !row->repeats)
        return why_set(why, ERR_INPUT, "--%s is given twice: first %s, then %s", row->name, *before,
                       value);
    *before = value;
    return OK;
}

/* Is the word an option, so that it cannot be the value of the one before? */
static bool is_known_option(const char *word)
{
    struct text rest = text_of(word);
    if (!text_starts(rest, TEXT("--")))
        return false;
    rest = text_from(rest, 2);
    return option_find_any(text_cut(&rest, '=')) != NULL;
}

/* Reads the spelling with the value that may follow; *i is left on the last word it took. */
static enum err option_word_take(struct options *o, struct given *given,
                                 const struct option_word *s, int argc, char **argv, int *i,
                                 struct why *why)
{
    const struct option_row *row = s->row;
    const char *value = s->value;
    if (!row->value)
        return row->read(o, NULL, why);
    if (!value && *i + 1 >= argc)
        return why_set(why, ERR_INPUT, "--%s wants %s, but nothing follows", row->name, row->value);
    if (!value && is_known_option(argv[*i + 1]))
        return why_set(why, ERR_INPUT, "--%s wants %s, but %s follows", row->name, row->value,
                       argv[*i + 1]);
    value = value ? value : argv[++*i];
    enum err err = value_vet(given, row, value, why);
    return err == OK ? row->read(o, value, why) : err;
}

/* Word processors and chat programs make a dash of hyphens. NULL: the word is no such option. */
static const struct option_row *dashed_option(const char *word)
{
    struct text rest = text_of(word);
    uint32_t code;
    size_t len = utf8_next(rest, &code);
    if (code < 0x2010 || (code > 0x2015 && code != 0x2212))
        return NULL;
    do
        rest = text_from(rest, len);
    while ((len = utf8_next(rest, &code)) > 0 &&
           (code == '-' || (code >= 0x2010 && code <= 0x2015)));
    const char *letter = rest.len == 1 ? rest.at : "";
    const struct option_row *row = option_find_any(text_cut(&rest, '='));
    return row || !*letter ? row : option_find_letter(*letter);
}

static enum err argument_vet(const char *word, struct why *why)
{
    const struct option_row *meant = dashed_option(word);
    if (meant)
        return why_set(why, ERR_INPUT,
                       "%s begins with a dash, not with hyphens: did you mean --%s?", word,
                       meant->name);
    return OK;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0'; /* "-" alone is standard input */
}

/* Reads one word of options. */
static enum err word_read(struct options *o, struct given *given, option_set accepted, int argc,
                          char **argv, int *i, struct why *why)
{
    struct option_word s = {NULL, NULL, NULL};
    const char *word = argv[*i];
    if (word[1] == '-') {
        enum err err = long_read(&s, accepted, word, why);
        return err == OK ? option_word_take(o, given, &s, argc, argv, i, why) : err;
    }
    enum err err = OK;
    for (const char *at = word + 1; err == OK && at; at = s.rest) {
        err = letter_read(&s, accepted, word, at, why);
        if (err == OK)
            err = option_word_take(o, given, &s, argc, argv, i, why);
    }
    return err;
}

/* How many words an option takes beside its own, whatever the verb will be. */
static int words_after(const char *word)
{
    const struct option_row *row;
    if (word[1] == '-') {
        struct text rest = text_of(word + 2);
        row = option_find_any(text_cut(&rest, '='));
        return row && row->value && !rest.at;
    }
    for (word++; (row = option_find_letter(*word)) && !row->value; word++)
        ;
    return row && word[1] == '\0';
}

bool options_verb_first(int argc, char **argv)
{
    int at = 0;
    while (at < argc && is_option(argv[at]) && strcmp(argv[at], "--") != 0)
        at += 1 + words_after(argv[at]);
    if (at >= argc || strcmp(argv[at], "--") == 0)
        return false;
    char *verb = argv[at];
    memmove(argv + 1, argv, (size_t)at * sizeof *argv);
    argv[0] = verb;
    return true;
}

enum err options_read(struct options *o, option_set accepted, int argc, char **argv,
                      struct why *why)
{
    bool only_arguments = false;
    const char **arguments = (const char **)argv; /* arguments move to the front of argv */
    const char *no_color = getenv("NO_COLOR");
    struct given given = {{NULL}};
    *o = (struct options){
        .access = {.carriers = CARRIERS_DEFAULT, .call_timeout_us = CALL_TIMEOUT_DEFAULT},
        .ttl_s = TTL_DEFAULT_S,
        .arguments = arguments,
        .rehearse = {.published = -1, .seed = 1}};
    for (int i = 0; i < argc; i++) {
        enum err err = OK;
        if (!only_arguments && strcmp(argv[i], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && is_option(argv[i]))
            err = word_read(o, &given, accepted, argc, argv, &i, why);
        else if (only_arguments || (err = argument_vet(argv[i], why)) == OK)
            arguments[o->arguments_len++] = argv[i];
        if (err != OK)
            return err;
    }
    o->no_color = o->no_color || (no_color && *no_color); /* no-color.org: empty is not set */
    return OK;
}

bool options_format_is(const struct options *o, const char *name)
{
    return o->format && strcmp(o->format, name) == 0;
}

const char *options_journal(const struct options *o)
{
    const char *variable = getenv("MAILFROM_JOURNAL");
    if (o->journal)
        return o->journal;
    return variable && *variable ? variable : ".mailfrom/journal.db";
}

bool options_journal_is_shared(const struct options *o)
{
    return journal_is_postgres(options_journal(o));
}

void options_print(FILE *out, option_set accepted)
{
    struct buf line;
    buf_init(&line, LINE_LEN_MAX);
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!option_is_for(accepted, row))
            continue;
        buf_reset(&line);
        buf_add_str(&line, "  ");
        if (row->letter)
            buf_add_fmt(&line, "-%c, ", row->letter);
        buf_add_fmt(&line, "--%s%s", row->name, row->value ? " " : "");
        if (row->value)
            option_value_add(&line, row);
        bool is_long = line.len > HELP_COLUMN - 1;
        fprintf(out, TEXT_FMT "%s%*s", TEXT_ARG(buf_text(&line)), is_long ? "\n" : "",
                is_long ? HELP_COLUMN : HELP_COLUMN - (int)line.len, "");
        help_print(out, HELP_COLUMN, text_of(row->help));
    }
    buf_clear(&line);
}
