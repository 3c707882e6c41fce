/*
 * DNS records for their owners: record sets in, bytes out, in the format of the owner's DNS. Pure
 * except for the file at the end; engine/handoff makes the sets.
 *
 * Every text of a set may come from live DNS and so from strangers; each format neutralizes text in
 * its own way, and a set beyond a format's syntax is left out and counted.
 */
#ifndef MF_RECORDS_H
#define MF_RECORDS_H

#include "base/error.h"
#include "base/text.h"
#include "base/when.h"
#include "csv_line.h"

enum records_type { RECORDS_MX, RECORDS_TXT, RECORDS_TYPES };

/* One value of a set. */
struct records_value {
    uint16_t preference; /* MX */
    struct text data;    /* MX: the exchange, "" is the null MX; TXT: all strings joined, raw */
    struct text cuts;    /* TXT: the length of each string as published; empty: after 255 octets */
};

enum records_action {
    RECORDS_ADD,     /* the value is not there */
    RECORDS_REPLACE, /* takes the place of there[replaced] */
    RECORDS_KEEP,    /* exists already: there[replaced] */
    RECORDS_BLOCKED, /* a person has to decide or to look first; see reason */
};

/* The wanted change of one type at one name. */
struct records_set {
    struct text zone, name; /* A-labels, lower case; name is zone or below it */
    bool zone_known; /* DNS or the user named the zone; otherwise zone is the organizational domain
                      */
    struct text unicode; /* name as U-labels; empty: name has none */
    enum records_type type;
    enum records_action action;
    struct records_value wanted;       /* printable ASCII; not with RECORDS_BLOCKED */
    const struct records_value *there; /* the records in DNS now, if asked */
    uint32_t there_len, replaced;      /* replaced: RECORDS_REPLACE and RECORDS_KEEP only */
    struct text reason;                /* RECORDS_BLOCKED: one printable sentence */
};

/* Sets in the order of the output: sets of a zone together, names in natural order, MX first. */
struct records_list {
    void *ctx;
    size_t len;
    /* name and zone live as long as the list, the rest until the next call. */
    void (*at)(void *ctx, size_t i, struct records_set *set);
};

/* May path be written? Says why not. */
typedef enum err records_vet(void *ctx, const char *path, struct why *why);

struct records_style {
    uint32_t ttl_s;
    struct text server;    /* nsupdate: the server to send to, "192.0.2.1 53"; empty: none named */
    struct text provider;  /* terraform: one of records_provider_name(); empty: the first */
    bool plain_semicolons; /* octodns: for escaped_semicolons: false */
    struct csv_dialect csv;
    instant_us now;   /* a folder keeps an index by this time (records_index.h); 0: it keeps none */
    bool is_part;     /* the list is a part: files of other zones in the folder are not judged */
    bool force;       /* files that the index does not name are overwritten */
    records_vet *vet; /* of a folder's files, asked before the first is written; NULL: any may */
    void *vet_ctx;
};

/* The result of a call. */
struct records_sum {
    uint64_t sets;             /* written, kept sets included */
    uint64_t left_out;         /* sets beyond the format's syntax */
    struct text left_out_name; /* the first set left out; lives as long as the list's texts */
    uint64_t zones, files;
    uint32_t fresh, changed, done; /* files of a folder with an index, since a day before */
};

bool records_format_known(struct text format);
/* The format at index i, or NULL past the last. */
const char *records_format_name(size_t i);

/* The provider of Terraform at index i, or NULL past the last. */
const char *records_provider_name(size_t i);

/* Names of one zone: "n2" before "n10", the zone itself first. For sorting; also of zones. */
int records_name_cmp(struct text a, struct text b);

bool records_path_is_folder(const char *path); /* true: path ends with a slash, or is a folder */
/* Can files be written into the folder, or the folder be made? Leaves no file behind. */
enum err records_folder_prove(const char *path, struct why *why);

/* Writes to path, "-" is standard output. For a folder or a path ending with a slash, writes a file
 * for each zone (and, for route53, for each batch); the folder is made if missing. Files are
 * written beside and renamed, each by itself. ERR_INPUT: no such format. */
enum err records_write(struct text format, const char *path, const struct records_list *list,
                       const struct records_style *style, struct records_sum *sum, struct why *why);

#endif
