/* The two lines of the control socket. */
#include "line.h"

#include "model/fleet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "mailfrom-control"

static const char *const words[CONTROL_WORDS] = {"done", "idle", "taken", "late", "other", "bad"};

/* "mailfrom-control 1 7 ": what both lines begin with. */
static bool title_read(struct text *rest, uint64_t *version, uint64_t *run)
{
    return text_eq(text_cut(rest, ' '), TEXT(TITLE)) && text_to_u64(text_cut(rest, ' '), version) &&
           text_to_u64(text_cut(rest, ' '), run);
}

static bool rate_read(struct text t, double *out)
{
    char digits[32], *end;
    if (t.len == 0 || t.len >= sizeof digits)
        return false;
    memcpy(digits, t.at, t.len);
    digits[t.len] = '\0';
    *out = strtod(digits, &end);
    return *end == '\0' && *out > 0 && rate_fits(*out);
}

bool control_line_read(struct text line, uint64_t *run, struct order *order, const char **said)
{
    struct text rest = line;
    uint64_t version = 0;
    *order = (struct order){.kind = ORDER_KINDS};
    *said = "this is no order for a run";
    if (!title_read(&rest, &version, run))
        return false;
    *said = "the run speaks version 1 of the control protocol: use the program that carries it out";
    if (version != CONTROL_VERSION)
        return false;
    struct text verb = text_cut(&rest, ' ');
    for (unsigned k = 0; k < ORDER_KINDS; k++)
        if (text_eq(verb, text_of(order_kind_name((enum order_kind)k))))
            order->kind = (enum order_kind)k;
    *said = "the run knows pause, resume, pace, stop and leave";
    if (order->kind == ORDER_KINDS || (order->kind != ORDER_PACE && rest.at))
        return false;
    *said = "a pace is from 0.01 to 10000 calls a second";
    return order->kind != ORDER_PACE || rate_read(rest, &order->rate_per_s);
}

void control_line_write(char *out, uint64_t run, const struct order *order)
{
    int len = snprintf(out, CONTROL_LINE_MAX, TITLE " %d %llu %s", CONTROL_VERSION,
                       (unsigned long long)run, order_kind_name(order->kind));
    if (order->kind == ORDER_PACE)
        len += snprintf(out + len, CONTROL_LINE_MAX - (size_t)len, " %.17g", order->rate_per_s);
    len += snprintf(out + len, CONTROL_LINE_MAX - (size_t)len, "\n");
    assert(len < CONTROL_LINE_MAX);
}

size_t control_answer_write(char *out, uint64_t run, enum control_word word, const char *sentence)
{
    assert(word < CONTROL_WORDS);
    int len = snprintf(out, CONTROL_SAID_MAX, TITLE " %d %llu %s %s", CONTROL_VERSION,
                       (unsigned long long)run, words[word], sentence);
    size_t end = (size_t)len < CONTROL_SAID_MAX - 1 ? (size_t)len : CONTROL_SAID_MAX - 2;
    out[end] = '\n';
    return end + 1;
}

bool control_answer_read(struct text line, uint64_t *run, enum control_word *word,
                         struct text *sentence)
{
    struct text rest = line;
    uint64_t version = 0;
    if (!title_read(&rest, &version, run))
        return false;
    struct text said = text_cut(&rest, ' ');
    *sentence = rest;
    for (unsigned w = 0; w < CONTROL_WORDS; w++)
        if (text_eq(said, text_of(words[w]))) {
            *word = (enum control_word)w;
            return true;
        }
    return false;
}
