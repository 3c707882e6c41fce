/*
 * Family header of the manifest room. How a manifest becomes a fleet:
 *
 *   source.c   opens a file safely, reads and digests its bytes     include.c  patterns -> files
 *   spool.c    pipes and UTF-16 -> a file in memory                 container.c  .xlsx and such
 *   anchors.c  aliases -> the events they stand for
 *   read.c     bytes -> YAML events (the only yaml.h)               csv.c      bytes -> CSV fields
 *   managed_rows.c  infrastructure code -> identities
 *   walk.c     events -> keys and values, by the tables of schema.c
 *   draft.c    one value of one key -> a setting, or a complaint    value.h    checks of one value
 *   owners.c   who publishes the records of which names        publish.c  who can write which zones
 *   accounts_from.c  the accounts of an organization, which somebody else asks
 *   vet.c      settings, defaults and accounts -> the rows of the fleet
 *
 * Everything here belongs to the thread of manifest_load(). A fleet may have millions of rows, so
 * an entry is kept as five numbers; settings shared by entries are stored once.
 */
#ifndef MF_RAW_H
#define MF_RAW_H

#include "base/bounds.h"
#include "manifest.h"
#include "value.h"

#include "crypto/sha256.h"
#include "managed/managed.h"

#include <assert.h>

/* --- schema.c: the keys and the shapes of their values ---------------------------------------- */

enum key {
    KEY_VERSION,
    KEY_ACCOUNTS,
    KEY_DEFAULTS,
    KEY_WAVES,
    KEY_MAX_FAILURES,
    KEY_IDENTITIES,
    KEY_INCLUDE,
    KEY_IDENTITIES_FROM,
    KEY_PROFILE,
    KEY_ROLE_ARN,
    KEY_EXTERNAL_ID,
    KEY_SOURCE_PROFILE,
    KEY_ACCOUNT_ID,
    KEY_RATE,
    KEY_IDENTITY,
    KEY_ACCOUNT,
    KEY_REGION,
    KEY_REGIONS,
    KEY_MAIL_FROM,
    KEY_DNS,
    KEY_OWNERS,
    KEY_POLICY, /* from here on the settings of a policy: KEY_OF(SETTING_TIMEOUT) */
    KEY_SETTINGS_END = KEY_POLICY + POLICY_FIELDS, /* sets have the keys before this one */
    KEY_PUBLISH = KEY_SETTINGS_END,
    KEY_ZONES,
    KEY_ROUTE53,
    KEY_RFC2136,
    KEY_CLOUDFLARE,
    KEY_ENDPOINT_URL,
    KEY_SERVER,
    KEY_KEY_FILE,
    KEY_TSIG,
    KEY_TSIG_NAME,
    KEY_TSIG_ALGORITHM,
    KEY_SECRET_ENV,
    KEY_TOKEN_ENV,
    KEY_WATCH,
    KEY_CONFIRM,
    KEY_CRITICAL,
    KEY_PAGE_BEFORE,
    KEY_TROUBLE_LOOKS,
    KEY_VERIFICATION,
    KEY_EVERY,
    KEY_ACCOUNTS_FROM,
    KEY_ORGANIZATION,
    KEY_ROLE_NAME,
    KEY_UNITS,
    KEY_TAGS,
    KEY_EXCLUDE,
};
#define KEY_OF(setting) ((enum key)(KEY_POLICY + (int)(setting)))
#define KEY_BIT(key)    ((uint32_t)1 << (key))

enum section {
    SECTION_TOP,
    SECTION_ACCOUNT,
    SECTION_DEFAULTS,
    SECTION_IDENTITY,
    SECTION_DNS,
    SECTION_OWNER,
    SECTION_TOP_DNS,
    SECTION_PUBLISH,
    SECTION_ROUTE53,
    SECTION_RFC2136,
    SECTION_TSIG,
    SECTION_CLOUDFLARE,
    SECTION_WATCH,
    SECTION_ACCOUNTS_FROM,
    SECTION_ORGANIZATION,
    SECTIONS,
};
#define SECTION_KEYS_MAX 12 /* keys of the longest section; schema.c asserts it */

