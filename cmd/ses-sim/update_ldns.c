/*
 * Duty: everything that ses-sim wants of ldns: values and files in the form of zone files, and
 * dynamic updates (RFC 2136) with TSIG (RFC 8945) over TCP. Invariant: in one update every set goes
 * before anything comes, so an alias may make room for other types.
 */
#include "zones.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_TEXT_MAX (32u << 10) /* a value of 4,000 characters, each escaped, and its name */
#define MESSAGE_OCTETS  48000       /* of records in one message; with TCP, 65,535 in all */
#define TIMEOUT_S       5
#define FUDGE_S         300

struct update {
    ldns_rdf *zone;
    ldns_rr_list *gone, *come;
};

/* Text to records */

/* A name as zone files have it, with what is special in them as "\DDD". */
static void name_write(struct buf *out, struct text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (char_is_alnum(c) || text_find(TEXT("-_.*"), c) < 4)
            buf_add_char(out, c);
        else
            buf_add_fmt(out, "\\%03u", (unsigned)(unsigned char)c);
    }
    buf_add_char(out, '.');
}

static ldns_rr *record_make(struct text name, uint32_t ttl_s, struct text type, struct text value)
{
    struct buf line;
    ldns_rr *rr = NULL;
    buf_init(&line, RECORD_TEXT_MAX);
    name_write(&line, name);
    buf_add_fmt(&line, " %u IN " TEXT_FMT " ", ttl_s, TEXT_ARG(type));
    buf_add_text(&line, value);
    ldns_rdf *root = ldns_dname_new_frm_str(".");
    if (line.failed || !root || ldns_rr_new_frm_str(&rr, line.at, 0, root, NULL) != LDNS_STATUS_OK)
        rr = NULL;
    ldns_rdf_deep_free(root);
    buf_clear(&line);
    return rr;
}

bool record_value_fits(struct text type, struct text value)
{
    ldns_rr *rr = record_make(TEXT("example"), 300, type, value);
    ldns_rr_free(rr);
    return rr != NULL;
}

/* Zone files */

static char *lowered(char *name)
{
    for (char *c = name; c && *c; c++)
        *c = char_lower(*c);
    return name;
}

/* The values of a record, joined by blanks, as ldns writes them: names with their final dots. */
static enum err record_tell(const ldns_rr *rr, zone_file_found *found, void *user, struct why *why)
{
    char *name = lowered(ldns_rdf2str(ldns_rr_owner(rr)));
    char *type = ldns_rr_type2str(ldns_rr_get_type(rr));
    struct buf value;
    enum err err = ERR_NOMEM;
    buf_init(&value, RECORD_TEXT_MAX);
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        char *one = ldns_rdf2str(ldns_rr_rdf(rr, i));
        buf_add_fmt(&value, "%s%s", i ? " " : "", one ? one : "");
        free(one);
    }
    if (name && type && !value.failed) {
        struct text whole = text_of(name);
        err = found(user, text_slice(whole, 0, whole.len - 1), ldns_rr_ttl(rr), text_of(type),
                    buf_text(&value), why);
    }
    buf_clear(&value);
    free(name);
    free(type);
    return err;
}

enum err zone_file_read(const char *file, struct text zone, zone_file_found *found, void *user,
                        struct why *why)
{
    struct buf apex;
    ldns_rdf *before = NULL;
    uint32_t ttl_s = 3600;
    int line = 0;
    enum err err = OK;
    FILE *f = fopen(file, "re");
    if (!f)
        return why_set(why, ERR_IO, "cannot open %s: %s", file, strerror(errno));
    buf_init(&apex, RECORD_TEXT_MAX);
    name_write(&apex, zone);
    ldns_rdf *origin = apex.failed ? NULL : ldns_dname_new_frm_str(apex.at);
    while (err == OK && !feof(f)) {
        ldns_rr *rr = NULL;
        ldns_status status = ldns_rr_new_frm_fp_l(&rr, f, &ttl_s, &origin, &before, &line);
        if (status == LDNS_STATUS_OK)
            err = record_tell(rr, found, user, why);
        else if (status != LDNS_STATUS_SYNTAX_EMPTY && status != LDNS_STATUS_SYNTAX_TTL &&
                 status != LDNS_STATUS_SYNTAX_ORIGIN)
            err = why_set(why, ERR_INPUT, "%s:%d: %s", file, line, ldns_get_errorstr_by_id(status));
        ldns_rr_free(rr);
    }
    ldns_rdf_deep_free(origin);
    ldns_rdf_deep_free(before);
    buf_clear(&apex);
    fclose(f);
    return err;
}

/* Updates */

struct update *update_new(struct text zone)
{
    struct update *u = calloc(1, sizeof *u);
    struct buf name;
    buf_init(&name, RECORD_TEXT_MAX);
    name_write(&name, zone);
    if (u && !name.failed) {
        u->zone = ldns_dname_new_frm_str(name.at);
        u->gone = ldns_rr_list_new();
        u->come = ldns_rr_list_new();
    }
    buf_clear(&name);
    if (u && u->zone && u->gone && u->come)
        return u;
    update_free(u);
    return NULL;
}

