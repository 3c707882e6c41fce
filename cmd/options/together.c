/* A table of what is refused, asked once all options are read. */
#include "together.h"

#include "base/count.h"
#include "inventory/discover_formats.h"
#include "reports/deliver.h"

static bool names_run(const struct options *o)
{
    uint64_t id;
    return o->arguments_len == 1 && text_to_u64(text_of(o->arguments[0]), &id);
}

static bool selects(const struct options *o)
{
    return selection_chooses(&o->selection) || o->selection.limit;
}

static bool tells(const struct options *o)
{
    const struct notify_wish *n = &o->notify;
    return n->events || n->heartbeat || n->metrics || n->hooks_len || n->webhooks_len;
}

/* report writes CSV by itself, and a folder of due may have owners who want it. */
static bool writes_csv(const struct options *o, option_set verb)
{
    bool is_report =
        (verb & OPTIONS_REPORT) && !(verb & (OPTIONS_LIVE | OPTIONS_SHOW | OPTIONS_EVIDENCE));
    for (size_t i = 0; i < o->reports_len; i++)
        if (text_eq(o->reports[i].format, TEXT("csv")))
            return true;
    return (is_report && !o->reports_len) || options_format_is(o, "csv") ||
           discover_format(&o->discover)->document == discover_csv ||
           ((verb & OPTIONS_DUE) && o->out);
}

struct refusal {
    bool is_so;
    const char *sentence;
};

static enum err refusals_say(const struct refusal *list, size_t len, struct why *why)
{
    for (size_t i = 0; i < len; i++)
        if (list[i].is_so)
            return why_set(why, ERR_INPUT, "%s", list[i].sentence);
    return OK;
}

/* A run that is left to workers. */
static enum err submit_vet(const struct options *o, struct why *why)
{
    const struct refusal refused[] = {
        {o->dry_run,
         "--submit leaves the run to workers, and --dry-run carries out nothing: leave one out"},
        {o->no_wait || o->listen,
         "--submit ends at once, so it has no --no-wait and no --listen: mailfrom status --watch "
         "follows the run"},
        {o->reports_len,
         "--submit ends before anything has happened, so there is nothing to report: leave out "
         "--report. mailfrom report RUN writes it once workers have carried the run"},
        {o->give_up, "--give-up ends the run, and --submit leaves it to workers"},
        {tells(o),
         "--submit ends before anything has happened, so there is nothing to notify of: leave out "
         "--events, --hook, --webhook, --heartbeat and --metrics"},
    };
    return refusals_say(refused, COUNT(refused), why);
}

enum err options_together_vet(const struct options *o, option_set verb, struct why *why)
{
    const bool is_status = verb & OPTIONS_STATUS, is_due = verb & OPTIONS_DUE,
               is_records = verb & OPTIONS_RECORDS, is_apply = verb & OPTIONS_APPLY,
               is_watch = verb & OPTIONS_WATCH, is_discover = verb & OPTIONS_DISCOVER;
    const struct discover_format *format = discover_format(&o->discover);
    const bool joins = verb & (OPTIONS_APPLY | OPTIONS_PLAN | OPTIONS_REHEARSE);
    const bool takes_file = verb & (OPTIONS_PLAN | OPTIONS_DISCOVER | OPTIONS_RECORDS);
    const bool has_due_files = o->out && (!o->format || options_format_is(o, "nsupdate"));
    const struct refusal refused[] = {
        {is_status && o->all && o->arguments_len, "--all lists every run: name none"},
        {is_status && o->all && o->watch, "--all lists every run, and --watch follows one"},
        {is_status && o->all && o->json,
         "--all lists every run for people, and --format json prints one"},
        {is_status && o->all && selects(o),
         "--all lists runs, and a selection is of the identities of one"},
        {takes_file && o->force && !o->out, "--force overwrites the file of --out: give --out too"},
        {is_records && o->missing && o->live,
         "--missing and --live are two lists: only what is missing, or all beside what is there"},
        {is_records && o->server && !options_format_is(o, "nsupdate"),
         "--server is for --format nsupdate alone"},
        {is_due && o->server && !has_due_files,
         "--server is for files of nsupdate: give --out FOLDER, and no other --format"},
        {is_due && o->ttl_s != TTL_DEFAULT_S && !o->out,
         "--ttl is of the records in the files of --out: give --out FOLDER too"},
        {(is_due || is_records) && o->allow_empty && names_run(o),
         "--allow-empty is for manifests, and this is a run"},
        {(is_due || is_records) && o->all && names_run(o),
         "--all is of complaints about manifests, and this is a run"},
        {is_apply && o->plan && !o->arguments_len && (o->allow_empty || o->all),
         "--allow-empty and --all are for manifests, and --plan names none"},
        {joins && !o->publish && (o->access.merges_spf || o->ttl_s != TTL_DEFAULT_S),
         "--ttl and --merge-spf are of record sets that are created: give --publish too"},
        {is_watch && o->dry_run && (o->every || o->every_as_written),
         "--every remembers what it has seen, and --dry-run remembers nothing"},
        {is_watch && o->listen && !o->every && !o->every_as_written,
         "--listen serves a page of what is looked at again and again: give --every too"},
        {is_watch && options_format_is(o, "nagios") && (o->every || o->every_as_written),
         "--format nagios is one look for one line: leave out --every"},
        {is_watch && o->all && (o->json || options_format_is(o, "nagios")),
         "--all is for people: --format json has everything, and nagios one line"},
        {is_watch && o->allow_empty && names_run(o),
         "--allow-empty is for manifests, and this is a run"},
        {is_discover && format->is_code && (o->discover.mail_from || o->discover.replace),
         "--mail-from and --replace propose changes, and a format of infrastructure code has what "
         "is there: leave them out, or write a manifest (--format yaml), apply it and discover "
         "again"},
        {is_discover && !format->document && (!o->out || deliver_stream(o->out) >= 0),
         "this format writes several files: give --out FOLDER"},
        {o->dry_run && o->no_wait, "--dry-run writes nothing, so nothing is waited for: leave out "
                                   "--no-wait"},
        {!o->listen && (o->token_env || o->tls_cert || o->tls_key || o->listen_names_len),
         "--listen-name, --token-env, --tls-cert and --tls-key are of a live page: give --listen "
         "ADDRESS:PORT too"},
        {o->listen && is_status && !o->watch,
         "--listen follows a run on a live page: give --watch too"},
        {o->listen && (o->dry_run || o->give_up || (o->out && !is_due)),
         "--listen follows a run on a live page, and nothing is carried out here: leave it out"},
        {o->csv_dialect_is_given && !writes_csv(o, verb),
         "--csv-dialect and --csv-separator are of CSV, and none is written: give --report "
         "csv:FILE, or --format csv where there is one"},
        {o->give_up && (o->retry_failed || o->no_wait || o->force || o->refresh),
         "--give-up ends the run as it stands: leave out what would go on with it"},
    };
    enum err err = refusals_say(refused, COUNT(refused), why);
    return err == OK && o->submit ? submit_vet(o, why) : err;
}