enum shape { SHAPE_TEXT, SHAPE_LIST, SHAPE_TEXT_OR_LIST, SHAPE_MAP };

struct key_rule {
    const char *name;
    enum key key;
    enum shape shape;
    const char *expected; /* "a Region such as us-east-1": completes "expected ..." */
};

struct section_rule {
    const char *noun; /* "an identity": completes "unknown key in ..." */
    const struct key_rule *keys;
    unsigned keys_len;
};

const struct section_rule *section_rule(enum section s);
const struct key_rule *key_find(enum section s, struct text name); /* NULL: no such key */
const char *key_near(enum section s, struct text name);            /* NULL: none is near */
/* Where an unknown key belongs, or what stands in its place: "; it stands in ..."; "": unknown. */
const char *key_elsewhere(enum section s, struct text name);
/* A CSV column: a key of an identity, the DNS ones as "dns.require". */
const struct key_rule *column_find(struct text name);
const char *column_near(struct text name);

/* --- complain.c ------------------------------------------------------------------------------- */

struct source_place {
    uint16_t file; /* index into raw.files and fleet.files */
    uint32_t line, column;
};

struct raw;

/* Adds a complaint in reading order. */
void complain(struct raw *r, struct source_place at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* No more are kept, only counted: the time to look for near misses can be saved. */
bool complaints_full(const struct raw *r);

#define QUOTE_LEN 256
/* t in quotation marks, made safe for a terminal and cut when long; a character that cannot be seen
 * stands there as <U+00A0>, with what to do about it after the quotation. Returns out. */
const char *quote(struct text t, char out[QUOTE_LEN]);
/* "; did you mean NEAR?", or "" when near is NULL. Returns out. */
const char *meant(const char *near, char out[QUOTE_LEN]);
/* "KEY: found X, expected Y; did you mean NEAR?" */
void complain_value(struct raw *r, struct source_place at, const struct key_rule *rule,
                    struct text found, const char *near);

/* --- entries read so far ---------------------------------------------------------------------- */

#define REGIONS_MAX 128 /* of one entry; AWS has about 40 */

/* The settings of defaults or of an entry, except the MAIL FROM: most entries have one of their
 * own. Compared and interned as bytes: no padding, and members not given are zero. */
struct settings {
    struct policy policy;
    uint32_t given;  /* bits of enum key; a region counts as KEY_REGIONS */
    uint32_t broken; /* given, but not usable: complained about already */
    name_id account;
    name_id regions; /* id in raw.lists */
    uint32_t file;
    name_id account_number; /* of the account that a row was found in; NAME_NONE: not known */
};

/* Settings under construction. */
struct draft {
    struct settings settings;
    name_id mail_from;      /* NAME_NONE: not given, or default */
    const char *identity;   /* stowed in fleet.names; NULL: not given */
    struct source_place at; /* of the identity */
    struct source_place mail_from_at;
    struct source_place regions_at; /* of the key region or regions */
    enum key regions_key;           /* region or regions */
    name_id regions[REGIONS_MAX];
    uint32_t regions_len;
};

static_assert(sizeof(struct policy) == 3 * 8 + 6 * 4 &&
                  sizeof(struct settings) == sizeof(struct policy) + 6 * 4,
              "settings are compared as bytes: no padding");

struct raw_row {
    const char *identity; /* stowed in fleet.names */
    name_id mail_from;    /* in fleet.names; may hold {domain} and {region} */
    name_id settings;     /* in raw.settings */
    uint32_t line, column;
};

/* Rows lie in blocks, so that each block is given back once it is vetted, and what the fleet needs
 * takes its place. */
#define ROWS_OF_BLOCK 2048
struct raw_rows {
    struct raw_rows *next;
    uint32_t len;
    struct raw_row at[ROWS_OF_BLOCK];
};

struct raw_account {
    struct account account;
    struct source_place at;
    name_id regions; /* in raw.lists */
};

/* The key accounts_from. Texts live in raw.arena. */
struct raw_organization {
    struct source_place at; /* line 0: not given */
    struct account common;  /* of each account: external_id, rate; profile: who asks */
    struct text role;       /* "team/mail-admin": path and name */
    name_id regions;        /* in raw.lists */
    struct text *units, *excluded;
    struct source_place *units_at;
    struct ses_tag *tags;
    bool is_asked;                            /* then what it has that is not taken: */
    const struct organization_left_out *left; /* of who asked */
    uint32_t left_len;
    uint32_t units_len, units_cap, places_cap, excluded_len, excluded_cap, tags_len, tags_cap;
};

/* Who publishes the records below a pattern of names. */
struct raw_owner {
    name_id contact, format; /* in fleet.names; NAME_NONE: not given */
    struct source_place at;
};

/* A provider of DNS; its account is known once all files are read. */
struct raw_provider {
    struct provider provider; /* texts in raw.arena */
    name_id account;          /* ROUTE53; NAME_NONE: not given */
};

/* A name used in `account:` before the account of this name was read. */
struct account_ref {
    name_id name;
    struct source_place at;
};

enum file_kind { FILE_YAML, FILE_ROWS }; /* ROWS: of identities_from */

struct raw_file {
    enum file_kind kind;
    bool nested;                /* named by another file */
    bool is_stdin;              /* the user's "-" */
    bool is_stream;             /* named by the user, and readable once: no folder */
    bool is_folder;             /* named as a folder: path is of the manifest.json in it */
    bool is_part;               /* named by a cloud assembly or by a template */
    struct managed_stack stack; /* of a part; texts in raw.arena */
    uint16_t parent;            /* the including file */
    struct source_place from;   /* the place of naming */
    struct text path;           /* below the folder of the user's file */
    uint64_t device, inode;     /* to notice a second reading of a file */
    struct settings settings;   /* the defaults of the file, the parent's included once known */
    name_id mail_from;
};

struct raw {
    struct fleet *fleet;
    struct complaints *complaints;
    struct text region; /* of the command line */
    const struct manifest_options *options;
    struct arena arena;
    struct names settings, lists;      /* interned as bytes: struct settings, lists of name_id */
    name_id last_settings;             /* of the row before */
    struct raw_rows *rows, *last_rows; /* in reading order */
    uint32_t rows_len;                 /* of all blocks */
    struct raw_file *files;
    uint32_t files_len, files_cap;
    struct raw_account *accounts;
    uint32_t accounts_len, accounts_cap;
    struct account_ref *refs;
    uint32_t refs_len, refs_cap;
    struct raw_organization organization;
    struct names owner_names; /* patterns: "shop.example", "*.shop.example"; id - 1 in owners */
    struct raw_owner *owners;
    uint32_t owners_len, owners_cap;
    struct raw_provider *providers;
    uint32_t providers_len, providers_cap;
    struct source_place waves_at, max_failures_at, watch_at; /* line 0: not given yet */
    bool identities_named; /* some file has identities, identities_from or include */
    struct sha256 *file_digest, *digest;
    int folder;   /* of the user's file under reading, with all its includes */
    enum err err; /* the first trouble outside the manifests, such as memory; stops the reading */
    struct why *why;
};

/* Room for one more at the end of an array; NULL after raw_fail(). */
void *raw_grown(struct raw *r, void *array, uint32_t len, uint32_t *cap, size_t size);
void raw_fail(struct raw *r, enum err err, const char *sentence); /* the first one counts */
bool raw_row_add(struct raw *r, struct draft *d);
void raw_rows_drop(struct raw *r); /* the first block; there is one */
/* Adds an account, whose name is new; false after raw_fail(). */
bool raw_account_add(struct raw *r, const struct raw_account *account);
struct raw_account *raw_account_find(struct raw *r, name_id name);
/* An account is named here; vet_accounts() complains where there is none. */
void raw_account_ref(struct raw *r, name_id name, struct source_place at);
/* The id of t in fleet.names; fails r when there is no room. */
bool raw_name(struct raw *r, struct text t, name_id *id);
name_id raw_list(struct raw *r, const name_id *ids, uint32_t len);
uint32_t raw_list_len(const struct raw *r, name_id list);
name_id raw_list_at(const struct raw *r, name_id list, uint32_t i);

/* --- draft.c ---------------------------------------------------------------------------------- */

void draft_begin(struct draft *d, uint16_t file, struct source_place at);
/* Notes a key at its place. Comes before the values. */
void draft_open(struct raw *r, struct draft *d, const struct key_rule *rule,
                struct source_place at);
/* One value of one key of an identity or of defaults; of a list, one element. */
void draft_put(struct raw *r, struct draft *d, const struct key_rule *rule, struct text t,
               struct source_place at);
/* The key's value had a shape unfit for draft_put(). */
void draft_break(struct draft *d, enum key key);
/* After the last key: closes the list of Regions. False after raw_fail(). */
bool draft_end(struct raw *r, struct draft *d);
/* Each key that *s was not given is taken from *from, if it was given there. */
void settings_inherit(struct settings *s, const struct settings *from);

/* --- owners.c --------------------------------------------------------------------------------- */

enum name_fault owner_check(struct text t);
/* The id of an owner's name; false after a complaint or raw_fail(). */
bool owner_put(struct raw *r, const struct key_rule *rule, struct text t, struct source_place at,
               name_id *id);
/* The owner whose pattern is nearest to name; NULL: none. */
const struct raw_owner *owner_of_name(const struct raw *r, struct text name);
/* The format that the key owners names for a contact; NAME_NONE: none. */
name_id owner_format(const struct raw *r, name_id contact);

/* --- source.c: files as bytes ----------------------------------------------------------------- */

struct source {
    int fd;
    uint64_t taken_bytes;
    struct raw *raw;
    unsigned char early[1]; /* of a FIFO, read before it was known to have a writer */
    size_t early_len;
};

/* Opens the user's path: *folder is its directory, *name its last part. */
bool source_folder(const char *path, int *folder, struct text *name, int *errnum);
/* Opens path below folder with links followed as long as they end below it, or anywhere when the
 * user named it; *file says which. A regular file at its end, or a copy of a stream or of UTF-16.
 * False with a clause for a person. */
bool source_open(struct source *s, struct raw *r, int folder, struct text path,
                 struct raw_file *file, char fault[QUOTE_LEN]);
void source_close(struct source *s);
/* A descriptor of what path leads to, a file or a folder below folder; of anything else there one
 * that cannot be read. -1: errno, EXDEV when it is not below. */
int below_open(int folder, struct text path, int flags);
/* Reads on and digests; 0 at the end, -1 after raw_fail() . */
long source_read(struct source *s, void *bytes, size_t len);
/* Counts the line and column (in characters) of the byte at offset. */
void source_place(const struct source *s, uint64_t offset, struct source_place *at);
/* The first character in lines first to last that is taken for another (character.h); 0: none. Its
 * place goes to *at. */
uint32_t source_odd(const struct source *s, uint32_t first, uint32_t last, struct source_place *at);
/* The first bytes, without moving on. */
size_t source_peek(const struct source *s, unsigned char *bytes, size_t len);

/* --- spool.c ---------------------------------------------------------------------------------- */

bool spool_is_wanted(const struct source *s); /* is it UTF-16 by its byte order mark? */
/* Puts a copy in memory, in UTF-8, in the place of the descriptor. False with a clause; it is
 * closed then. */
bool spool(struct source *s, char fault[QUOTE_LEN]);

/* --- container.c ------------------------------------------------------------------------------ */

/* What a file is that is no text, and what its user does: "is an Excel workbook (.xlsx): ...";
 * NULL: nothing that is known. */
const char *container_fault(const struct source *s);

/* --- read.c: YAML events ---------------------------------------------------------------------- */

enum event_kind {
    EVENT_SCALAR,
    EVENT_LIST,
    EVENT_LIST_END,
    EVENT_MAP,
    EVENT_MAP_END,
    EVENT_REFUSED, /* complained about, and a value of no kind */
    EVENT_ALIAS,   /* of reader_next() only: anchors_next() gives what it stands for */
    EVENT_END,
    EVENT_BROKEN, /* complained about; nothing can follow */
};

struct yaml_event {
    enum event_kind kind;
    bool plain;         /* a scalar without quotes */
    bool is_alias;      /* an alias stood for it */
    struct text text;   /* of a scalar, or the name of an alias; until the next event */
    struct text anchor; /* of reader_next(); likewise */
    struct source_place at;
};

struct yaml_reader;
struct yaml_reader *reader_new(struct raw *r, struct source *s,
                               uint16_t file); /* NULL: raw_fail() */
void reader_free(struct yaml_reader *reader);
void reader_next(struct yaml_reader *reader, struct yaml_event *event);

/* --- anchors.c: what aliases and merge keys bring again --------------------------------------- */

struct anchors;
struct anchors *anchors_new(struct raw *r, struct source *s, uint16_t file); /* NULL: raw_fail() */
void anchors_free(struct anchors *a);
/* The next event, with what an alias stands for in its place. Text until the next one. */
void anchors_next(struct anchors *a, struct yaml_event *event);

/* A value that can be read again. */
struct held_value {
    uint32_t start, end;
};
/* Steps over the value that begins with *event, the last one that came, and holds it. False after a
 * complaint. */
bool anchors_hold(struct anchors *a, const struct yaml_event *event, struct held_value *held);
/* Its events come next, before all others. */
void anchors_replay(struct anchors *a, struct held_value held);
void anchors_release(struct anchors *a, struct held_value held); /* it is not needed any more */

/* --- managed_rows.c: infrastructure code ------------------------------------------------------ */

/* A file of identities_from: CSV, or what managed/managed.h reads, by its first bytes. */
void rows_file(struct raw *r, struct source *s, uint16_t file);
/* What a file is that stands in the place of a manifest: "is a Terraform state, ..."; NULL: none of
 * those. */
const char *managed_manifest_fault(const struct source *s);
bool folder_is_at(const struct raw *r, struct text path);

/* --- walk.c, walk_entry.c, csv.c, include.c, vet.c -------------------------------------------- */

struct manifest_walk {
    struct raw *raw;
    struct anchors *anchors;
    uint16_t file;
    struct yaml_event event;
};

/* Takes the value beginning with w->event, and leaves the last event of the value in w->event. */
typedef void take_value(struct manifest_walk *w, const struct key_rule *rule, void *into);
typedef void put_text(struct manifest_walk *w, const struct key_rule *rule, void *into);

bool walk_next(struct manifest_walk *w); /* false when nothing can follow */
void walk_skip(struct manifest_walk *w); /* skips the rest of the value beginning with w->event */
void walk_map(struct manifest_walk *w, enum section s, take_value *take, void *into);

#define MERGES_MAX 16 /* maps that one map merges */
struct merges {
    struct held_value at[MERGES_MAX];
    unsigned len;
};
bool walk_is_merge(const struct manifest_walk *w); /* is w->event the key "<<"? */
/* Takes the value of a merge key. */
void walk_merge(struct manifest_walk *w, struct merges *merges);
/* Takes the keys of a map until its end. is_merged: they are of a map that is merged into it, and
 * those that are there already are passed over. */
typedef void take_keys(struct manifest_walk *w, void *ctx, struct merges *merges, bool is_merged);
/* The map's own keys, then those of the maps that it merges, in their order. */
void walk_keys(struct manifest_walk *w, take_keys *take, void *ctx);
/* A value of the rule's shape, text by text; false after a complaint. */
bool walk_texts(struct manifest_walk *w, const struct key_rule *rule, put_text *put, void *into);
bool walk_is(struct manifest_walk *w, const struct key_rule *rule, enum event_kind kind);
/* Interns the text as the name of a profile, or as an external ID; or complains. */
void walk_title(struct manifest_walk *w, const struct key_rule *rule, name_id *id);
const char *event_noun(const struct yaml_event *event, char out[QUOTE_LEN]); /* "a list" */

void walk_file(struct raw *r, struct source *s, uint16_t file);
void walk_accounts(struct manifest_walk *w);
void walk_owners(struct manifest_walk *w);
void walk_publish(struct manifest_walk *w);
void walk_watch(struct manifest_walk *w);
void walk_accounts_from(struct manifest_walk *w);
void walk_defaults(struct manifest_walk *w);
void walk_identities(struct manifest_walk *w);

void csv_file(struct raw *r, struct source *s, uint16_t file);

/* The user's own file, below r->folder, shown as named by the user. */
void include_root(struct raw *r, struct text path, struct text shown);
/* Adds the files matching pattern to the reading list. */
void include_add(struct raw *r, uint16_t parent, enum file_kind kind, struct text pattern,
                 struct source_place at);

/* vet_settings.c: the resolved settings of a row, defaults and accounts included. */
struct resolved {
    bool is_known;       /* the members below are set */
    bool is_usable;      /* false: complained about, except for `missing` */
    const char *missing; /* to complain about at every row of these settings; NULL: no complaint */
    bool has_mail_from;
    bool is_template;   /* mail_from has something to fill in */
    bool has_own_owner; /* the policy's owner is of the entry, and no pattern counts */
    name_id mail_from;  /* of the defaults; may hold {domain} and {region} */
    uint16_t policy, file;
    uint32_t lanes_at, lanes_len; /* in vet.lanes */
};

#define VET_AHEAD 16u /* choices on their way: a cache miss takes as long as ten choices */

/* A choice with names as texts, and the hashes for the coming look-ups.
 */
struct ahead {
    struct choice choice;
    const char *identity; /* stowed in fleet.names */
    name_id wanted;       /* MAIL FROM as given, when not a template */
    bool is_template, is_too_long, has_own_owner;
    struct text mail_from; /* of a template: filled in */
    uint32_t identity_hash, mail_from_hash;
    char filled[NAME_LEN_MAX + 1], normal[NAME_LEN_MAX + 1];
};

struct vet {
    struct raw *raw;
    struct resolved *resolved; /* by id of raw.settings */
    uint16_t *lanes;           /* lists of lanes of the fleet */
    uint32_t lanes_len, lanes_cap;
    uint32_t *seen, seen_mask; /* rows of the fleet + 1, by lane and identity; NULL: no identity has
                                  come twice yet */
    uint32_t begun, ended;     /* choices; the ones between the two are in ahead[] */
    struct ahead ahead[VET_AHEAD];
};

void vet_defaults(struct raw *r); /* files inherit from their naming files */
/* Adds the accounts of the organization: all, or those that something names. Before
 * vet_accounts(). */
void vet_organization(struct raw *r);
void vet_accounts(struct raw *r);
void vet_providers(struct raw *r); /* after the accounts */
/* The account called so, or without a name the only one, or the one named default; NULL: none. */
struct raw_account *vet_account_of(struct raw *r, name_id name);
void vet_every_account(struct raw *r); /* a lane for each account and Region */
const struct resolved *vet_settings(struct vet *v, name_id settings); /* NULL after raw_fail() */

/* Makes the fleet of all entries, or complains. */
void vet_fleet(struct raw *r);

#endif
