/* inspect: names are asked of live DNS and printed in their order. */
#include "access/dns_wire.h"
#include "access/lanes.h"
#include "base/bounds.h"
#include "inspect/inspect_ask.h"
#include "kinds.h"
#include "rules/feedback.h"
#include "rules/idna.h"
#include "ui/inspect_json.h"
#include "ui/inspect_names.h"
#include "ui/inspect_text.h"
#include "ui/messages.h"
#include "verbs.h"

struct inspection {
    struct survey_options survey;
    struct text from; /* A-labels; empty: DMARC is not asked for */
    struct text region;
};

struct printing {
    const struct options *options;
    struct text region; /* of feedback hosts in sentences */
    bool json;
    size_t printed;
    size_t refused; /* names that plan would refuse as they are */
};

static void written(void *context, struct buf *out, const struct survey *s)
{
    struct printing *p = context;
    struct inspect_verdict v;
    inspect_verdict_make(&v, s, p->region, text_of(p->options->access.feedback_host));
    if (v.judgement.out_of_memory)
        buf_reset(out);
    else if (p->json)
        inspect_json(out, s, &v);
    else
        inspect_text(out, s, &v, p->options);
    p->refused += v.judgement.errors != 0;
    inspect_verdict_clear(&v);
}

static void print(void *context, struct text t, instant_us now)
{
    (void)now;
    struct printing *p = context;
    if (p->printed++)
        fputs(p->json ? ",\n" : "\n", stdout);
    fwrite(t.at, 1, t.len, stdout);
}

/* An address as mail has it, "<a@b>" or "Name <a@b>", without its brackets. */
static struct text bare_address(const char *value)
{
    struct text t = text_trim(text_of(value));
    size_t open = t.len && t.at[0] == '<' ? 0 : text_rfind(t, '<');
    if (t.len && t.at[t.len - 1] == '>' && open < t.len)
        return text_slice(t, open + 1, t.len - 1);
    return t;
}

static bool is_ascii(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] >= 0x80)
            return false;
    return true;
}

/* What the options are read with. */
struct reading {
    struct arena *arena;
    struct buf shown; /* a value in a sentence */
    struct why *why;
};

/* A domain, or an address at it. */
static enum err from_read(struct reading *r, const char *value, struct text *out)
{
    const char *fault;
    if (!value)
        return OK;
    struct text domain = bare_address(value);
    size_t at = text_rfind(domain, '@');
    if (at < domain.len)
        domain = text_from(domain, at + 1);
    if (idna_name_read(r->arena, domain, out, &fault))
        return OK;
    return why_set(r->why, ERR_INPUT, "--from: \"%s\" is neither a name nor an address at one: %s",
                   message_value(&r->shown, text_of(value)), fault);
}

/* A-labels for the U-labels of a name; what is no name stays, because mail has such. */
static struct text a_labels(struct reading *r, struct text t)
{
    const char *fault;
    struct text name;
    return !is_ascii(t) && idna_name_read(r->arena, t, &name, &fault) ? name : t;
}

/* Clients say anything in HELO: "localhost", "[192.0.2.1]". */
static enum err helo_read(struct reading *r, const char *value, struct text *out)
{
    *out = a_labels(r, text_of(value));
    return out->len <= NAME_LEN_MAX
               ? OK
               : why_set(r->why, ERR_INPUT, "--helo is longer than %d characters", NAME_LEN_MAX);
}

static enum err sender_read(struct reading *r, const char *value, struct survey_options *o)
{
    struct text sender = bare_address(value);
    size_t at = text_rfind(sender, '@');
    struct text local = text_slice(sender, 0, at), domain = text_from(sender, at + 1);
    struct text name = a_labels(r, domain);
    o->sender_is_null = value && sender.len == 0;
    if (sender.len > NAME_LEN_MAX)
        return why_set(r->why, ERR_INPUT, "--sender is longer than %d characters", NAME_LEN_MAX);
    o->sender = text_eq(name, domain)
                    ? sender
                    : arena_fmt(r->arena, TEXT_FMT "@" TEXT_FMT, TEXT_ARG(local), TEXT_ARG(name));
    return o->sender.at || !sender.at ? OK : why_set(r->why, ERR_NOMEM, "out of memory");
}

