/*
 * ses-sim: a stand-in for Amazon SES on loopback. This file reads the options, puts the pieces
 * together, says `ready URL` when requests are served, and takes everything down on SIGTERM or
 * SIGINT.
 */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PEM_MAX (16u << 10)

static const char usage[] =
    "ses-sim {--identities FILE | --zones FILE}... [OPTION]...\n"
    "A stand-in for Amazon SES, STS, Organizations and Route 53 and for Cloudflare's\n"
    "DNS on loopback, for rehearsals and tests.\n"
    "\n"
    "  --identities FILE    CSV: account,region,identity,type,verified,mail_from,\n"
    "                       behavior,status,forwarding, and perhaps tags\n"
    "                       (team=shop;stage=prod) and dkim\n"
    "  --zones FILE         CSV: provider,account,id,name and perhaps state,\n"
    "                       name_servers,server,key,file: zones at Route 53 and\n"
    "                       Cloudflare. Changes go to the server, as dynamic updates\n"
    "  --endpoints FILE     CSV: account,name,primary,secondary and perhaps status:\n"
    "                       global endpoints\n"
    "  --recommendations FILE\n"
    "                       CSV: account,region,identity,type and perhaps impact,\n"
    "                       status,description: what the advisor of the Virtual\n"
    "                       Deliverability Manager recommends. It is enabled in the\n"
    "                       accounts and Regions of the file; a row without type has\n"
    "                       it enabled and recommends nothing\n"
    "  --organization FILE  CSV: id,parent,name and perhaps state,tags,role,\n"
    "                       external_id,regions: root, units and accounts of AWS\n"
    "                       Organizations; the parent of the root is the number of\n"
    "                       the management account\n"
    "  --organization-rate N\n"
    "                       calls per second of an account and action there, twice as\n"
    "                       many at once (8)\n"
    "  --credentials FILE   CSV: account,access_key_id,secret_access_key and perhaps\n"
    "                       session_token, deny (actions that IAM refuses: v1:*\n"
    "                       ses:Put*), state (sandbox or disabled) and only\n"
    "                       (zones=Z1|Z2 actions=CREATE types=MX|TXT\n"
    "                       names=bounce.*); otherwise the key AKIDEXAMPLE of\n"
    "                       AWS's examples of signing, whose secret is\n"
    "                       wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY, for account\n"
    "                       111122223333\n"
    "  --listen ADDR:PORT   a loopback address; port 0 takes a free one (127.0.0.1:0)\n"
    "  --tls DIR            serve HTTPS; writes ca.pem, server.pem and server-key.pem\n"
    "                       into DIR\n"
    "  --resolver HOST:PORT where MX records are looked up (the system's resolver)\n"
    "  --rate N             calls per second, per account, Region and action (1)\n"
    "  --burst N            calls at once after a pause (1)\n"
    "  --dns-rate N         calls per second of an account at Route 53, five times as\n"
    "                       many at once (10)\n"
    "  --publish-delay SEC  from a change of a zone to its publication, in scaled\n"
    "                       time (0: before the answer)\n"
    "  --time-scale X       how fast the 72-hour set-up runs: 3600 makes an hour a\n"
    "                       second (1)\n"
    "  --detect-after SEC   from a set to the first look at the MX, scaled (60)\n"
    "  --faults SPEC        throttle, http500, reset-before, reset-after, cut,\n"
    "                       expired=SHARE; stale=SHARE of reads, by a copy that is\n"
    "                       lag=SECONDS behind (30); outage=SHARE of the time, for\n"
    "                       SES; outage-lasts=SECONDS (60); of changes of zones:\n"
    "                       busy=SHARE (a prior request), silent (nothing is\n"
    "                       published), partial (one set of several is), writer\n"
    "                       (another operator comes first); delay=MS; skew=SECONDS;\n"
    "                       joined by commas\n"
    "  --seed N             of the faults (1)\n"
    "  --script FILE        CSV: second,account,region,identity,what,value: what\n"
    "                       others do so long after the start, in scaled time:\n"
    "                       verified, exists, mail_from, behavior, and of zones mx\n"
    "                       and txt, become the value; sending, of an account\n"
    "  --log FILE           one JSON line per call\n"
    "\n"
    "Prints `ready URL` when it serves. Example:\n"
    "  ses-sim --identities ids.csv --tls tls --resolver 127.0.0.1:5300 --rate 9\n";

