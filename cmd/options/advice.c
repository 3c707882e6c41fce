/*
 * Commands to be pasted: words are quoted for a POSIX shell, options are taken by the verb's
 * table.
 */
#include "advice.h"

#include "aws/variables.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/escape.h"
#include "journal/store_postgres/store_postgres.h"
#include "option_rows.h"
#include "verb_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void word_add(struct buf *out, const char *word)
{
    escape_shell(out, text_of(word));
}

static bool takes(const struct verb_row *verb, const char *option)
{
    for (const struct option_row *row = option_rows; row->name; row++)
        if (strcmp(row->name, option) == 0 && row->set && option_is_for(verb->options, row))
            return true;
    return false;
}

/* Settings of AWS that this process was given and a pasted command may not be. */
static void environment_add(struct buf *out)
{
    for (int v = 0; v < AWS_VARIABLES; v++) {
        const char *value = aws_variable_value((enum aws_variable)v);
        if (!value)
            continue;
        buf_add_fmt(out, "%s=", aws_variable_name((enum aws_variable)v));
        word_add(out, value);
        buf_add_char(out, ' ');
    }
}

static void option_add(struct buf *out, const struct verb_row *verb, const char *name,
                       const char *value)
{
    if (!value || !*value || !takes(verb, name))
        return;
    buf_add_fmt(out, " --%s ", name);
    word_add(out, value);
}

/* The part of the fleet that was meant: a pasted command must not do more. */
static void selection_add_words(struct buf *out, const struct options *o,
                                const struct verb_row *verb)
{
    for (uint32_t i = 0; i < o->selection.len; i++) {
        const struct selection_value *v = &o->selection.values[i];
        bool is_region = v->kind == SELECT_REGION;
        if (!is_region || !o->access.region)
            option_add(out, verb, is_region ? "regions" : selection_option(v->kind), v->given);
    }
}

static const char *taken(struct advice *a, struct buf *out)
{
    snprintf(a->text, sizeof a->text, TEXT_FMT, TEXT_ARG(buf_text(out)));
    buf_clear(out);
    return a->text;
}

const char *advice_make(struct advice *a, const struct options *o, const char *verb,
                        const char *words)
{
    struct buf out;
    const struct verb_row *row = verb_row_find(verb);
    buf_init(&out, sizeof a->text);
    assert(row); /* advice names verbs of ours */
    if (row->options & OPTIONS_LIVE)
        environment_add(&out);
    buf_add_fmt(&out, "mailfrom %s%s%s", verb, *words ? " " : "", words);
    char rate[32] = "", port[16] = "", timeout[WHEN_LEN] = "";
    const char *journal = o->journal ? o->journal : getenv("MAILFROM_JOURNAL");
    if (o->access.rate_per_s > 0)
        snprintf(rate, sizeof rate, "%.10g", o->access.rate_per_s);
    if (o->access.authority_port)
        snprintf(port, sizeof port, "%u", o->access.authority_port);
    if (o->access.call_timeout_us != CALL_TIMEOUT_DEFAULT)
        span_write(o->access.call_timeout_us, timeout);
    const struct {
        const char *name, *value;
    } all[] = {
        {"journal", journal},
        {"profile", o->access.profile},
        {"region", o->access.region},
        {"endpoint-url", o->access.endpoint_url},
        {"resolver", o->access.resolver},
        {"dns", o->access.dns},
        {"authority-port", port},
        {"psl-file", o->access.psl_file},
        {"feedback-host", o->access.feedback_host},
        {"ca-bundle", o->access.ca_bundle},
        {"call-timeout", timeout},
        {"rate", rate},
        {"read-api", o->access.read_api},
        {"write-api", o->access.write_api},
    };
    for (size_t i = 0; i < COUNT(all); i++)
        option_add(&out, row, all[i].name, all[i].value);
    selection_add_words(&out, o, row);
    return taken(a, &out);
}

const char *advice_worker(struct advice *a, const struct options *o)
{
    char url[sizeof a->text];
    struct options bare = *o;
    if (options_journal_is_shared(o) && strlen(options_journal(o)) < sizeof url)
        bare.journal = postgres_journal_bare(options_journal(o), url);
    return advice_make(a, &bare, "work", "");
}

const char *advice_worker_words(const struct options *o)
{
    char url[sizeof((struct advice *)NULL)->text];
    const char *name = options_journal(o);
    if (!options_journal_is_shared(o) || strlen(name) >= sizeof url ||
        strcmp(postgres_journal_bare(name, url), name) == 0)
        return "";
    return " (as a role that carries lanes: user=ROLE in the URL)";
}

const char *advice_run(struct advice *a, const struct options *o, const char *verb, uint64_t id,
                       const char *more)
{
    char words[64];
    snprintf(words, sizeof words, "%" PRIu64 "%s%s", id, *more ? " " : "", more);
    return advice_make(a, o, verb, words);
}

const char *advice_plan(struct advice *a, const struct options *o, const char *plan)
{
    struct buf out;
    const struct verb_row *apply = verb_row_find("apply");
    buf_init(&out, sizeof a->text);
    buf_add_str(&out, "mailfrom apply");
    option_add(&out, apply, "plan", plan);
    option_add(&out, apply, "region", o->access.region);
    selection_add_words(&out, o, apply);
    if (o->selection.limit)
        buf_add_fmt(&out, " --limit %u", o->selection.limit);
    return taken(a, &out);
}

const char *advice_word(struct advice *a, const char *word)
{
    struct buf out;
    buf_init(&out, sizeof a->text);
    word_add(&out, word);
    return taken(a, &out);
}