static enum err mail_read(struct reading *r, const struct options *o, struct survey_options *survey)
{
    if (o->spf_check && !spf_address_parse(text_of(o->spf_check), &survey->client))
        return why_set(r->why, ERR_INPUT, "--spf-check takes an IPv4 or IPv6 address, not \"%s\"",
                       message_value(&r->shown, text_of(o->spf_check)));
    if (!o->spf_check && (o->sender || o->helo))
        return why_set(r->why, ERR_INPUT, "--sender and --helo need --spf-check ADDRESS");
    enum err err = sender_read(r, o->sender, survey);
    return err == OK ? helo_read(r, o->helo, &survey->helo) : err;
}

static enum err inspection_read(struct inspection *i, const struct options *o, struct arena *arena,
                                struct why *why)
{
    struct text region;
    struct reading r = {.arena = arena, .why = why};
    enum err err = lanes_usual_region(&o->access, TEXT_NONE, arena, &region, why);
    if (err != OK && region.len) /* what is set is no Region; files that fail matter to no DNS */
        return err;
    *i = (struct inspection){.survey = {.mode = access_dns_mode(&o->access),
                                        .authority_port = o->access.authority_port,
                                        .checks = o->spf_check != NULL,
                                        .closer = true},
                             .region = region.len ? region : TEXT(FEEDBACK_REGION_UNKNOWN)};
    buf_init(&r.shown, LINE_LEN_MAX);
    err = mail_read(&r, o, &i->survey);
    if (err == OK)
        err = from_read(&r, o->from, &i->from);
    buf_clear(&r.shown);
    return err;
}

static enum err names_ask(struct wire *wire, struct inspection *i,
                          const struct inspect_names *names, struct printing *p, size_t *troubled,
                          struct why *why)
{
    const struct inspect_out out = {p, written, print};
    const struct io io = wire_io(wire);
    i->survey.time_s = wire_now(wire) / 1000000;
    if (p->json)
        fputs("[\n", stdout);
    enum err err =
        inspect_ask(&io, &i->survey, i->from, names->list, names->len, &out, troubled, why);
    if (p->json && err == OK)
        fputs("\n]\n", stdout);
    return err;
}

/* Signals are left as they are: nothing is changed by asking, so Ctrl-C may end it at any instant,
 * and JSON that was cut off shows it. */
static enum err names_inspect(const struct options *o, struct inspection *i,
                              const struct inspect_names *names, bool *whole, struct why *why)
{
    size_t troubled = 0;
    struct printing p = {.options = o, .region = i->region, .json = o->json};
    struct wire *wire = NULL;
    enum err err = dns_wire_open(&wire, &o->access, why);
    if (err == OK)
        err = names_ask(wire, i, names, &p, &troubled, why);
    wire_close(wire);
    *whole = troubled == 0 && p.refused == 0;
    return err;
}

int verb_inspect(const struct options *o)
{
    struct why why = {""};
    struct inspect_names names;
    struct inspection inspection;
    struct suffix_list *suffixes = NULL;
    bool whole = false; /* every question has an answer, and no name would be refused */
    inspect_names_init(&names);
    enum err err = inspection_read(&inspection, o, &names.arena, &why);
    if (err == OK)
        err = kinds_names_vet(o, &why);
    if (err == OK)
        err = inspect_names_read(&names, o->arguments, o->arguments_len, &why);
    if (err == OK)
        err = suffix_list_open(&suffixes, o->access.psl_file, &why);
    inspection.survey.suffixes = suffixes;
    if (err == OK)
        err = names_inspect(o, &inspection, &names, &whole, &why);
    if (err != OK)
        message_error("%s", why.text);
    suffix_list_close(suffixes);
    inspect_names_clear(&names);
    if (err != OK)
        return EXIT_CANNOT_RUN;
    return whole ? EXIT_OK : EXIT_TROUBLE;
}
