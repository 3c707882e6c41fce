/*
 * Tells what a document is, by the members at its top, and gathers what its reader finds.
 */
#include "managed_internal.h"

#include "base/buf.h"
#include "base/count.h"
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FAULT_LEN 2048
#define SHOWN_LEN 300 /* of a text in a fault; escaped it is four times as long at most */
#define MARK      "\xef\xbb\xbf"

static const char expected[] =
    "expected a Terraform state (version 4), a CloudFormation template, or the folder cdk.out";

/* --- what a reader finds ---------------------------------------------------------------------- */

/* Characters count as in a manifest: one for each of UTF-8. */
static void place_count(struct managed_reader *r, const char *to)
{
    if (to < r->counted_to) {
        r->counted_to = r->document.at;
        r->line = r->column = 1;
    }
    for (; r->counted_to < to; r->counted_to++) {
        if (*r->counted_to == '\n') {
            r->line++;
            r->column = 1;
        } else if (((unsigned char)*r->counted_to & 0xc0) != 0x80) {
            r->column++;
        }
    }
}

/* Room for one more of a list; NULL: m->failed is set. */
static void *room(struct managed_file *m, void *list, size_t size, uint32_t len, uint32_t *cap)
{
    void *grown = len < *cap ? list : arena_grow(&m->arena, list, size, len, cap);
    m->failed |= !grown;
    return grown;
}

