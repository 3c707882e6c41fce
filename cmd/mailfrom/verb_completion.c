/*
 * What a shell must know to complete a command line, made from the tables of verbs and of options,
 * so that it is never behind them. Each shell gets one script.
 *
 * Values: words joined by "|" are offered as they are, and the formats of reports; FILE and what
 * verbs take are left to the shell's own completion of files; anything else is the user's to know.
 * What no table has, the script asks for when it is wanted: "mailfrom completion profiles" and
 * "runs", a candidate on each line, then a tab and what it is.
 */
#include "aws/credentials/credentials.h"
#include "model/finding.h"
#include "model/region.h"
#include "options/option_rows.h"
#include "options/verb_rows.h"
#include "reports/report.h"
#include "rules/explain.h"
#include "run/run.h"
#include "ui/messages.h"
#include "verbs.h"

#include "base/count.h"

#include <ctype.h>
#include <string.h>

enum value_kind {
    VALUE_NONE,
    VALUE_WORDS,
    VALUE_REPORT,
    VALUE_FILE,
    VALUE_PROFILE,
    VALUE_RUN,
    VALUE_FREE,
};

/* "v1|v2" is a choice, "SPAN|MIN..MAX" is none. */
static enum value_kind value_kind(const char *value)
{
    if (!value)
        return VALUE_NONE;
    if (strcmp(value, "FORMAT:FILE") == 0)
        return VALUE_REPORT;
    if (strstr(value, "FILE"))
        return VALUE_FILE;
    return strchr(value, '|') && islower((unsigned char)*value) ? VALUE_WORDS : VALUE_FREE;
}

static bool takes_region(const struct option_row *row)
{
    return row->value && text_starts(text_of(row->value), TEXT("REGION"));
}

static enum value_kind row_kind(const struct option_row *row)
{
    if (strcmp(row->name, "profile") == 0)
        return VALUE_PROFILE;
    if (row->value && strcmp(row->value, "RUN") == 0)
        return VALUE_RUN;
    return row->word || takes_region(row) ? VALUE_WORDS : value_kind(row->value);
}

/* The words of "a|b|c", each with a blank behind it. */
static void words_print(const char *value)
{
    for (; *value; value++)
        putchar(*value == '|' ? ' ' : *value);
    putchar(' ');
}

static void row_words_print(const struct option_row *row)
{
    for (size_t i = 0; row->word && row->word(i); i++)
        printf("%s ", row->word(i));
    for (size_t i = 0; takes_region(row) && region_at(i); i++)
        printf("%s ", region_at(i));
    if (!row->word && !takes_region(row))
        words_print(row->value);
}

/* "csv: json: ": a file is to follow. */
static void formats_print(void)
{
    for (size_t i = 0; report_format_name(i); i++)
        printf("%s: ", report_format_name(i));
}

/* What can stand after a verb beside options: a choice, the rules, or files. */
static bool verb_takes_rule(const struct verb_row *v)
{
    return strstr(v->arguments, "RULE") != NULL;
}

static bool verb_takes_files(const struct verb_row *v)
{
    return strstr(v->arguments, "MANIFEST") != NULL || strstr(v->arguments, "FILE") != NULL;
}

static bool verb_takes_run(const struct verb_row *v)
{
    return strstr(v->arguments, "RUN") != NULL;
}

static void arguments_print(const struct verb_row *v)
{
    for (int f = 0; verb_takes_rule(v) && f < FINDINGS_LEN; f++)
        printf("%s ", finding_rule((enum finding)f)->name);
    for (size_t i = 0; verb_takes_rule(v) && state_name(i); i++)
        printf("%s ", state_name(i));
    enum finding rule;
    struct text page;
    for (int k = 0; verb_takes_rule(v) && k < WATCH_KINDS; k++)
        if (!finding_parse(text_of(watch_kind_name((enum watch_kind)k)), &rule) &&
            !state_page(text_of(watch_kind_name((enum watch_kind)k)), &page))
            printf("%s ", watch_kind_name((enum watch_kind)k));
    if (!verb_takes_rule(v) && value_kind(v->arguments) == VALUE_WORDS)
        words_print(v->arguments);
}

/* Bash: one function; an empty answer falls back to files */

