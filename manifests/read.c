/*
 * Bytes become safe YAML events; the only user of libyaml.
 *
 * Refused here, with line and column: text outside YAML, bytes outside UTF-8, explicit tags,
 * a second document, values beyond the bound, and nesting beyond MANIFEST_DEPTH_MAX.
 * Deep nesting must end the reading at once: libyaml 0.2.5 has no bound of its own and needs 18 s
 * for 200 KB of open brackets. So must many %TAG directives: libyaml compares each with all before,
 * 6 s for 1 MB.
 */
#include "raw.h"

#include "base/character.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define TAG_LEN_MAX                                                                                \
    1024 /* libyaml copies a prefix at each use; the first longer one ends the reading */
#define TAG_DIRECTIVES_MAX 64 /* of no use, since tags are refused, and no harm so few */

struct yaml_reader {
    yaml_parser_t parser;
    yaml_event_t event; /* holds the bytes of the last scalar */
    bool holds_event, has_document, is_broken;
    unsigned depth, tag_matched, tag_directives;
    struct raw *raw;
    struct source *source;
    uint16_t file;
};

/* At any place in the file: libyaml recognizes directives too late. */
static void directives_count(struct yaml_reader *reader, const unsigned char *bytes, size_t len)
{
    static const char word[] = "%TAG";
    const unsigned char *p = bytes, *end = bytes + len;
    while (reader->tag_matched || (p = memchr(p, word[0], (size_t)(end - p)))) {
        if (p == end)
            return;
        unsigned char c = *p++;
        reader->tag_matched =
            c == word[reader->tag_matched] ? reader->tag_matched + 1 : c == word[0];
        if (word[reader->tag_matched] == '\0') {
            reader->tag_directives++;
            reader->tag_matched = 0;
        }
    }
}

static int read_bytes(void *data, unsigned char *bytes, size_t size, size_t *len)
{
    struct yaml_reader *reader = data;
    long n = source_read(reader->source, bytes, size);
    *len = n > 0 ? (size_t)n : 0;
    directives_count(reader, bytes, *len);
    return n >= 0 && reader->tag_directives <= TAG_DIRECTIVES_MAX;
}

struct yaml_reader *reader_new(struct raw *r, struct source *s, uint16_t file)
{
    struct yaml_reader *reader = calloc(1, sizeof *reader);
    if (!reader || !yaml_parser_initialize(&reader->parser)) {
        free(reader);
        raw_fail(r, ERR_NOMEM, "no memory to read a manifest");
        return NULL;
    }
    reader->raw = r;
    reader->source = s;
    reader->file = file;
    yaml_parser_set_input(&reader->parser, read_bytes, reader);
    return reader;
}

void reader_free(struct yaml_reader *reader)
{
    if (!reader)
        return;
    if (reader->holds_event)
        yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
    free(reader);
}

