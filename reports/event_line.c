/*
 * Events as JSON lines, and as sentences. Every key is written every time, so a reader of one line
 * knows them all.
 */
#include "event_line.h"

#include "base/json_out.h"
#include "base/plural.h"
#include "crypto/sha256.h"

#include <assert.h>
#include <string.h>

#define FORMAT_VERSION 1
#define TAIL           ",\"dropped\":0}\n"

/* ---- the sentence ---- */

static bool is_known(instant_us at)
{
    return at != 0 && at != WHEN_NEVER;
}

/* A person reads it on a telephone: at most EVENT_SENTENCE_MAX bytes, never half a character. */
static struct text cut(struct text t)
{
    size_t len = t.len;
    if (len > EVENT_SENTENCE_MAX)
        for (len = EVENT_SENTENCE_MAX; len > 0 && ((unsigned char)t.at[len] & 0xC0) == 0x80;)
            len--;
    return text_slice(t, 0, len);
}

static void place_add(struct buf *out, const struct notification *n)
{
    struct text account = n->account.len ? n->account : n->account_number;
    if (n->identity.len)
        buf_add_text(out, n->identity);
    if (account.len || n->region.len)
        buf_add_fmt(out, "%s" TEXT_FMT "%s" TEXT_FMT "%s", n->identity.len ? " (" : "",
                    TEXT_ARG(account), account.len && n->region.len ? ", " : "",
                    TEXT_ARG(n->region), n->identity.len ? ")" : "");
}

static void problem_add(struct buf *out, const struct notification *n)
{
    char at[WHEN_LEN];
    buf_add_str(out, n->to == WATCH_WELL ? "well again" : watch_level_name(n->to));
    buf_add_str(out, ": ");
    place_add(out, n);
    buf_add_fmt(out, ": %s", watch_kind_name(n->kind));
    if (n->to != WATCH_WELL && is_known(n->since))
        buf_add_fmt(out, " since %s", when_format(n->since, at));
    if (n->to != WATCH_WELL && is_known(n->deadline))
        buf_add_fmt(out, ", until %s", when_format(n->deadline, at));
}

static void run_add(struct buf *out, const struct notification *n)
{
    static const char *const words[NOTE_TYPES] = {
        [NOTE_RUN_STARTED] = "has begun",
        [NOTE_WAVE_DONE] = "has done a wave",
        [NOTE_RUN_PAUSED] = "is paused and waits for a person",
        [NOTE_RUN_RESUMED] = "goes on",
        [NOTE_RUN_ENDED] = "has ended",
    };
    buf_add_text(out, n->verb);
    if (n->run)
        buf_add_fmt(out, "%srun %llu", n->verb.len ? ": " : "", (unsigned long long)n->run);
    buf_add_fmt(out, " %s", words[n->type]);
    if (n->type == NOTE_WAVE_DONE && n->waves)
        buf_add_fmt(out, " (%u of %u)", n->wave, n->waves);
    else if (n->type == NOTE_WAVE_DONE)
        buf_add_fmt(out, " (%u)", n->wave);
    buf_add_fmt(out, ", %u of %u finished", n->finished, n->rows);
    if (n->bad)
        buf_add_fmt(out, ", %u of them %s a person", n->bad, plural(n->bad, "needs", "need"));
}

void event_sentence_add(struct buf *out, const struct notification *n)
{
    assert(n->type < NOTE_TYPES && n->to < WATCH_LEVELS && n->kind < WATCH_KINDS);
    if (n->type == NOTE_PROBLEM)
        problem_add(out, n);
    else if (n->type == NOTE_SWEEP_FAILED)
        buf_add_str(out, n->to == WATCH_WELL ? "sweeps look again" : "the sweep could not look");
    else
        run_add(out, n);
    if (n->reason.len) {
        buf_add_str(out, ": ");
        buf_add_text(out, cut(n->reason));
    }
    if (n->mend.len) {
        buf_add_str(out, ". To mend it: ");
        buf_add_text(out, cut(n->mend));
    }
}

/* ---- the line ---- */

static void instant_add(struct json_out *j, const char *key, instant_us at)
{
    char written[WHEN_LEN];
    if (is_known(at))
        json_add_word(j, key, when_format_ms(at, written));
    else
        json_add_null(j, key);
}

