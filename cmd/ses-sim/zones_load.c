/*
 * Duty: from the table of zones and their files to what the providers have. Invariant: every row is
 * there, or the first that cannot be is named and nothing starts.
 */
#include "sim.h"

#include <stdlib.h>

#define RECORD_BYTES (256u << 10) /* a name, and a value of 64 KB */

enum { PROVIDER, ACCOUNT, ID, NAME, STATE, NAME_SERVERS, SERVER, KEY, FILE_, COLUMNS };

static const char *const columns[COLUMNS] = {
    "provider", "account", "id", "name", "state", "name_servers", "server", "key", "file",
};

/* Looking up */

struct sim_zone *zones_find(struct zones *z, enum zone_provider provider, struct text id)
{
    for (uint32_t i = 0; i < z->len; i++)
        if (z->zones[i].provider == provider && text_eq(z->zones[i].id, id))
            return &z->zones[i];
    return NULL;
}

bool zones_has_account(const struct zones *z, struct text account)
{
    for (uint32_t i = 0; i < z->len; i++)
        if (text_eq(z->zones[i].account, account))
            return true;
    return false;
}

struct text words_value(struct text words, const char *word)
{
    while (words.len) {
        struct text value = text_cut(&words, ' '), name = text_cut(&value, '=');
        if (text_eq(name, text_of(word)))
            return value.at ? value : TEXT("");
    }
    return TEXT_NONE;
}

struct text zone_state(const struct sim_zone *z, const char *word)
{
    return words_value(z->state, word);
}

/* Records that are there at first */

struct loading {
    struct sim *sim;
    struct sim_zone *zone;
};

/* Zone files write "\\042" in decimal digits, Route 53 in octal ones. */
static struct text octal(struct text value, struct arena *arena)
{
    char *at = arena_take_packed(arena, value.len + 1);
    if (!at)
        return TEXT_NONE;
    for (size_t i = 0; i < value.len; i++) {
        uint64_t octet;
        at[i] = value.at[i];
        if (value.at[i] == '\\' && text_to_u64(text_slice(value, i + 1, i + 4), &octet) &&
            octet < 256) {
            snprintf(at + i, 5, "\\%03o", (unsigned)octet);
            i += 3;
        } else if (value.at[i] == '\\' && i + 1 < value.len) {
            i++;
            at[i] = value.at[i];
        }
    }
    return (struct text){at, value.len};
}

/* At Cloudflare the zone's own SOA and NS are no records that a customer sees, and hosts have no
 * final dot. */