void managed_complain(struct managed_reader *r, struct text value, const char *fmt, ...)
{
    struct managed_file *m = r->m;
    char text[FAULT_LEN];
    va_list ap;
    if (m->faults_len == MANAGED_FAULTS_MAX) {
        m->faults_more++;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct managed_fault *faults =
        room(m, m->faults, sizeof *faults, m->faults_len, &m->faults_cap);
    if (!faults)
        return;
    m->faults = faults;
    struct managed_fault fault = {.text = arena_text(&m->arena, text_of(text))};
    if (value.at) {
        place_count(r, value.at);
        fault.line = r->line;
        fault.column = r->column;
    }
    m->failed |= !fault.text.at;
    faults[m->faults_len++] = fault;
}

void managed_add(struct managed_reader *r, struct managed_setting setting, struct text value)
{
    struct managed_file *m = r->m;
    struct managed_setting *settings =
        room(m, m->settings, sizeof *settings, m->settings_len, &m->settings_cap);
    if (!settings)
        return;
    m->settings = settings;
    if (setting.provider.len > NAME_LEN_MAX)
        setting.provider = TEXT_NONE;
    place_count(r, value.at);
    setting.line = r->line;
    setting.column = r->column;
    settings[m->settings_len++] = setting;
}

void managed_part_add(struct managed_reader *r, struct managed_part part, struct text value)
{
    struct managed_file *m = r->m;
    struct managed_part *parts = room(m, m->parts, sizeof *parts, m->parts_len, &m->parts_cap);
    if (!parts)
        return;
    m->parts = parts;
    place_count(r, value.at);
    part.line = r->line;
    part.column = r->column;
    parts[m->parts_len++] = part;
}

void managed_members(struct managed_reader *r, struct text object, const struct json_wanted *wanted,
                     size_t len)
{
    if (!json_span_members(object, wanted, len))
        managed_complain(r, object, "a member stands twice in this object, expected it once");
}

struct text managed_text(struct managed_reader *r, struct text value)
{
    return json_span_text(value, &r->m->arena, &r->m->failed);
}

struct text managed_shown(struct managed_reader *r, struct text t)
{
    struct buf shown;
    buf_init(&shown, FAULT_LEN);
    escape_terminal(&shown, text_slice(t, 0, SHOWN_LEN));
    struct text kept = arena_text(&r->m->arena, buf_text(&shown));
    r->m->failed |= shown.failed;
    buf_clear(&shown);
    return kept;
}

/* --- what a document is ----------------------------------------------------------------------- */

static struct text head_trimmed(struct text head)
{
    if (text_starts(head, TEXT(MARK)))
        head = text_from(head, strlen(MARK));
    while (head.len && *head.at && strchr(" \t\r\n", *head.at))
        head = text_from(head, 1);
    return head;
}

bool managed_is_json(struct text head)
{
    head = head_trimmed(head);
    return head.len && (*head.at == '{' || *head.at == '[');
}

const char *managed_yaml_fault(struct text head)
{
    static const char *const firsts[] = {"AWSTemplateFormatVersion", "Resources:", "Transform:"};
    head = head_trimmed(head);
    for (size_t i = 0; i < COUNT(firsts); i++)
        if (text_starts(head, text_of(firsts[i])))
            return "is a CloudFormation template in YAML, expected JSON: cdk synth writes JSON "
                   "into cdk.out, and cfn-flip turns YAML into JSON";
    return NULL;
}

static void head_take(struct managed_reader *r, struct managed_head *head)
{
    const struct json_wanted members[] = {
        {TEXT("version"), &head->version},
        {TEXT("resources"), &head->resources},
        {TEXT("backend"), &head->backend},
        {TEXT("encrypted_data"), &head->encrypted},
        {TEXT("format_version"), &head->format_version},
        {TEXT("values"), &head->values},
        {TEXT("planned_values"), &head->planned},
        {TEXT("Resources"), &head->cf_resources},
        {TEXT("AWSTemplateFormatVersion"), &head->cf_format},
        {TEXT("artifacts"), &head->artifacts},
    };
    managed_members(r, r->document, members, COUNT(members));
}

static bool is_refused(struct managed_reader *r, const struct managed_head *head)
{
    if (head->encrypted.at)
        managed_complain(r, TEXT_NONE,
                         "it is a state that OpenTofu has encrypted: tofu state pull > FILE writes "
                         "it in the clear");
    else if (head->format_version.at && (head->values.at || head->planned.at))
        managed_complain(r, TEXT_NONE,
                         "it is what terraform show -json prints, expected the state itself: "
                         "terraform state pull > FILE writes it");
    else if (json_span_is_object(head->backend))
        managed_complain(r, TEXT_NONE,
                         "it only says where the state is kept (the backend), expected the state "
                         "itself: terraform state pull > FILE writes it");
    else
        return false;
    return true;
}

static void document_read(struct managed_reader *r)
{
    struct managed_head head = {0};
    head_take(r, &head);
    if (is_refused(r, &head))
        return;
    if (json_span_is_object(head.artifacts)) {
        r->m->kind = MANAGED_ASSEMBLY;
        managed_assembly_read(r, &head);
    } else if (json_span_is_object(head.cf_resources) || head.cf_format.at) {
        r->m->kind = MANAGED_TEMPLATE;
        managed_template_read(r, &head);
    } else if (head.version.at && char_is_digit(*head.version.at)) {
        r->m->kind = MANAGED_STATE;
        managed_state_read(r, &head);
    } else {
        managed_complain(r, TEXT_NONE, "it is JSON of some other kind, %s", expected);
    }
}

enum err managed_read(struct managed_file *m, struct text document,
                      const struct managed_stack *stack, struct why *why)
{
    size_t at;
    struct managed_reader r = {.m = m, .stack = *stack, .line = 1, .column = 1};
    *m = (struct managed_file){.kind = MANAGED_NONE};
    arena_init(&m->arena, NAMES_BYTES_MAX);
    if (text_starts(document, TEXT(MARK)))
        document = text_from(document, strlen(MARK));
    r.document = document;
    r.counted_to = document.at;
    const char *fault = json_span_fault(document, &at);
    if (fault)
        managed_complain(&r, text_from(document, at), "it is no JSON: %s; %s", fault, expected);
    else
        document_read(&r);
    return m->failed ? why_set(why, ERR_NOMEM, "no memory for the resources of a file") : OK;
}

void managed_clear(struct managed_file *m)
{
    arena_clear(&m->arena);
    *m = (struct managed_file){.kind = MANAGED_NONE};
}
