/*
 * Duty: which key belongs to which account. Invariant: a key never changes or moves once it is in
 * the ring, so it may be read without the lock by whoever was given it.
 */
#include "base/bounds.h"
#include "base/count.h"
#include "base/hash.h"
#include "sim.h"

#define KEYRING_BYTES (64u << 20)

void keyring_init(struct keyring *k)
{
    *k = (struct keyring){0};
    arena_init(&k->arena, KEYRING_BYTES);
}

void keyring_clear(struct keyring *k)
{
    arena_clear(&k->arena);
    keyring_init(k);
}

static struct sim_key *keyring_add(struct keyring *k, struct sim_key key)
{
    if (!k->keys)
        k->keys = ARENA_ARRAY(&k->arena, struct sim_key, SIM_KEYS_MAX);
    if (!k->keys || k->len == SIM_KEYS_MAX)
        return NULL;
    struct sim_key *added = &k->keys[k->len];
    *added = (struct sim_key){
        .account = arena_text(&k->arena, key.account),
        .id = arena_text(&k->arena, key.id),
        .secret = arena_text(&k->arena, key.secret),
        .token = arena_text(&k->arena, key.token),
        .arn = arena_text(&k->arena, key.arn),
        .expires = key.expires,
        .deny = arena_text(&k->arena, key.deny),
        .only = arena_text(&k->arena, key.only),
        .state = arena_text(&k->arena, key.state),
    };
    if (!added->account.at || !added->id.at || !added->secret.at || !added->arn.at)
        return NULL;
    k->len++;
    return added;
}

static bool keyring_add_user(struct keyring *k, struct sim_key key)
{
    key.expires = WHEN_NEVER;
    key.arn = arena_fmt(&k->arena, "arn:aws:iam::" TEXT_FMT ":user/ses-sim", TEXT_ARG(key.account));
    return key.arn.at && keyring_add(k, key);
}

enum err keyring_load(struct keyring *k, const char *file, struct why *why)
{
    if (file) {
        static const char *const columns[] = {"account",       "access_key_id", "secret_access_key",
                                              "session_token", "deny",          "state",
                                              "only"};
        struct table t;
        enum err err = table_read(&t, file, columns, COUNT(columns), 3, why);
        for (uint32_t row = 0; err == OK && row < t.rows; row++) {
            struct sim_key key = {.account = table_cell(&t, row, 0),
                                  .id = table_cell(&t, row, 1),
                                  .secret = table_cell(&t, row, 2),
                                  .token = table_cell(&t, row, 3),
                                  .deny = table_cell(&t, row, 4),
                                  .state = table_cell(&t, row, 5),
                                  .only = table_cell(&t, row, 6)};
            if (key.account.len == 0 || key.id.len == 0 || key.secret.len == 0)
                err = why_set(why, ERR_INPUT, "%s: row %u: account, key and secret are needed",
                              file, row + 2);
            else if (keyring_find(k, key.id))
                err =
                    why_set(why, ERR_INPUT, "%s: row %u: that key is there already", file, row + 2);
            else if (!keyring_add_user(k, key))
                err = why_set(why, ERR_LIMIT, "%s: too many keys", file);
        }
        table_clear(&t);
        return err;
    }

    bool added = keyring_add_user(
        k, (struct sim_key){.account = TEXT("111122223333"),
                            .id = TEXT("AKIDEXAMPLE"),
                            .secret = TEXT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")});
    return added ? OK : why_set(why, ERR_NOMEM, "no memory for keys");
}

const struct sim_key *keyring_find(const struct keyring *k, struct text id)
{
    for (uint32_t i = k->len; i > 0; i--)
        if (text_eq(k->keys[i - 1].id, id))
            return &k->keys[i - 1];
    return NULL;
}

const struct sim_key *keyring_bearer(const struct keyring *k, struct text token)
{
    for (uint32_t i = k->len; i > 0; i--)
        if (text_eq(k->keys[i - 1].secret, token))
            return &k->keys[i - 1];
    return NULL;
}

/* Keys of a simulator protect nothing; that they differ is all that matters. */
const struct sim_key *keyring_issue(struct keyring *k, struct text account, struct text arn,
                                    const struct sim_key *role, instant_us expires)
{
    uint64_t n = hash_mix((uint64_t)expires, k->len);
    struct arena *a = &k->arena;
    struct text id = arena_fmt(a, "ASIA%016llX", (unsigned long long)n);
    struct text secret = arena_fmt(a, "%016llx/+%016llx", (unsigned long long)hash_mix(n, 1),
                                   (unsigned long long)hash_mix(n, 2));
    struct text token =
        arena_fmt(a, "FwoGZXIvYXdzE/%016llx+%016llx==", (unsigned long long)hash_mix(n, 3),
                  (unsigned long long)hash_mix(n, 4));
    if (!id.at || !secret.at || !token.at)
        return NULL;
    return keyring_add(k, (struct sim_key){.account = account,
                                           .id = id,
                                           .secret = secret,
                                           .token = token,
                                           .arn = arn,
                                           .deny = role ? role->deny : TEXT_NONE,
                                           .only = role ? role->only : TEXT_NONE,
                                           .expires = expires});
}
