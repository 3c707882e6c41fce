/*
 * Identities from infrastructure code: a Terraform state, a CloudFormation template, or cdk.out. A
 * row says what the code says: an identity whose MAIL FROM it sets keeps that; any other takes the
 * defaults of the manifest. The account is found by its number, once all accounts are read.
 *
 * The place of a row is that of the identity in the file.
 */
#include "base/content.h"
#include "base/escape.h"
#include "managed/managed.h"
#include "raw.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART_BYTES (4u << 20) /* of one read */

static struct text head_of(const struct source *s, unsigned char head[CONTENT_BYTES])
{
    return (struct text){(const char *)head, source_peek(s, head, CONTENT_BYTES)};
}

const char *managed_manifest_fault(const struct source *s)
{
    unsigned char bytes[CONTENT_BYTES];
    struct text head = head_of(s, bytes);
    switch (content_of(head)) {
    case CONTENT_STATE:
        return "is a Terraform state, expected a manifest: name it in identities_from of one";
    case CONTENT_TEMPLATE:
        return "is a CloudFormation template, expected a manifest: name it in identities_from of "
               "one";
    default: return managed_yaml_fault(head);
    }
}

/* A state holds secrets. */
static void document_free(char *bytes, size_t len)
{
    if (bytes)
        explicit_bzero(bytes, len);
    free(bytes);
}

/* The whole file, for document_free(). false: after raw_fail(). */
static bool document_read(struct raw *r, struct source *s, char **bytes, size_t *len)
{
    size_t cap = 0;
    long n;
    *bytes = NULL;
    *len = 0;
    do {
        if (cap - *len < PART_BYTES) {
            cap = cap ? cap * 2 : 2 * PART_BYTES;
            char *grown = malloc(cap);
            if (!grown) {
                raw_fail(r, ERR_NOMEM, "no memory for a file of identities");
                return false;
            }
            if (*len)
                memcpy(grown, *bytes, *len);
            document_free(*bytes, *len);
            *bytes = grown;
        }
        n = source_read(s, *bytes + *len, PART_BYTES);
        *len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    return n == 0;
}

static void put(struct raw *r, struct draft *d, const char *column, struct text t,
                struct source_place at)
{
    const struct key_rule *rule = column_find(text_of(column));
    draft_open(r, d, rule, at);
    draft_put(r, d, rule, t, at);
}

static void unclear_tell(struct raw *r, struct source_place at, const struct managed_setting *s)
{
    struct buf address, identity;
    buf_init(&address, 4 * NAME_LEN_MAX);
    buf_init(&identity, 4 * NAME_LEN_MAX);
    escape_terminal(&address, s->address);
    escape_terminal(&identity, s->identity);
    complain(r, at,
             TEXT_FMT " does not say in which account and Region it is, expected one, for " TEXT_FMT
                      " is in several here: terraform apply -refresh-only with version 6 of the "
                      "AWS provider writes the Region into the state",
             TEXT_ARG(buf_text(&address)), TEXT_ARG(buf_text(&identity)));
    buf_clear(&identity);
    buf_clear(&address);
}

static void row_take(struct raw *r, uint16_t file, const struct managed_setting *s)
{
    struct draft d;
    struct source_place at = {file, s->line, s->column};
    if (s->is_unclear) {
        unclear_tell(r, at, s);
        return;
    }
    draft_begin(&d, file, at);
    put(r, &d, "identity", s->identity, at);
    if (s->region.len)
        put(r, &d, "region", s->region, at);
    if (s->sets_mail_from)
        put(r, &d, "mail_from", s->mail_from.len ? s->mail_from : TEXT("default"), at);
    if (s->sets_mail_from && s->behavior.len)
        put(r, &d, "behavior_on_mx_failure", s->behavior, at);
    if (s->account.len)
        raw_name(r, s->account, &d.settings.account_number);
    if (draft_end(r, &d) && d.identity)
        raw_row_add(r, &d);
}

/* A file that a cloud assembly, or a template, names beside it. */
static void part_take(struct raw *r, uint16_t file, const struct managed_part *part)
{
    uint32_t len = r->files_len;
    include_add(r, file, FILE_ROWS, part->path,
                (struct source_place){file, part->line, part->column});
    struct managed_stack stack = {arena_text(&r->arena, part->stack),
                                  arena_text(&r->arena, part->account),
                                  arena_text(&r->arena, part->region)};
    if (stack.name.len != part->stack.len || stack.account.len != part->account.len ||
        stack.region.len != part->region.len)
        raw_fail(r, ERR_NOMEM, "no memory for the names of stacks");
    for (uint32_t i = len; i < r->files_len; i++) {
        r->files[i].is_part = true;
        r->files[i].stack = stack;
    }
}

static void nothing_tell(struct raw *r, uint16_t file, const struct managed_file *m)
{
    if (m->settings_len || m->parts_len || m->faults_len || m->kind == MANAGED_ASSEMBLY ||
        r->files[file].is_part || r->options->allow_empty || r->options->every_account)
        return;
    complain(r, (struct source_place){.file = file},
             "found no SES identity in it, expected resources such as %s; --allow-empty is for a "
             "file that is empty on purpose",
             m->kind == MANAGED_STATE ? "aws_sesv2_email_identity" : "AWS::SES::EmailIdentity");
}

static void document_take(struct raw *r, uint16_t file, struct text document)
{
    struct managed_file m;
    struct why why = {""};
    enum err err = managed_read(&m, document, &r->files[file].stack, &why);
    if (err == OK)
        err = managed_join(&m, &why);
    if (err != OK)
        raw_fail(r, err, why.text);
    for (uint32_t i = 0; i < m.faults_len && r->err == OK; i++)
        complain(r, (struct source_place){file, m.faults[i].line, m.faults[i].column}, TEXT_FMT,
                 TEXT_ARG(m.faults[i].text));
    if (m.faults_more)
        complain(r, (struct source_place){.file = file}, "%u more like these in this file",
                 m.faults_more);
    for (uint32_t i = 0; i < m.settings_len && r->err == OK; i++)
        row_take(r, file, &m.settings[i]);
    for (uint32_t i = 0; i < m.parts_len && r->err == OK; i++)
        part_take(r, file, &m.parts[i]);
    if (r->err == OK)
        nothing_tell(r, file, &m);
    managed_clear(&m);
}

static bool is_managed(enum content kind)
{
    return kind == CONTENT_OTHER || kind == CONTENT_STATE || kind == CONTENT_TEMPLATE;
}

void rows_file(struct raw *r, struct source *s, uint16_t file)
{
    unsigned char bytes[CONTENT_BYTES];
    char *document;
    size_t len;
    struct text head = head_of(s, bytes);
    const char *fault = managed_yaml_fault(head);
    if (fault)
        complain(r, (struct source_place){.file = file}, "it %s", fault);
    else if (!managed_is_json(head) || !is_managed(content_of(head)))
        csv_file(r, s, file);
    else {
        if (document_read(r, s, &document, &len))
            document_take(r, file, (struct text){document, len});
        document_free(document, len);
    }
}

bool folder_is_at(const struct raw *r, struct text path)
{
    struct stat st;
    int fd = below_open(r->folder, path, O_DIRECTORY);
    bool is_folder = fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
    if (fd >= 0)
        close(fd);
    return is_folder;
}
