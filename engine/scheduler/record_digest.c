/* The fold of a record's fields. The fold never changes: digests are kept for good. */
#include "record_digest.h"

#include "base/hash.h"

#include <assert.h>

/* Equal on every machine, in any byte order. */
static uint64_t word_of(const char *at, size_t len)
{
    assert(len < sizeof(uint64_t));
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return word;
}

/* As word_of(at, 8), in one load where the compiler can. */
static uint64_t full_word_of(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

static uint64_t text_fold(uint64_t digest, struct text text)
{
    assert(text.len == 0 || text.at);
    digest = hash_mix(digest, text.len);
    while (text.len >= sizeof digest) {
        digest = hash_mix(digest, full_word_of(text.at));
        text.at += sizeof digest;
        text.len -= sizeof digest;
    }
    return text.len ? hash_mix(digest, word_of(text.at, text.len)) : digest;
}

#define DIGEST_FIELDS 34 /* of a record; a new one goes to the end */

void digest_number(struct digest_fold *f, uint64_t value)
{
    f->field++;
    if (value)
        f->digest = hash_mix(f->digest ^ f->field, value);
}

void digest_words(struct digest_fold *f, struct text text)
{
    f->field++;
    if (text.len)
        f->digest = text_fold(f->digest ^ f->field, text);
}

uint64_t record_digest_begin(uint64_t run, instant_us started, uint64_t seed)
{
    return hash_mix(hash_mix(hash_mix(1, run), (uint64_t)started), seed);
}

uint64_t record_digest_rule(struct text name)
{
    return text_fold(2, name);
}

/* A new field goes to the end. */
uint64_t record_digest(uint64_t before, const struct record *record,
                       const struct record_words *said)
{
    struct digest_fold f = {.digest = hash_mix(before, 3)};
    digest_number(&f, record->job);
    digest_number(&f, record->kind);
    digest_number(&f, (uint64_t)record->at);
    digest_number(&f, record->from);
    digest_words(&f, record->write_mail_from);
    digest_number(&f, record->write_behavior);
    digest_number(&f, record->row.state);
    digest_number(&f, record->row.action);
    digest_number(&f, record->row.outcome);
    digest_words(&f, record->row.reason);
    digest_number(&f, record->row.before_known);
    digest_words(&f, record->row.mail_from_before);
    digest_number(&f, record->row.behavior_before);
    digest_number(&f, record->row.seen_known);
    digest_words(&f, record->row.mail_from_seen);
    digest_number(&f, record->row.behavior_seen);
    digest_number(&f, record->row.status_seen);
    digest_number(&f, record->row.verification);
    digest_words(&f, said->mx);
    digest_words(&f, said->spf);
    digest_words(&f, said->dmarc);
    digest_words(&f, said->notes);
    digest_number(&f, record->row.writes);
    digest_number(&f, record->row.accepted);
    digest_number(&f, record->row.wave);
    digest_number(&f, record->row.calls);
    digest_number(&f, record->row.restarts);
    digest_number(&f, record->row.attempts);
    digest_number(&f, (uint64_t)record->row.first_seen);
    digest_number(&f, (uint64_t)record->row.finished);
    digest_number(&f, (uint64_t)record->row.deadline);
    digest_number(&f, said->rules);
    digest_number(&f, said->publish);
    digest_words(&f, said->dkim);
    assert(f.field == DIGEST_FIELDS);
    return f.digest ? f.digest : 1;
}
