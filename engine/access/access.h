/*
 * How SES and DNS are reached: options of the command line, or options kept in a journal or plan
 * file for later runs. Texts are borrowed; NULL is "not given".
 */
#ifndef MF_ACCESS_H
#define MF_ACCESS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/when.h"
#include "calls/budget.h"
#include "dns/inquiry.h"

struct access {
    const char *profile, *region, *endpoint_url, *ca_bundle;
    const char *read_api, *write_api; /* "v1", "v2"; for reads "auto", too */
    const char *dkim;                 /* "each", "none"; NULL: by the batch */
    const char *resolver, *dns;       /* dns: "authority", "recursive" */
    const char *feedback_host, *psl_file;
    const char *selection;   /* the words that chose the rows of the run, for people; NULL: all */
    uint16_t authority_port; /* 0: 53 */
    span_us call_timeout_us; /* of one request */
    double rate_per_s;       /* 0: not given */
    unsigned carriers;
    bool merges_spf; /* a published SPF record may replace one without Amazon SES */
    bool force;      /* only of a run that workers carry: run_config.force */
    bool verbose;    /* each call is told on standard error */
};

/* "v1", "v2", "auto" (begins with v1), or NULL for the default. */
enum api access_api(const char *wish, enum api usual);
enum dkim_wish access_dkim(const struct access *a);
/* How a lane with so many rows is read, as far as nothing is refused. */
struct lane_reading access_reading(const struct access *a, uint32_t rows);
/* dns, or the mode fitting the resolver: a given resolver is asked in recursive mode. */
enum inquiry_mode access_dns_mode(const struct access *a);

/* The options a resumed run needs again, as a JSON object in *arena; at == NULL when out of
 * memory. */
struct text access_write(const struct access *a, struct arena *arena);
/* The same for people: "--resolver 192.0.2.1 --rate 5"; "": nothing was given. */
void access_tell(const struct access *a, struct buf *out);
/* Fills the open members of *a from the kept options. Texts live in *arena. */
enum err access_read(struct access *a, struct text kept, struct arena *arena, struct why *why);

#endif