struct sim_options {
    const char *identities, *zones, *endpoints, *recommendations, *organization, *credentials, *tls,
        *resolver, *script, *log;
    struct front_options front;
    struct ses_rules rules;
    struct sim_faults faults;
    double time_scale, dns_rate, organization_rate, publish_delay_s;
    bool help;
};

/* Options */

static enum err number_read(const char *name, const char *text, double least, double most,
                            double *out, struct why *why)
{
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || errno || !(*out >= least) || !(*out <= most))
        return why_set(why, ERR_INPUT, "--%s: '%s' is not a number from %g to %g", name, text,
                       least, most);
    return OK;
}

enum {
    IDENTITIES,
    ZONES,
    ENDPOINTS,
    RECOMMENDATIONS,
    ORGANIZATION,
    ORGANIZATION_RATE,
    CREDENTIALS,
    LISTEN,
    TLS,
    RESOLVER,
    RATE,
    BURST,
    DNS_RATE,
    PUBLISH_DELAY,
    TIME_SCALE,
    DETECT_AFTER,
    FAULTS,
    SEED,
    SCRIPT,
    LOG,
    HELP,
};

static const struct option names[] = {
    {"identities", required_argument, NULL, IDENTITIES},
    {"zones", required_argument, NULL, ZONES},
    {"endpoints", required_argument, NULL, ENDPOINTS},
    {"recommendations", required_argument, NULL, RECOMMENDATIONS},
    {"organization", required_argument, NULL, ORGANIZATION},
    {"organization-rate", required_argument, NULL, ORGANIZATION_RATE},
    {"credentials", required_argument, NULL, CREDENTIALS},
    {"listen", required_argument, NULL, LISTEN},
    {"tls", required_argument, NULL, TLS},
    {"resolver", required_argument, NULL, RESOLVER},
    {"rate", required_argument, NULL, RATE},
    {"burst", required_argument, NULL, BURST},
    {"dns-rate", required_argument, NULL, DNS_RATE},
    {"publish-delay", required_argument, NULL, PUBLISH_DELAY},
    {"time-scale", required_argument, NULL, TIME_SCALE},
    {"detect-after", required_argument, NULL, DETECT_AFTER},
    {"faults", required_argument, NULL, FAULTS},
    {"seed", required_argument, NULL, SEED},
    {"script", required_argument, NULL, SCRIPT},
    {"log", required_argument, NULL, LOG},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static enum err option_take(struct sim_options *o, int option, const char *value, struct why *why)
{
    double number = 0;
    enum err err = OK;
    switch (option) {
    case IDENTITIES: o->identities = value; break;
    case ZONES: o->zones = value; break;
    case ENDPOINTS: o->endpoints = value; break;
    case RECOMMENDATIONS: o->recommendations = value; break;
    case ORGANIZATION: o->organization = value; break;
    case ORGANIZATION_RATE:
        return number_read("organization-rate", value, 1e-3, 1e9, &o->organization_rate, why);
    case CREDENTIALS: o->credentials = value; break;
    case LISTEN: o->front.listen = value; break;
    case TLS: o->tls = value; break;
    case RESOLVER: o->resolver = value; break;
    case SCRIPT: o->script = value; break;
    case LOG: o->log = value; break;
    case HELP: o->help = true; break;
    case RATE: return number_read("rate", value, 1e-6, 1e9, &o->rules.rate_per_s, why);
    case BURST: return number_read("burst", value, 1, 1e9, &o->rules.burst, why);
    case DNS_RATE: return number_read("dns-rate", value, 1e-3, 1e9, &o->dns_rate, why);
    case PUBLISH_DELAY:
        return number_read("publish-delay", value, 0, 86400, &o->publish_delay_s, why);
    case TIME_SCALE: return number_read("time-scale", value, 1e-3, 1e6, &o->time_scale, why);
    case DETECT_AFTER:
        err = number_read("detect-after", value, 0, 72 * 3600, &number, why);
        o->rules.detect_after = (span_us)(number * 1e6);
        break;
    case FAULTS: return sim_faults_parse(&o->faults, value, why);
    case SEED:
        if (!text_to_u64(text_of(value), &o->faults.seed))
            err = why_set(why, ERR_INPUT, "--seed: '%s' is not a number", value);
        break;
    default: err = why_set(why, ERR_INPUT, "see ses-sim --help");
    }
    return err;
}

static enum err options_read(struct sim_options *o, int argc, char **argv, struct why *why)
{
    enum err err = OK;
    *o = (struct sim_options){.front.listen = "127.0.0.1:0",
                              .rules = ses_rules_default(),
                              .faults = {.seed = 1, .lag = SPAN_S(30), .outage_lasts = SPAN_M(1)},
                              .time_scale = 1,
                              .dns_rate = 10,
                              .organization_rate = 8};
    for (int option; err == OK && (option = getopt_long(argc, argv, "", names, NULL)) != -1;)
        err = option_take(o, option, optarg, why);
    if (err != OK || o->help)
        return err;
    if (optind < argc)
        return why_set(why, ERR_INPUT, "'%s' is not an option", argv[optind]);
    if (!o->identities && !o->zones)
        return why_set(why, ERR_INPUT,
                       "--identities FILE or --zones FILE is needed; see ses-sim --help");
    return OK;
}

/* The sim */

static enum err serve_until_signal(struct sim *s, const struct sim_options *o, struct why *why)
{
    struct front_options front = o->front;
    struct front *door = NULL;
    struct mx_lookup *lookups = NULL;
    struct script *script = NULL;
    struct buf certificate, key;
    sigset_t set;
    int got;
    enum err err = OK;
    buf_init(&certificate, PEM_MAX);
    buf_init(&key, PEM_MAX);
    /* Signals are blocked in every thread, so that only this wait meets them. */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (o->tls) {
        err = certificates_make(o->tls, &certificate, &key, why);
        front.certificate = certificate.at;
        front.key = key.at;
    }
    if (err == OK)
        err = mx_lookup_start(&lookups, s, o->resolver, why);
    if (err == OK)
        err = publisher_start(&s->publisher, s, (span_us)(o->publish_delay_s * 1e6), why);
    if (err == OK)
        err = script_start(&script, s, o->script, why);
    if (err == OK)
        err = front_open(&door, s, &front, why);
    if (err == OK) {
        printf("ready %s\n", front_url(door));
        fflush(stdout);
        sigwait(&set, &got);
    }
    front_close(door);
    script_stop(script);
    publisher_stop(s->publisher);
    mx_lookup_stop(lookups);
    buf_wipe(&key);
    buf_clear(&certificate);
    return err;
}

static enum err sim_open(struct sim *s, const struct sim_options *o, struct why *why)
{
    *s = (struct sim){.faults = o->faults,
                      .wake_fd = -1,
                      .meters = {.rate = o->dns_rate, .organization_rate = o->organization_rate}};
    pthread_mutex_init(&s->lock, NULL);
    clock_start(&s->clock, o->time_scale, o->faults.skew);
    keyring_init(&s->keys);
    enum err err = keyring_load(&s->keys, o->credentials, why);
    s->changes = calloc(SIM_CHANGES_MAX, sizeof *s->changes);
    if (err == OK && (!s->changes || !ses_past_init(&s->past, SIM_PAST_MAX)))
        err = why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = identities_load(s, o->identities, &o->rules, why);
    if (err == OK)
        err = advice_load(s, o->endpoints, o->recommendations, why);
    if (err == OK)
        err = organization_load(s, o->organization, why);
    if (err == OK)
        err = zones_load(s, o->zones, why);
    if (err == OK && o->log && !(s->log = fopen(o->log, "ae")))
        err = why_set(why, ERR_IO, "cannot write %s: %s", o->log, strerror(errno));
    if (err == OK && (s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        err = why_set(why, ERR_IO, "eventfd: %s", strerror(errno));
    return err;
}

static void sim_close(struct sim *s)
{
    if (s->log)
        fclose(s->log);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    zones_clear(&s->zones);
    meters_clear(&s->meters);
    identities_clear(s);
    advice_clear(s);
    table_clear(&s->organization);
    ses_past_clear(&s->past);
    keyring_clear(&s->keys);
    free(s->changes);
    pthread_mutex_destroy(&s->lock);
}

int main(int argc, char **argv)
{
    struct sim_options o;
    struct sim s;
    struct why why;
    enum err err = options_read(&o, argc, argv, &why);
    if (err == OK && o.help) {
        if (fputs(usage, stdout) != EOF && fflush(stdout) == 0)
            return 0;
        fprintf(stderr, "ses-sim: cannot write to standard output: %s\n", strerror(errno));
        return 1;
    }
    if (err == OK) {
        err = sim_open(&s, &o, &why);
        if (err == OK)
            err = serve_until_signal(&s, &o, &why);
        sim_close(&s);
    }
    if (err != OK)
        fprintf(stderr, "ses-sim: %s\n", why.text);
    return err == OK ? 0 : 1;
}