static enum err record_take(void *user, struct text name, uint32_t ttl_s, struct text type,
                            struct text value, struct why *why)
{
    const struct loading *l = user;
    struct arena arena;
    bool is_cloudflare = l->zone->provider == ZONE_CLOUDFLARE;
    bool is_host = text_eq(type, TEXT("MX")) || text_eq(type, TEXT("CNAME"));
    if (is_cloudflare && text_eq(name, l->zone->name) &&
        (text_eq(type, TEXT("SOA")) || text_eq(type, TEXT("NS"))))
        return OK;
    arena_init(&arena, RECORD_BYTES);
    struct zone_record r = {.name = name,
                            .key = record_key(name, &arena),
                            .type = type,
                            .value = is_cloudflare ? value : octal(value, &arena),
                            .ttl_s = ttl_s};
    if (is_cloudflare && is_host && value.len > 1)
        r.value.len -= text_ends(value, TEXT("."));
    bool ok = r.key.at && r.value.at && zone_add(l->sim, l->zone, &r);
    arena_clear(&arena);
    return ok ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

/* Without a file a zone has what Route 53 gives a new one: SOA and NS. */
static enum err apex_make(struct loading *l, struct why *why)
{
    struct sim_zone *z = l->zone;
    struct text hosts = z->name_servers, first = text_cut(&hosts, ' ');
    char value[512];
    if (first.len == 0)
        first = TEXT("ns.invalid");
    snprintf(value, sizeof value,
             TEXT_FMT ". awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", TEXT_ARG(first));
    enum err err = record_take(l, z->name, 900, TEXT("SOA"), text_of(value), why);
    for (hosts = z->name_servers; err == OK && hosts.len;) {
        snprintf(value, sizeof value, TEXT_FMT ".", TEXT_ARG(text_cut(&hosts, ' ')));
        err = record_take(l, z->name, 172800, TEXT("NS"), text_of(value), why);
    }
    return err;
}

static enum err records_load(struct sim *s, struct sim_zone *z, struct text file, struct why *why)
{
    struct loading l = {s, z};
    enum err err = ERR_NOMEM;
    struct text path = arena_text(&s->zones.arena, file);
    if (file.len == 0)
        err = apex_make(&l, why);
    else if (path.at)
        err = zone_file_read(path.at, z->name, record_take, &l, why);
    /* They were always there. */
    for (uint32_t i = 0; i < z->len; i++)
        z->records[i]->from = 0;
    return err;
}

/* Rows */

static const char *server_parse(const struct table *t, uint32_t row, struct arena *arena,
                                struct zone_server *server)
{
    char host[ADDRESS_HOST_LEN];
    struct text where = table_cell(t, row, SERVER), key = table_cell(t, row, KEY);
    struct text kept = arena_text(arena, where);
    if (where.len == 0)
        return NULL;
    if (!kept.at || !address_parse(kept.at, &server->address, host) ||
        !address_is_loopback(&server->address))
        return "server: ADDRESS:PORT on loopback, or empty when the zone is served nowhere";
    if (key.len == 0)
        return NULL;
    struct text secret = arena_text(arena, key);
    server->key_algorithm = text_cut(&secret, ':');
    server->key_name = text_cut(&secret, ':');
    server->key_secret = secret;
    return secret.len && server->key_name.len ? NULL
                                              : "key: ALGORITHM:NAME:SECRET, the secret in base64";
}

static const char *row_parse(struct sim *s, const struct table *t, uint32_t row, struct sim_zone *z)
{
    struct arena *arena = &s->zones.arena;
    struct text provider = table_cell(t, row, PROVIDER);
    if (text_eq(provider, TEXT("cloudflare")))
        z->provider = ZONE_CLOUDFLARE;
    else if (!text_eq(provider, TEXT("route53")))
        return "provider: route53 or cloudflare";
    z->account = arena_text(arena, table_cell(t, row, ACCOUNT));
    z->id = arena_text(arena, table_cell(t, row, ID));
    z->state = arena_text(arena, table_cell(t, row, STATE));
    z->name_servers = arena_text(arena, table_cell(t, row, NAME_SERVERS));
    const char *complaint = record_name_read(table_cell(t, row, NAME), arena, &z->name);
    if (complaint)
        return complaint;
    z->key = record_key(z->name, arena);
    if (z->account.len == 0 || z->id.len == 0)
        return "account and id are needed";
    if (zones_find(&s->zones, z->provider, z->id))
        return "that zone is there already";
    return server_parse(t, row, arena, &z->server);
}

static int by_name_cmp(const void *left, const void *right, void *zones)
{
    const struct sim_zone *all = zones, *a = &all[*(const uint32_t *)left],
                          *b = &all[*(const uint32_t *)right];
    int order = text_cmp(a->key, b->key);
    return order ? order : text_cmp(a->id, b->id);
}

static enum err rows_load(struct sim *s, const struct table *t, const char *file, struct why *why)
{
    struct zones *all = &s->zones;
    all->zones = ARENA_ARRAY(&all->arena, struct sim_zone, t->rows);
    all->by_name = ARENA_ARRAY(&all->arena, uint32_t, t->rows);
    if (t->rows && (!all->zones || !all->by_name))
        return why_set(why, ERR_NOMEM, "no memory for %u zones", t->rows);
    for (uint32_t row = 0; row < t->rows; row++) {
        struct sim_zone *z = &all->zones[row];
        const char *complaint = row_parse(s, t, row, z);
        all->by_name[row] = row;
        all->len++;
        if (complaint)
            return why_set(why, ERR_INPUT, "%s: row %u: %s", file, row + 2, complaint);
        enum err err = records_load(s, z, table_cell(t, row, FILE_), why);
        if (err != OK)
            return why_wrap(why, err, "%s: row %u", file, row + 2);
    }
    qsort_r(all->by_name, all->len, sizeof all->by_name[0], by_name_cmp, all->zones);
    return OK;
}

enum err zones_load(struct sim *s, const char *file, struct why *why)
{
    struct table t;
    s->zones = (struct zones){0};
    arena_init(&s->zones.arena, SIM_TABLE_MAX);
    if (!file)
        return OK;
    enum err err = table_read(&t, file, columns, COLUMNS, STATE, why);
    if (err != OK)
        return err;
    err = rows_load(s, &t, file, why);
    table_clear(&t);
    return err;
}

void zones_clear(struct zones *z)
{
    for (uint32_t i = 0; i < z->len; i++) {
        struct sim_zone *one = &z->zones[i];
        for (uint32_t k = 0; k < one->len; k++)
            free(one->records[k]);
        free(one->records);
    }
    arena_clear(&z->arena);
    *z = (struct zones){0};
}
