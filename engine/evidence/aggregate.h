/*
 * DMARC aggregate reports: what a receiver has counted for one From domain and, mostly, one day
 * (RFC 7489, appendix C, and RFC 9990, section 3). The reader gives rows one by one; nothing of a
 * report is kept behind its last row.
 *
 * Reports come from strangers. A reader is bounded in all directions (base/bounds.h), asks nobody,
 * expands no entity, and follows no link; damage in one report is told and stops no other.
 */
#ifndef MF_AGGREGATE_H
#define MF_AGGREGATE_H

#include "base/error.h"
#include "base/text.h"
#include "base/when.h"

/* Results of authentication, RFC 8601; the words of either version. */
enum auth_result {
    AUTH_NONE,
    AUTH_PASS,
    AUTH_FAIL,
    AUTH_SOFTFAIL,
    AUTH_NEUTRAL,
    AUTH_POLICY,
    AUTH_TEMPERROR,
    AUTH_PERMERROR,
    AUTH_OTHER, /* a word unknown to this program */
    AUTH_RESULTS,
};
const char *auth_result_name(enum auth_result r); /* "softfail" */

/* What holds for all rows of a report. Texts live until the report ends. */
struct aggregate_report {
    struct text file; /* as named by the user; a member of an archive behind a '!' */
    struct text reporter, report_id;
    struct text domain;    /* policy_published; lower case, A-labels, no final dot */
    instant_us begin, end; /* date_range; begin <= end */
    bool is_rfc9990;       /* by its namespace */
    char p[16];            /* of the published policy: "none", "quarantine", "reject", "" */
};

struct aggregate_dkim {
    struct text domain, selector;
    enum auth_result result;
};
#define AGGREGATE_DKIM_MAX 32 /* more are counted and left out: dkim_more */

/* One row. Texts live until the callback returns; domains are lower case without final dot. */
struct aggregate_row {
    const struct aggregate_report *report;
    struct text source_ip; /* as in the report, vetted as an address */
    uint64_t messages;
    /* Never empty: where the report has no domain there, it is that of the policy. The second may
     * be empty: a reporter does not tell it, or it was that of a bounce. */
    struct text header_from, envelope_from;
    bool is_unjudged; /* policy_evaluated is not there, or tells neither of the next two */
    bool spf_aligned, dkim_aligned; /* policy_evaluated: pass, which includes alignment */
    char disposition[16];           /* "none", "pass", "quarantine", "reject", "" */
    struct text spf_domain;         /* auth_results: whom SPF was about: the MAIL FROM domain */
    enum auth_result spf_result;
    bool
        spf_is_helo; /* the report has SPF of the name in HELO alone, and spf_domain is that name */
    struct aggregate_dkim dkim[AGGREGATE_DKIM_MAX];
    uint32_t dkim_len, dkim_more;
};

/* What came of the files. A report that was given before, by reporter, id, domain and range, is
 * counted once, in whatever file it comes again. */
struct aggregate_counts {
    uint64_t files;       /* regular files that were looked into; members of archives are none */
    uint64_t reports;     /* whose rows were given */
    uint64_t duplicates;  /* reports given before, and not again */
    uint64_t rows;        /* given */
    uint64_t bad_files;   /* files and members that are not to be read, or no reports */
    uint64_t bad_reports; /* XML that is damaged or no report */
};

/* A complaint about one file or report: file:line:column where known, what was found, what was
 * expected; safe for a terminal. sentence lives until the function returns. */
struct aggregate_reader {
    void *ctx;
    instant_us now; /* a report that begins more than a day later is refused; 0: none is */
    /* A regular file is about to be read. False ends the reading early, as below. May be NULL. */
    bool (*open)(void *ctx, int fd, struct text name);
    /* False ends the reading early, without an error. A report's rows all come, or, when it turns
     * out to be damaged, none: the reader looks through the whole of it first. */
    bool (*row)(void *ctx, const struct aggregate_row *row);
    void (*complain)(void *ctx, const char *sentence);
    /* What is no damage, and gave nothing: as a complaint. May be NULL. */
    void (*note)(void *ctx, const char *sentence);
};

/* Reads files, and all files below folders (no links), in the order of names: XML, gzip of XML, zip
 * of those. Damaged ones are told and passed by. ERR_INPUT: a path is not there, and nothing was
 * read. ERR_LIMIT: too many reports to tell them apart; ERR_NOMEM. Rows before have been given. */
enum err aggregate_read(const char *const *paths, uint32_t paths_len,
                        const struct aggregate_reader *reader, struct aggregate_counts *counts,
                        struct why *why);

#endif
