/*
 * From a name to a verb.
 */
#include "base/count.h"
#include "inventory/discover_formats.h"
#include "journal/store_postgres/store_postgres.h"
#include "model/finding.h"
#include "notifying.h"
#include "options/help.h"
#include "options/together.h"
#include "options/verb_rows.h"
#include "outputs.h"
#include "submitting.h"
#include "ui/messages.h"
#include "ui/signals.h"
#include "ui/version.h"
#include "verbs.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

typedef int verb_function(const struct options *o);

/* Not in the table of verbs: it concerns no fleet, and most spell it --version. */
static const struct verb_row version_row = {
    "version",
    "",
    "",
    OPTIONS_VERSION,
    "Names the libraries it runs with; --verbose adds their licences, --format json is a bill of\n"
    "materials in CycloneDX. Also spelt --version and -V.",
    "mailfrom version --verbose"};

static int run_version(const struct options *o)
{
    version_print(o);
    return EXIT_OK;
}

static verb_function *function_of(const struct verb_row *row)
{
    static const struct {
        const char *name;
        verb_function *run;
    } functions[] = {
        {"check", verb_check},       {"discover", verb_discover},
        {"plan", verb_plan},         {"rehearse", verb_rehearse},
        {"apply", verb_apply},       {"resume", verb_resume},
        {"rollback", verb_rollback}, {"show", verb_show},
        {"status", verb_status},     {"report", verb_report},
        {"records", verb_records},   {"inspect", verb_inspect},
        {"explain", verb_explain},   {"completion", verb_completion},
        {"publish", verb_publish},   {"withdraw", verb_withdraw},
        {"due", verb_due},           {"version", run_version},
        {"watch", verb_watch},       {"pause", verb_pause},
        {"pace", verb_pace},         {"stop", verb_stop},
        {"work", verb_work},         {"journal", verb_journal},
        {"evidence", verb_evidence},
    };
    for (size_t i = 0; i < COUNT(functions); i++)
        if (strcmp(functions[i].name, row->name) == 0)
            return functions[i].run;
    assert(false && "every row has a function");
    abort();
}

static void print_usage(FILE *out)
{
    fputs("mailfrom moves fleets of Amazon SES identities to custom MAIL FROMs, and back.\n\n"
          "Usage: mailfrom VERB [arguments] [options]\n\n",
          out);
    for (const struct verb_row *v = verb_rows; v->name; v++) {
        fprintf(out, "  %-11s ", v->name);
        help_print(out, 14, text_of(v->summary));
    }
    fputs("\nExit codes:\n", out);
    exit_codes_print(out);
    fputc('\n', out);
    help_print(
        out, 0,
        TEXT("mailfrom VERB --help, or mailfrom help VERB, shows the options of a verb; they "
             "may stand before it. mailfrom version names the libraries."));
    fputs("\nBegin with:  mailfrom check fleet.yaml\n", out);
}

static int print_help(const struct verb_row *verb)
{
    printf("Usage: mailfrom %s%s%s [options]\n\n", verb->name, *verb->arguments ? " " : "",
           verb->arguments);
    help_print(stdout, 0, text_of(verb->help));
    printf("\nOptions:\n");
    options_print(stdout, verb->options);
    printf("\nExample: %s\n", verb->example);
    return message_flush(EXIT_OK);
}

/* Known by its name; NULL: told already. */
static const struct verb_row *verb_read(const char *name)
{
    const struct verb_row *verb =
        strcmp(name, version_row.name) == 0 ? &version_row : verb_row_find(name);
    enum finding rule;
    struct text_near near = {text_of(name), 3, NULL};
    if (verb)
        return verb;
    for (const struct verb_row *v = verb_rows; v->name; v++)
        text_near_try(&near, v->name);
    if (near.word)
        message_error("there is no verb \"%s\": did you mean %s?", name, near.word);
    else if (finding_parse(text_of(name), &rule))
        message_error("\"%s\" is a rule, not a verb: mailfrom explain %s", name, name);
    else if (access(name, F_OK) == 0)
        message_error("\"%s\" is a file, not a verb: mailfrom plan takes a manifest, mailfrom "
                      "--help lists the verbs",
                      name);
    else
        message_error("there is no verb \"%s\"; mailfrom --help lists them", name);
    return NULL;
}

/* Credentials must not end in a core file. A closed pipe must not end a run, nor a file at its size
 * limit: the failing write reports both. The parent process may have left SIGCHLD ignored; then the
 * exit status of a credential program would be lost. */