static void count_add(struct json_out *j, const char *key, bool is_there, uint64_t count)
{
    if (is_there)
        json_add_u64(j, key, count);
    else
        json_add_null(j, key);
}

static void word_add(struct json_out *j, const char *key, bool is_there, const char *word)
{
    if (is_there)
        json_add_word(j, key, word);
    else
        json_add_null(j, key);
}

static void members_add(struct json_out *j, const struct notification *n, struct text sentence)
{
    bool is_problem = n->type == NOTE_PROBLEM;
    bool is_counted = !is_problem && (n->rows || n->finished || n->bad);
    json_add_word(j, "type", notification_type_name(n->type));
    instant_add(j, "at", n->at);
    json_add_word(j, "level", watch_level_name(n->to));
    json_add_text(j, "text", sentence);
    word_add(j, "kind", is_problem, watch_kind_name(n->kind));
    word_add(j, "from", is_problem, watch_level_name(n->from));
    word_add(j, "to", is_problem, watch_level_name(n->to));
    json_add_text_or_null(j, "identity", n->identity);
    json_add_text_or_null(j, "account", n->account);
    json_add_text_or_null(j, "account_number", n->account_number);
    json_add_text_or_null(j, "region", n->region);
    json_add_text_or_null(j, "reason", cut(n->reason));
    json_add_text_or_null(j, "mend", cut(n->mend));
    instant_add(j, "since", n->since);
    instant_add(j, "deadline", n->deadline);
    json_add_text_or_null(j, "verb", n->verb);
    count_add(j, "run", n->run != 0, n->run);
    count_add(j, "wave", n->type == NOTE_WAVE_DONE, n->wave);
    count_add(j, "waves", n->type == NOTE_WAVE_DONE && n->waves, n->waves);
    count_add(j, "rows", is_counted, n->rows);
    count_add(j, "finished", is_counted, n->finished);
    count_add(j, "bad", is_counted, n->bad);
}

/* What makes the event of a problem this one and no other: not when it is told, and in which words.
 */
static void identity_of_problem_add(struct buf *out, const struct notification *n)
{
    struct json_out j;
    json_init(&j, out);
    json_add_array(&j, NULL);
    json_add_word(&j, NULL, watch_kind_name(n->kind));
    json_add_word(&j, NULL, watch_level_name(n->from));
    json_add_word(&j, NULL, watch_level_name(n->to));
    json_add_text(&j, NULL, n->account);
    json_add_text(&j, NULL, n->region);
    json_add_text(&j, NULL, n->identity);
    json_add_u64(&j, NULL, (uint64_t)n->since);
    json_end(&j);
}

bool event_line_add(struct buf *out, const struct notification *n, char id[EVENT_ID_LEN])
{
    struct buf body, sentence, key;
    struct json_out j;
    char hash[SHA256_HEX_LEN];
    buf_init(&body, EVENT_LINE_MAX);
    buf_init(&sentence, EVENT_LINE_MAX);
    buf_init(&key, EVENT_LINE_MAX);
    event_sentence_add(&sentence, n);
    json_init(&j, &body);
    json_add_object(&j, NULL);
    members_add(&j, n, buf_text(&sentence));
    json_end(&j);
    if (n->type == NOTE_PROBLEM)
        identity_of_problem_add(&key, n);
    else
        buf_add_text(&key, buf_text(&body));
    bool is_good =
        !body.failed && !sentence.failed && !key.failed && sha256_hex(buf_text(&key), hash);
    if (is_good) {
        memcpy(id, hash, EVENT_ID_LEN - 1);
        id[EVENT_ID_LEN - 1] = '\0';
        buf_add_fmt(out, "{\"format_version\":%d,\"id\":\"%s\",", FORMAT_VERSION, id);
        buf_add_text(out, text_slice(buf_text(&body), 1, body.len - 1));
        buf_add_str(out, TAIL);
    }
    buf_clear(&key);
    buf_clear(&sentence);
    buf_clear(&body);
    return is_good && !out->failed;
}

void event_line_dropped(struct buf *out, struct text line, uint64_t dropped)
{
    assert(text_ends(line, TEXT(TAIL)));
    buf_add_text(out, text_slice(line, 0, line.len - (sizeof TAIL - 1)));
    buf_add_fmt(out, ",\"dropped\":%llu}\n", (unsigned long long)dropped);
}