void update_free(struct update *u)
{
    if (!u)
        return;
    ldns_rdf_deep_free(u->zone);
    ldns_rr_list_deep_free(u->gone);
    ldns_rr_list_deep_free(u->come);
    free(u);
}

bool update_clear_set(struct update *u, struct text name, struct text type)
{
    struct buf owner;
    char word[32];
    ldns_rr *rr = ldns_rr_new();
    buf_init(&owner, RECORD_TEXT_MAX);
    name_write(&owner, name);
    snprintf(word, sizeof word, TEXT_FMT, TEXT_ARG(type));
    bool ok = rr && !owner.failed;
    if (ok) {
        ldns_rr_set_owner(rr, ldns_dname_new_frm_str(owner.at));
        ldns_rr_set_type(rr, ldns_get_rr_type_by_name(word));
        ldns_rr_set_class(rr, LDNS_RR_CLASS_ANY);
        ldns_rr_set_ttl(rr, 0);
        ok = ldns_rr_owner(rr) && ldns_rr_list_push_rr(u->gone, rr);
    }
    if (!ok)
        ldns_rr_free(rr);
    buf_clear(&owner);
    return ok;
}

bool update_add(struct update *u, struct text name, uint32_t ttl_s, struct text type,
                struct text value)
{
    ldns_rr *rr = record_make(name, ttl_s, type, value);
    if (rr && ldns_rr_list_push_rr(u->come, rr))
        return true;
    ldns_rr_free(rr);
    return false;
}

/* Sending */

static enum err answer_judge(const uint8_t *bytes, size_t len, struct why *why)
{
    ldns_pkt *answer = NULL;
    enum err err = OK;
    if (ldns_wire2pkt(&answer, bytes, len) != LDNS_STATUS_OK)
        return why_set(why, ERR_PROTO, "an update has no readable answer");
    if (ldns_pkt_get_rcode(answer) != LDNS_RCODE_NOERROR) {
        char *word = ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer));
        err = why_set(why, ERR_PROTO, "an update is answered with %s", word ? word : "an error");
        free(word);
    }
    ldns_pkt_free(answer);
    return err;
}

static bool message_sign(ldns_pkt *message, const struct zone_server *to)
{
    char name[256], secret[256], algorithm[32];
    if (to->key_name.len == 0)
        return true;
    snprintf(name, sizeof name, TEXT_FMT ".", TEXT_ARG(to->key_name));
    snprintf(secret, sizeof secret, TEXT_FMT, TEXT_ARG(to->key_secret));
    snprintf(algorithm, sizeof algorithm, TEXT_FMT ".", TEXT_ARG(to->key_algorithm));
    return ldns_pkt_tsig_sign(message, name, secret, FUDGE_S, algorithm, NULL) == LDNS_STATUS_OK;
}

static enum err message_send(const struct update *u, const ldns_rr_list *part,
                             const struct zone_server *to, struct why *why)
{
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    socklen_t len =
        to->address.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum err err = ERR_NOMEM;
    ldns_pkt *message =
        ldns_update_pkt_new(ldns_rdf_clone(u->zone), LDNS_RR_CLASS_IN, NULL, part, NULL);
    ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
    if (message && wire) {
        ldns_pkt_set_rd(message, false);
        ldns_pkt_set_random_id(message);
        if (!message_sign(message, to) || ldns_pkt2buffer_wire(wire, message) != LDNS_STATUS_OK)
            err = why_set(why, ERR_INPUT, "an update cannot be written or signed");
        else if (ldns_tcp_send(&bytes, wire, &to->address, len, timeout, &size) != LDNS_STATUS_OK)
            err = why_set(why, ERR_IO, "an update finds no server, or no answer");
        else
            err = answer_judge(bytes, size, why);
    }
    free(bytes);
    ldns_buffer_free(wire);
    ldns_pkt_free(message);
    return err;
}

/* The part borrows its records; a message is full when the next would make it too long. */
static enum err list_send(const struct update *u, const ldns_rr_list *all, ldns_rr_list *part,
                          size_t *octets, const struct zone_server *to, struct why *why)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(all); i++) {
        ldns_rr *rr = ldns_rr_list_rr(all, i);
        size_t size = ldns_rr_uncompressed_size(rr);
        if (*octets + size > MESSAGE_OCTETS) {
            enum err err = message_send(u, part, to, why);
            if (err != OK)
                return err;
            ldns_rr_list_set_rr_count(part, 0);
            *octets = 0;
        }
        if (!ldns_rr_list_push_rr(part, rr))
            return why_set(why, ERR_NOMEM, "out of memory");
        *octets += size;
    }
    return OK;
}

enum err update_send(const struct update *u, const struct zone_server *to, struct why *why)
{
    ldns_rr_list *part = ldns_rr_list_new();
    size_t octets = 0;
    if (!part)
        return why_set(why, ERR_NOMEM, "out of memory");
    enum err err = list_send(u, u->gone, part, &octets, to, why);
    if (err == OK)
        err = list_send(u, u->come, part, &octets, to, why);
    if (err == OK && octets)
        err = message_send(u, part, to, why);
    ldns_rr_list_free(part);
    return err;
}