static void process_harden(void)
{
    struct rlimit no_core = {0, 0};
    /* The next opened file would get a closed descriptor below 3, and printed text would go into
     * this file: into the journal, for example. */
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    /* Signals without a meaning here would end the process by default: a stray one must not end a
     * run of three days. Real-time signals are ignored too. */
    static const int strangers[] = {SIGUSR1, SIGUSR2,   SIGALRM, SIGVTALRM,
                                    SIGPROF, SIGSTKFLT, SIGIO,   SIGPWR};
    for (size_t i = 0; i < COUNT(strangers); i++)
        signal(strangers[i], SIG_IGN);
    for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
        signal(i, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
}

/* Every verb takes --report, so that a script can pass one set of options to all; but nobody is to
 * wait for a file that does not come. */
static void unused_tell(const struct verb_row *verb, struct options *options)
{
    if (options->reports_len && !(verb->options & OPTIONS_REPORT)) {
        if (!options->quiet)
            message_note("note: %s makes no reports, so --report changes nothing here", verb->name);
        options->reports_len = 0;
    }
}

/* May --out be a folder? */
static bool takes_folder(const struct verb_row *verb, const struct options *o)
{
    return (verb->options & (OPTIONS_RECORDS | OPTIONS_DUE)) ||
           ((verb->options & OPTIONS_DISCOVER) && discover_format(&o->discover)->files);
}

/* Descriptors named by outputs are checked before a file of our own is open. */
static int verb_run(const struct verb_row *verb, struct options *options)
{
    struct arena paths;
    struct why why = {""};
    int code = EXIT_CANNOT_RUN;
    arena_init(&paths, SIZE_MAX);
    message_setup(options);
    unused_tell(verb, options);
    if (verb->options & (OPTIONS_LIVE | OPTIONS_DISCOVER))
        signals_early();
    else
        signals_usual();
    enum err err =
        verb->options & OPTIONS_JOURNAL ? journal_name_vet(options_journal(options), &why) : OK;
    if (err == OK)
        err = options_together_vet(options, verb->options, &why);
    if (err == OK)
        err = submitting_vet(options, verb->options, &why);
    if (err == OK)
        err = outputs_expand(options, &paths, &why);
    if (err == OK && !selection_settle(&options->selection, &paths))
        err = why_set(&why, ERR_LIMIT, "a selection has %d values at most", SELECTION_VALUES_MAX);
    options->discover.selection = &options->selection;
    if (err == OK)
        err = outputs_prove(options, verb->name, takes_folder(verb, options), &why);
    if (err == OK)
        err = notifying_open(options, verb->options, &why);
    if (err == OK)
        code = function_of(verb)(options);
    else
        message_error("%s: %s", verb->name, why.text);
    code = notifying_close(options, verb->options, code);
    arena_clear(&paths);
    return message_flush(code);
}

/* "help", "help VERB": the page of a verb, or the list of all. */
static int help_run(int words, char **word)
{
    while (words && word[0][0] == '-') /* help needs no options */
        words--, word++;
    if (words == 0 || strcmp(word[0], "help") == 0) {
        print_usage(stdout);
        return message_flush(EXIT_OK);
    }
    const struct verb_row *verb = verb_read(word[0]);
    return verb ? print_help(verb) : EXIT_CANNOT_RUN;
}

/* Without a verb, options can only ask for the version or for help. */
static int options_run(int argc, char **argv)
{
    struct options options;
    struct why why = {""};
    if (options_read(&options, version_row.options, argc, argv, &why) != OK) {
        message_error("%s", why.text);
        return EXIT_CANNOT_RUN;
    }
    if (options.version && !options.help)
        return verb_run(&version_row, &options);
    print_usage(options.help ? stdout : stderr);
    return message_flush(options.help ? EXIT_OK : EXIT_CANNOT_RUN);
}

int main(int argc, char **argv)
{
    struct options options;
    struct why why = {""};
    process_harden();
    if (!options_verb_first(argc - 1, argv + 1))
        return options_run(argc - 1, argv + 1);
    if (strcmp(argv[1], "help") == 0)
        return help_run(argc - 2, argv + 2);
    const struct verb_row *verb = verb_read(argv[1]);
    if (!verb)
        return EXIT_CANNOT_RUN;
    if (options_read(&options, verb->options, argc - 2, argv + 2, &why) != OK) {
        message_error("%s: %s", verb->name, why.text);
        return EXIT_CANNOT_RUN;
    }
    if (options.help)
        return print_help(verb);
    return verb_run(options.version ? &version_row : verb, &options);
}