static void bash_verb(const struct verb_row *v)
{
    printf("    %s)\n        case $prev in\n", v->name);
    for (const struct option_row *row = option_rows; row->name; row++) {
        enum value_kind kind = row_kind(row);
        if (!option_is_for(v->options, row) || kind == VALUE_NONE)
            continue;
        if (row->letter)
            printf("        -%c|--%s) words='", row->letter, row->name);
        else
            printf("        --%s) words='", row->name);
        if (kind == VALUE_PROFILE || kind == VALUE_RUN) {
            printf("'; _mailfrom_told %s; return ;;\n", kind == VALUE_RUN ? "runs" : "profiles");
            continue;
        }
        if (kind == VALUE_WORDS)
            row_words_print(row);
        else if (kind == VALUE_REPORT)
            formats_print();
        printf("'%s ;;\n", kind == VALUE_FREE     ? "; compopt +o default"
                           : kind == VALUE_REPORT ? "; compopt -o nospace"
                                                  : "");
    }
    printf("        *) ");
    if (verb_takes_run(v))
        printf("[[ $cur == %s ]] && _mailfrom_told runs && return; ",
               verb_takes_files(v) ? "[0-9]*" : "[!-]* || -z $cur");
    printf("%swords='", verb_takes_files(v) ? "[[ $cur == -* ]] && " : "");
    arguments_print(v);
    for (const struct option_row *row = option_rows; row->name; row++)
        if (option_is_for(v->options, row))
            printf("--%s ", row->name);
    fputs("' ;;\n        esac ;;\n", stdout);
}

static void bash_print(void)
{
    fputs("# bash completion of mailfrom, made by: mailfrom completion bash\n"
          "# Profiles, or runs of the journal that the line names; they are taken as they are.\n"
          "_mailfrom_told() {\n"
          "    local i one before= journal=()\n"
          "    [[ $1 == profiles && $cur == *,* ]] && before=${cur%,*},\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        [[ ${COMP_WORDS[i]} == --journal ]] || continue\n"
          "        [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))\n"
          "        journal=(--journal \"${COMP_WORDS[i+1]}\")\n"
          "    done\n"
          "    COMPREPLY=()\n"
          "    while IFS=$'\\t' read -r one _; do\n"
          "        [[ $one == \"${cur##*,}\"* ]] && COMPREPLY+=(\"$before$(printf %q "
          "\"$one\")\")\n"
          "    done < <(\"${COMP_WORDS[0]}\" completion \"$1\" \"${journal[@]}\" 2>/dev/null)\n"
          "    compopt +o default\n"
          "    [[ ${#COMPREPLY[@]} -gt 0 ]]\n"
          "}\n"
          "_mailfrom() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= verb= "
          "word\n"
          "    if [[ $cur == = ]]; then\n"
          "        cur=\n"
          "    elif [[ $prev == = ]]; then\n"
          "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n"
          "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "        case $word in\n"
          "        help",
          stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++)
        printf("|%s", v->name);
    fputs(") verb=$word; break ;;\n"
          "        esac\n"
          "    done\n"
          "    case $verb in\n"
          "    ''|help) words='",
          stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++)
        printf("%s ", v->name);
    fputs("help version --help --version' ;;\n", stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++)
        bash_verb(v);
    fputs("    esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "}\n"
          "complete -o default -F _mailfrom mailfrom\n",
          stdout);
}

/* Zsh */