static struct source_place place_of(const struct yaml_reader *reader, yaml_mark_t mark)
{
    return (struct source_place){reader->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml gives the place of bad bytes as an offset only. */
static void complain_of_bytes(struct yaml_reader *reader)
{
    const yaml_parser_t *p = &reader->parser;
    struct source_place at = {.file = reader->file};
    source_place(reader->source, p->problem_offset, &at);
    if (reader->tag_directives > TAG_DIRECTIVES_MAX)
        complain(reader->raw, at,
                 "found more than %d %%TAG directives, but tags are not allowed: leave them out",
                 TAG_DIRECTIVES_MAX);
    else if (p->problem_value == 0)
        complain(reader->raw, at, "found a NUL character, expected text in UTF-8");
    else if (character_name((uint32_t)p->problem_value) && p->problem_value > 0xff)
        complain(reader->raw, at, "found U+%04X (%s), which YAML does not allow here: %s",
                 (unsigned)p->problem_value, character_name((uint32_t)p->problem_value),
                 character_fix((uint32_t)p->problem_value));
    else
        complain(reader->raw, at, "found byte or character 0x%X, expected text in UTF-8: %s",
                 (unsigned)p->problem_value, p->problem ? p->problem : "");
}

/* libyaml's words about tabs and about names such as @example.com or *.example.com are no help.
 * Stopping at a tab or an @ is the reason, whatever libyaml's words. */
static const char *syntax_hint(const yaml_parser_t *p)
{
    bool at_the_place = p->error == YAML_SCANNER_ERROR && p->problem_mark.index == p->mark.index &&
                        p->buffer.pointer < p->buffer.last;
    if (at_the_place && *p->buffer.pointer && strchr("\t@`%", *p->buffer.pointer))
        return " (a tab cannot indent; text that begins with @, % or ` needs quotes)";
    if (p->context && strstr(p->context, "scanning an a")) /* "an alias", "an anchor" */
        return " (text that begins with * or & needs quotes)";
    if (p->problem && strstr(p->problem, "mapping values are not allowed"))
        return " (the colon after a key needs a blank after it; text that has both needs quotes)";
    return "";
}

/* A no-break space is text to YAML, so a key or an indent that has one is none. */
static void odd_hint(const struct yaml_reader *reader, char out[QUOTE_LEN])
{
    const yaml_parser_t *p = &reader->parser;
    uint32_t last = (uint32_t)p->problem_mark.line + 1;
    uint32_t first = p->context ? (uint32_t)p->context_mark.line + 1 : last;
    struct source_place at = {.file = reader->file};
    uint32_t code = source_odd(reader->source, first > 1 ? first - 1 : 1, last, &at);
    out[0] = '\0';
    if (code)
        snprintf(out, QUOTE_LEN, " (at %u:%u stands U+%04X, %s: %s)", at.line, at.column, code,
                 character_name(code), character_fix(code));
}

static void complain_of_syntax(struct yaml_reader *reader)
{
    char odd[QUOTE_LEN];
    const yaml_parser_t *p = &reader->parser;
    const char *problem = p->problem ? p->problem : "cannot be read";
    struct source_place at = place_of(reader, p->problem_mark);
    odd_hint(reader, odd);
    if (p->context)
        complain(reader->raw, at, "not valid YAML: %s, %s from line %u on%s%s", problem, p->context,
                 (unsigned)p->context_mark.line + 1, syntax_hint(p), odd);
    else
        complain(reader->raw, at, "not valid YAML: %s%s%s", problem, syntax_hint(p), odd);
}

static void reader_break(struct yaml_reader *reader, struct yaml_event *event)
{
    reader->is_broken = true;
    *event = (struct yaml_event){.kind = EVENT_BROKEN, .at = {.file = reader->file}};
}

static void take_extras(struct yaml_reader *reader, struct yaml_event *event,
                        const yaml_char_t *anchor, const yaml_char_t *tag)
{
    char q[QUOTE_LEN];
    event->anchor = text_of((const char *)anchor);
    if (!tag)
        return;
    struct text text = text_of((const char *)tag);
    complain(reader->raw, event->at, "found tag %s, but tags are not allowed: leave it out",
             quote(text, q));
    reader->is_broken = reader->is_broken || text.len > TAG_LEN_MAX;
}

static void open_node(struct yaml_reader *reader, struct yaml_event *event, enum event_kind kind)
{
    event->kind = kind;
    if (++reader->depth <= MANIFEST_DEPTH_MAX)
        return;
    complain(reader->raw, event->at,
             "found keys nested deeper than %d levels, expected three or four", MANIFEST_DEPTH_MAX);
    reader_break(reader, event);
}

static void open_document(struct yaml_reader *reader, struct yaml_event *event)
{
    if (reader->has_document) {
        complain(reader->raw, event->at, "found a second document, expected one per file");
        reader_break(reader, event);
    }
    reader->has_document = true;
}

static void take_scalar(struct yaml_reader *reader, struct yaml_event *event)
{
    event->kind = EVENT_SCALAR;
    event->plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    event->text = (struct text){(const char *)reader->event.data.scalar.value,
                                reader->event.data.scalar.length};
    take_extras(reader, event, reader->event.data.scalar.anchor, reader->event.data.scalar.tag);
    if (event->text.len > MANIFEST_SCALAR_MAX) {
        complain(reader->raw, event->at, "found a text of %zu bytes, expected at most %d",
                 event->text.len, MANIFEST_SCALAR_MAX);
        event->kind = EVENT_REFUSED;
    }
}

/* False: the event is of no interest, the next one is wanted. */
static bool take_event(struct yaml_reader *reader, struct yaml_event *event)
{
    const yaml_event_t *e = &reader->event;
    *event = (struct yaml_event){.at = place_of(reader, e->start_mark)};
    switch (e->type) {
    case YAML_SCALAR_EVENT: take_scalar(reader, event); return true;
    case YAML_SEQUENCE_START_EVENT:
        take_extras(reader, event, e->data.sequence_start.anchor, e->data.sequence_start.tag);
        open_node(reader, event, EVENT_LIST);
        return true;
    case YAML_MAPPING_START_EVENT:
        take_extras(reader, event, e->data.mapping_start.anchor, e->data.mapping_start.tag);
        open_node(reader, event, EVENT_MAP);
        return true;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        event->kind = e->type == YAML_SEQUENCE_END_EVENT ? EVENT_LIST_END : EVENT_MAP_END;
        return true;
    case YAML_ALIAS_EVENT:
        event->kind = EVENT_ALIAS;
        event->text = text_of((const char *)e->data.alias.anchor);
        return true;
    case YAML_DOCUMENT_START_EVENT: open_document(reader, event); return reader->is_broken;
    case YAML_STREAM_END_EVENT: event->kind = EVENT_END; return true;
    default: return false;
    }
}

void reader_next(struct yaml_reader *reader, struct yaml_event *event)
{
    do {
        if (reader->holds_event)
            yaml_event_delete(&reader->event);
        reader->holds_event = false;
        if (reader->is_broken || reader->raw->err != OK) {
            reader_break(reader, event);
            return;
        }
        if (!yaml_parser_parse(&reader->parser, &reader->event)) {
            switch (reader->parser.error) {
            case YAML_MEMORY_ERROR:
                raw_fail(reader->raw, ERR_NOMEM, "no memory to read a manifest");
                break;
            case YAML_READER_ERROR:
                if (reader->raw->err == OK)
                    complain_of_bytes(reader);
                break;
            default: complain_of_syntax(reader);
            }
            reader_break(reader, event);
            return;
        }
        reader->holds_event = true;
    } while (!take_event(reader, event));
}