/* Text inside '...' of _arguments, where brackets and colons have a meaning. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            printf("%s%c", strchr("[]:\\", *text) ? "\\" : "", *text);
    }
}

static void zsh_option(const struct option_row *row)
{
    if (row->letter)
        printf(" \\\n        '*'{-%c%s,--%s%s}'[", row->letter, row->value ? "+" : "", row->name,
               row->value ? "=" : "");
    else
        printf(" \\\n        '*--%s%s[", row->name, row->value ? "=" : "");
    zsh_text(row->help);
    putchar(']');
    if (row->value) {
        putchar(':');
        zsh_text(row->value);
        putchar(':');
    }
    switch (row_kind(row)) {
    case VALUE_WORDS:
        putchar('(');
        row_words_print(row);
        putchar(')');
        break;
    case VALUE_REPORT:
    case VALUE_FILE: fputs("_files", stdout); break;
    case VALUE_PROFILE: fputs(" _mailfrom_told profiles", stdout); break;
    case VALUE_RUN: fputs(" _mailfrom_told runs", stdout); break;
    case VALUE_NONE:
    case VALUE_FREE: break;
    }
    putchar('\'');
}

static void zsh_verb(const struct verb_row *v)
{
    printf("    %s) _arguments", v->name);
    for (const struct option_row *row = option_rows; row->name; row++)
        if (option_is_for(v->options, row))
            zsh_option(row);
    if (verb_takes_files(v) && verb_takes_run(v))
        fputs(" \\\n        '*:manifest or run:{ _files; _mailfrom_told runs }'", stdout);
    else if (verb_takes_files(v))
        fputs(" \\\n        '*:manifest:_files'", stdout);
    else if (verb_takes_run(v))
        fputs(" \\\n        '1:run: _mailfrom_told runs'", stdout);
    else if (verb_takes_rule(v) || value_kind(v->arguments) == VALUE_WORDS) {
        fputs(" \\\n        '1:argument:(", stdout);
        arguments_print(v);
        fputs(")'", stdout);
    }
    fputs(" ;;\n", stdout);
}

static void zsh_print(void)
{
    fputs("#compdef mailfrom\n"
          "# zsh completion of mailfrom, made by: mailfrom completion zsh\n"
          "_mailfrom_told() {\n"
          "    local -a found journal\n"
          "    [[ -n $opt_args[--journal] ]] && journal=(--journal ${(Q)opt_args[--journal]})\n"
          "    found=(${(f)\"$($~mailfrom completion $1 $journal 2>/dev/null)\"})\n"
          "    found=(${found//:/\\\\:})\n"
          "    found=(${found/$'\\t'/:})\n"
          "    _describe $1 found\n"
          "}\n"
          "_mailfrom() {\n"
          "    local state line mailfrom=$words[1]\n"
          "    local -a verbs=(\n",
          stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++) {
        printf("        '%s:", v->name);
        zsh_text(v->summary);
        fputs("'\n", stdout);
    }
    fputs("        'help:the options of a verb'\n"
          "        'version:of the program and its libraries'\n"
          "    )\n"
          "    _arguments -C '(- *)'{-h,--help}'[the list of verbs]' \\\n"
          "        '(- *)'{-V,--version}'[of the program and its libraries]' \\\n"
          "        '1:verb:->verb' '*::argument:->argument'\n"
          "    if [[ $state == verb ]]; then\n"
          "        _describe verb verbs\n"
          "        return\n"
          "    fi\n"
          "    [[ $state == argument ]] && case $words[1] in\n"
          "    help) _describe verb verbs ;;\n",
          stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++)
        zsh_verb(v);
    fputs("    esac\n"
          "}\n"
          "if [[ $funcstack[1] == _mailfrom ]]; then\n"
          "    _mailfrom \"$@\"\n"
          "else\n"
          "    compdef _mailfrom mailfrom\n"
          "fi\n",
          stdout);
}

/* Fish */

static void fish_text(const char *text)
{
    putchar('\'');
    for (; *text; text++)
        printf("%s%c", strchr("'\\", *text) ? "\\" : "", *text);
    putchar('\'');
}

static void fish_option(const struct option_row *row)
{
    fputs("complete -c mailfrom -n '__fish_seen_subcommand_from", stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++)
        if (option_is_for(v->options, row))
            printf(" %s", v->name);
    printf("' -l %s", row->name);
    if (row->letter)
        printf(" -s %c", row->letter);
    switch (row_kind(row)) {
    case VALUE_WORDS:
        fputs(" -x -a '", stdout);
        row_words_print(row);
        putchar('\'');
        break;
    case VALUE_REPORT:
        fputs(" -x -a '", stdout);
        formats_print();
        putchar('\'');
        break;
    case VALUE_FILE: fputs(" -r -F", stdout); break;
    case VALUE_PROFILE: fputs(" -x -a '(__mailfrom_told profiles)'", stdout); break;
    case VALUE_RUN: fputs(" -x -a '(__mailfrom_told runs)'", stdout); break;
    case VALUE_FREE: fputs(" -x", stdout); break;
    case VALUE_NONE: break;
    }
    fputs(" -d ", stdout);
    fish_text(row->help);
    putchar('\n');
}

static void fish_print(void)
{
    fputs("# fish completion of mailfrom, made by: mailfrom completion fish\n"
          "function __mailfrom_told\n"
          "    set -l words (commandline -opc)\n"
          "    set -l journal\n"
          "    for i in (seq (count $words))\n"
          "        string match -q -- '--journal=*' $words[$i]; and set journal $words[$i]\n"
          "        test \"$words[$i]\" = --journal; and set journal --journal $words[(math $i + "
          "1)]\n"
          "    end\n"
          "    command $words[1] completion $argv[1] $journal 2>/dev/null\n"
          "end\n"
          "complete -c mailfrom -f\n"
          "complete -c mailfrom -n __fish_use_subcommand -l version -s V\n"
          "complete -c mailfrom -n __fish_use_subcommand -l help -s h\n"
          "complete -c mailfrom -n __fish_use_subcommand -a 'help version'\n",
          stdout);
    for (const struct verb_row *v = verb_rows; v->name; v++) {
        printf("complete -c mailfrom -n __fish_use_subcommand -a %s -d ", v->name);
        fish_text(v->summary);
        printf("\ncomplete -c mailfrom -n '__fish_seen_subcommand_from %s' ", v->name);
        if (verb_takes_files(v) && verb_takes_run(v)) {
            fputs("-F -k -a '(__mailfrom_told runs)'\n", stdout);
        } else if (verb_takes_files(v)) {
            fputs("-F\n", stdout);
        } else if (verb_takes_run(v)) {
            fputs("-k -a '(__mailfrom_told runs)'\n", stdout);
        } else {
            fputs("-a '", stdout);
            arguments_print(v);
            fputs("'\n", stdout);
        }
    }
    for (const struct option_row *row = option_rows; row->name; row++)
        fish_option(row);
}

/* What the scripts ask for */

static void told_print(struct text name, const char *what)
{
    if (text_is_visible(name)) /* a line each, and nothing for a terminal to obey */
        printf(TEXT_FMT "\t%s\n", TEXT_ARG(name), what);
}

static enum err profiles_tell(const struct options *o, struct why *why)
{
    struct arena arena;
    struct text *names;
    uint32_t len = 0;
    (void)o;
    arena_init(&arena, SIZE_MAX);
    enum err err = credential_profiles(&arena, &names, &len, why);
    for (uint32_t i = 0; err == OK && i < len; i++)
        told_print(names[i], "AWS profile");
    arena_clear(&arena);
    return err;
}

static bool run_tell(void *ctx, const struct run_head *head)
{
    char id[24], what[128], started[WHEN_LEN];
    (void)ctx;
    snprintf(id, sizeof id, "%llu", (unsigned long long)head->id);
    snprintf(what, sizeof what, "%s of %s, %s", journal_verb_name(head->verb),
             when_format(head->started, started), journal_state_name(head->state));
    told_print(text_of(id), what);
    return true;
}

static enum err runs_tell(const struct options *o, struct why *why)
{
    struct run r;
    const struct run_config config = {.access = &o->access, .journal = options_journal(o)};
    run_init(&r, &config);
    enum err err = run_journal(&r, JOURNAL_READ, why);
    if (err == OK)
        err = journal_runs(r.journal, run_tell, NULL, why);
    run_clear(&r);
    return err;
}

int verb_completion(const struct options *o)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};
    const char *shell = o->arguments_len == 1 ? o->arguments[0] : "";
    for (size_t i = 0; i < COUNT(shells); i++) {
        if (strcmp(shell, shells[i].name) == 0) {
            shells[i].print();
            return EXIT_OK;
        }
    }
    struct why why = {""};
    enum err (*tell)(const struct options *o, struct why *why) =
        strcmp(shell, "profiles") == 0 ? profiles_tell
        : strcmp(shell, "runs") == 0   ? runs_tell
                                       : NULL;
    if (tell && tell(o, &why) == OK)
        return EXIT_OK;
    if (tell)
        message_error("%s", why.text);
    else if (o->arguments_len == 0)
        message_error("completion: no shell given, expected bash, zsh or fish");
    else
        message_error("completion: found \"%s\", expected bash, zsh or fish",
                      o->arguments[o->arguments_len - 1]);
    return EXIT_CANNOT_RUN;
}
