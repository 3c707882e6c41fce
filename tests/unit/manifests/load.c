/*
 * Good manifests: what they come to, row by row.
 */
#include "manifest_room.h"

#include "manifests/value.h"
#include "rules/idna.h"

#define TOP "version: 1\ndefaults: {region: us-east-1, mail_from: 'bounce.{domain}'}\n"

/* A row as one line: account, Region, identity, MAIL FROM, and what differs from the usual policy.
 */
static void row_show(const struct fleet *f, uint32_t row, struct buf *out)
{
    const struct policy *p = fleet_policy_of(f, row);
    struct text mail_from = fleet_mail_from(f, row);
    buf_add_fmt(out, TEXT_FMT " " TEXT_FMT " " TEXT_FMT " " TEXT_FMT,
                TEXT_ARG(fleet_account_name(f, row)), TEXT_ARG(fleet_region(f, row)),
                TEXT_ARG(fleet_identity(f, row)),
                TEXT_ARG(mail_from.len ? mail_from : TEXT("default")));
    if (p->behavior == BEHAVIOR_REJECT_MESSAGE)
        buf_add_str(out, " reject");
    if (p->require != REQUIRE_MX_SPF)
        buf_add_str(out, p->require == REQUIRE_MX ? " mx" : " none");
    if (p->mx_region != NAME_NONE)
        buf_add_fmt(out, " mx_region=" TEXT_FMT, TEXT_ARG(names_text(&f->names, p->mx_region)));
    if (p->timeout_us != SPAN_H(72))
        buf_add_fmt(out, " timeout=%lldm", (long long)(p->timeout_us / SPAN_M(1)));
    if (p->owner != NAME_NONE)
        buf_add_fmt(out, " owner=" TEXT_FMT, TEXT_ARG(names_text(&f->names, p->owner)));
    if (p->records_format != NAME_NONE)
        buf_add_fmt(out, " format=" TEXT_FMT, TEXT_ARG(names_text(&f->names, p->records_format)));
    for (int i = 0; i < FINDINGS_LEN; i++)
        if (p->accept & FINDING_BIT(i))
            buf_add_fmt(out, " ~%s", finding_rule((enum finding)i)->name);
    buf_add_char(out, '\n');
}

static void assert_rows(struct loaded *l, const char *want)
{
    struct buf rows;
    assert_loads(l);
    buf_init(&rows, 1u << 20);
    for (uint32_t i = 0; i < l->fleet.choices_len; i++)
        row_show(&l->fleet, i, &rows);
    assert_string_equal(rows.at ? rows.at : "", want);
    buf_clear(&rows);
}

static const struct {
    const char *manifest, *rows;
} good[] = {
    {TOP "identities: [example.com]\n", "default us-east-1 example.com bounce.example.com\n"},
    {TOP "identities: []\n", ""},
    {"version: 1\nidentities: []\nwaves: [10, 2.5%, 100%]\nmax_failures: 0\n", ""},
    {"version: 1\nidentities: []\nwatch: {}\n", ""},
    /* Plain scalars are text: none of these is a boolean, a number or nothing. */
    {"version: 1\ndefaults: {region: us-east-1, mail_from: default}\n"
     "identities: [no, on, yes, null, ~, 1e3.example, 0x10, 12:30, 010, .inf, '12']\n",
     "default us-east-1 no default\ndefault us-east-1 on default\n"
     "default us-east-1 yes default\ndefault us-east-1 null default\n"
     "default us-east-1 ~ default\ndefault us-east-1 1e3.example default\n"
     "default us-east-1 0x10 default\ndefault us-east-1 12:30 default\n"
     "default us-east-1 010 default\ndefault us-east-1 .inf default\n"
     "default us-east-1 12 default\n"},
    /* Owners: the entry's own, then the nearest pattern, then the default. */
    {"version: 1\nowners:\n"
     "  Shop.Example.: {contact: the shop, format: nsupdate}\n"
     "  '*.shop.example': below@x.example\n"
     "  a.b.shop.example: {contact: nearest}\n"
     "  blog.example: the shop\n"
     "defaults: {region: us-east-1, mail_from: 'm.{domain}', owner: rest}\n"
     "identities:\n- a.b.shop.example\n- x.shop.example\n"
     "- {identity: shop.example, mail_from: shop.example}\n- blog.example\n- other.example\n"
     "- {identity: y.shop.example, owner: own}\n- {identity: z.example, owner: the shop}\n"
     "- {identity: gone.shop.example, mail_from: default}\n",
     "default us-east-1 a.b.shop.example m.a.b.shop.example owner=nearest\n"
     "default us-east-1 x.shop.example m.x.shop.example owner=below@x.example\n"
     "default us-east-1 shop.example shop.example owner=the shop format=nsupdate\n"
     "default us-east-1 blog.example m.blog.example owner=the shop format=nsupdate\n"
     "default us-east-1 other.example m.other.example owner=rest\n"
     "default us-east-1 y.shop.example m.y.shop.example owner=own\n"
     "default us-east-1 z.example m.z.example owner=the shop format=nsupdate\n"
     "default us-east-1 gone.shop.example default owner=rest\n"},
    /* Blanks, where RFC 5321 has them. */
    {TOP "identities: ['\"x y\"@example.com']\n",
     "default us-east-1 \"x y\"@example.com bounce.example.com\n"},
    /* Names: domains fold and become A-labels, addresses stay, bad IDNA stays as bytes. */
    {TOP "identities: [Example.COM., 'B\xc3\x9c"
         "CHER.example', Joe@Example.COM, 'joe@b\xc3\xbc"
         "cher.example', xn--a.example, stra\xc3\x9f"
         "e.example]\n",
     "default us-east-1 example.com bounce.example.com\n"
     "default us-east-1 xn--bcher-kva.example bounce.xn--bcher-kva.example\n"
     "default us-east-1 Joe@Example.COM bounce.example.com\n"
     "default us-east-1 joe@xn--bcher-kva.example bounce.xn--bcher-kva.example\n"
     "default us-east-1 xn--a.example bounce.xn--a.example\n"
     "default us-east-1 xn--strae-oqa.example bounce.xn--strae-oqa.example\n"},
    {"version: 1\ndefaults: {region: us-east-1}\nidentities:\n"
     "- {identity: a.example, mail_from: M\xc3\xbcLL.a.example.}\n"
     "- {identity: b.example, mail_from: not_a_host..name}\n"
     "- {identity: c.example, mail_from: elsewhere.example}\n"
     "- {identity: d.example, mail_from: 'x.{domain}.{region}{domain}'}\n",
     "default us-east-1 a.example xn--mll-hoa.a.example\n"
     "default us-east-1 b.example not_a_host..name\n"
     "default us-east-1 c.example elsewhere.example\n"
     "default us-east-1 d.example x.d.example.us-east-1d.example\n"},
    /* Several Regions, and the same identity in another Region or account. */
    {"version: 1\naccounts: {a: {regions: [us-east-1, eu-west-1]}, b: {profile: p}}\n"
     "defaults: {mail_from: 'm.{region}.{domain}', account: a}\nidentities:\n"
     "- x.example\n- {identity: x.example, region: us-west-2}\n"
     "- {identity: x.example, account: b, regions: [us-east-1, us-west-2]}\n",
     "a us-east-1 x.example m.us-east-1.x.example\n"
     "a eu-west-1 x.example m.eu-west-1.x.example\n"
     "a us-west-2 x.example m.us-west-2.x.example\n"
     "b us-east-1 x.example m.us-east-1.x.example\n"
     "b us-west-2 x.example m.us-west-2.x.example\n"},
    /* Key by key: what an identity does not say, the defaults say. */
    {"version: 1\ndefaults:\n  region: us-east-1\n  mail_from: m.{domain}\n"
     "  behavior_on_mx_failure: RejectMessage\n  accept: [sandbox]\n"
     "  dns: {require: mx, timeout: 1h30m, mx_region: eu-west-1}\nidentities:\n"
     "- a.example\n- {identity: b.example, behavior_on_mx_failure: UseDefaultValue}\n"
     "- {identity: c.example, dns: {require: none}, accept: []}\n"
     "- {identity: d.example, mail_from: default, region: ap-southeast-3}\n",
     "default us-east-1 a.example m.a.example reject mx mx_region=eu-west-1 timeout=90m "
     "~sandbox\n"
     "default us-east-1 b.example m.b.example mx mx_region=eu-west-1 timeout=90m ~sandbox\n"
     "default us-east-1 c.example m.c.example reject none mx_region=eu-west-1 timeout=90m\n"
     "default ap-southeast-3 d.example default reject mx mx_region=eu-west-1 timeout=90m "
     "~sandbox\n"},
    /* The order of keys means nothing. */
    {"identities: [{account: m, identity: a.example}]\ndefaults: {mail_from: default}\n"
     "accounts: {m: {regions: [us-gov-west-1]}}\nversion: 1\n",
     "m us-gov-west-1 a.example default\n"},
    {"\xef\xbb\xbf" TOP "identities:\r\n  - a.example\r\n",
     "default us-east-1 a.example bounce.a.example\n"},
    {"# {version: 1}\n---\nversion: 1\ndefaults: {region: us-east-1, mail_from: default}\n"
     "identities:\n- 'a.example'\n- \"b.example\"\n- c\\\n...\n",
     "default us-east-1 a.example default\ndefault us-east-1 b.example default\n"
     "default us-east-1 c\\ default\n"},
    /* Anchors, aliases and merge keys; keys that begin with x- are there for them. */
    {"version: 1\nx-a: &a {region: us-east-1, mail_from: 'b.{domain}', dns: {require: mx}}\n"
     "defaults: {<<: *a, region: eu-west-1}\nidentities: [a.example, {<<: *a, identity: "
     "b.example}]\n",
     "default eu-west-1 a.example b.a.example mx\ndefault us-east-1 b.example b.b.example mx\n"},
    {"version: 1\nx-a: &a {region: us-east-1, mail_from: default}\nidentities:\n"
     "  - {identity: a.example, <<: *a, mail_from: m.a.example}\n"
     "  - {<<: [{region: us-west-2}, *a], identity: b.example}\n"
     "  - {<<: {<<: *a, region: eu-west-2}, identity: c.example}\n"
     "  - {<<: *a, identity: d.example, regions: [us-west-1, us-west-2]}\n",
     "default us-east-1 a.example m.a.example\ndefault us-west-2 b.example default\n"
     "default eu-west-2 c.example default\ndefault us-west-1 d.example default\n"
     "default us-west-2 d.example default\n"},
    {"version: 1\nx-ids: &ids [&first a.example, {identity: b.example}]\n"
     "defaults: {region: &r us-east-1, mail_from: default, dns: {mx_region: *r}}\n"
     "identities: *ids\n",
     "default us-east-1 a.example default mx_region=us-east-1\n"
     "default us-east-1 b.example default mx_region=us-east-1\n"},
    {"version: 1\nx-l: &l [{region: us-east-1}, {region: us-west-2, mail_from: default}]\n"
     "identities: [{<<: *l, identity: a.example}]\n",
     "default us-east-1 a.example default\n"},
    {"version: 1\nx-v: &v us-east-1\nx-w: &v eu-west-1\n" /* an anchor may be set anew */
     "identities: [{identity: a.example, region: *v, mail_from: default}]\n",
     "default eu-west-1 a.example default\n"},
    {"version: 1\nx-acc: &acc {one: {regions: [us-east-1]}, two: {regions: [us-east-1]}}\n"
     "accounts: {<<: *acc, two: {regions: [eu-west-1]}}\ndefaults: {mail_from: default}\n"
     "identities: [{identity: a.example, account: one}, {identity: a.example, account: two}]\n",
     "one us-east-1 a.example default\ntwo eu-west-1 a.example default\n"},
    {"x-all: &all {version: 1, defaults: {region: us-east-1, mail_from: default}}\n<<: *all\n"
     "identities: [a.example]\n",
     "default us-east-1 a.example default\n"},
    {"version: 1\n&k defaults: {region: us-east-1, mail_from: default}\nx-k: *k\n"
     "identities: [&e {identity: a.example}]\n",
     "default us-east-1 a.example default\n"},
    {"version: 1\naccounts:\n  default: {regions: [us-east-1]}\n  other:\n"
     "defaults: {mail_from: default}\nidentities: [a.example]\n",
     "default us-east-1 a.example default\n"},
};

static void manifests_and_what_they_come_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct loaded l;
        const char *path = "x.yaml";
        file_write(path, good[i].manifest);
        load_by(&l, (struct manifest_options){.allow_empty = true}, &path, 1);
        assert_rows(&l, good[i].rows);
        loaded_clear(&l);
    }
}

static void the_region_of_the_command_line_comes_last(void **state)
{
    (void)state;
    struct loaded l;
    const char *path = "x.yaml";
    file_write(path, "version: 1\nidentities:\n- {identity: a.example, mail_from: default}\n"
                     "- {identity: b.example, mail_from: default, region: us-west-2}\n");
    load_with(&l, "eu-west-3", &path, 1);
    assert_rows(&l, "default eu-west-3 a.example default\ndefault us-west-2 b.example default\n");
    loaded_clear(&l);
    load_with(&l, "europe", &path, 1);
    assert_says(&l, ":0:0: --region: found \"europe\"");
    loaded_clear(&l);
}

static enum err no_region(void *ctx, struct text profile, struct text *region, struct why *why)
{
    (void)ctx, (void)profile, (void)region;
    return why_set(why, ERR_INPUT, "AWS_REGION: the quotes are part of the value; remove them");
}

/* The reason is neither hidden by complaints nor taken for a manifest without identities. */
static void a_region_that_cannot_be_had_is_the_reason(void **state)
{
    static const struct {
        const char *manifest, *says;
    } rows[] = {
        {"version: 1\nidentities: [{identity: a.example, mail_from: default}]\n", ""},
        {"version: 1\nidentities:\n- {identity: b.example, mail_from: default, region: Europe}\n"
         "- {identity: a.example, mail_from: default}\n",
         "x.yaml:3:53: region: found \"Europe\""},
    };
    const char *path = "x.yaml";
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct loaded l;
        file_write(path, rows[i].manifest);
        load_by(&l, (struct manifest_options){.region_of = no_region}, &path, 1);
        assert_int_equal(l.err, ERR_INPUT);
        assert_non_null(strstr(l.why.text, "AWS_REGION: the quotes"));
        assert_int_equal(l.complaints.len, rows[i].says[0] ? 1 : 0);
        assert_true(text_starts(buf_text(&l.said), text_of(rows[i].says)));
        loaded_clear(&l);
    }
}

static void accounts_keep_what_they_say(void **state)
{
    (void)state;
    struct loaded l;
    file_write("x.yaml",
               "version: 1\nidentities: [{identity: a.example, account: one, region: us-east-1,\n"
               "  mail_from: default}]\nwaves: [10, 2.5%]\nmax_failures: 2%\n"
               "watch: {confirm: 20m, trouble_looks: 5, every: 1h30m}\naccounts:\n"
               "  one: {profile: my profile, account_id: 011122223333, rate: 0.25}\n"
               "  two:\n    role_arn: arn:aws-us-gov:iam::111122223333:role/path/mail\n"
               "    external_id: x:1\n    source_profile: base\n    rate: 10000\n");
    load(&l, "x.yaml");
    assert_loads(&l);
    const struct fleet *f = &l.fleet;
    assert_int_equal(f->accounts_len, 2);
    assert_text(names_text(&f->names, f->accounts[0].profile), TEXT("my profile"));
    assert_text(names_text(&f->names, f->accounts[0].account_id), TEXT("011122223333"));
    assert_true(f->accounts[0].rate_per_s == 0.25 && f->accounts[1].rate_per_s == 10000);
    assert_int_equal(f->accounts[0].role_arn, NAME_NONE);
    assert_text(names_text(&f->names, f->accounts[1].role_arn),
                TEXT("arn:aws-us-gov:iam::111122223333:role/path/mail"));
    assert_text(names_text(&f->names, f->accounts[1].external_id), TEXT("x:1"));
    assert_text(names_text(&f->names, f->accounts[1].source_profile), TEXT("base"));
    assert_int_equal(f->waves_len, 2);
    assert_true(f->waves[0].value == 10 && !f->waves[0].is_percent);
    assert_true(f->waves[1].value == 2.5 && f->waves[1].is_percent);
    assert_true(f->max_failures.value == 2 && f->max_failures.is_percent);
    assert_true(f->watch.confirm == SPAN_M(20) && f->watch.trouble_looks == 5);
    assert_true(f->watch.every == SPAN_M(90) && f->watch.critical == SPAN_H(6)); /* the usual */
    loaded_clear(&l);
}

static void included_files_inherit_and_come_in_bytewise_order(void **state)
{
    (void)state;
    struct loaded l;
    assert_int_equal(mkdir("m", 0700), 0);
    assert_int_equal(mkdir("m/teams", 0700), 0);
    assert_int_equal(mkdir("m/teams/[x]", 0700), 0);
    file_write("m/fleet.yaml",
               "version: 1\naccounts: {one: , two: }\n"
               "defaults: {account: one, region: us-east-1, mail_from: 'm.{domain}'}\n"
               "include: ['teams/*.yaml', ./teams/z.csv]\nidentities: [top.example]\n");
    file_write("m/teams/b.yaml", "version: 1\ndefaults: {account: two}\nidentities: [b.example]\n"
                                 "identities_from: '*.csv'\n");
    file_write("m/teams/B.yaml",
               "version: 1\ninclude: '[[]x]/1*.yaml'\nidentities: [bb.example]\n");
    file_write("m/teams/[x]/1.yaml", "version: 1\ndefaults: {mail_from: default}\n"
                                     "identities: [deep.example]\ninclude: 2.yam?\n");
    file_write("m/teams/[x]/2.yaml", "version: 1\nidentities: [deeper.example]\n");
    file_write("m/teams/.hidden.yaml", "not read");
    file_write("m/teams/a.csv", "identity,region,mail_from\r\nc.example,,\r\n"
                                "\"d.example\",eu-west-1,\"default\"\r\n");
    file_write("m/teams/z.csv", "no manifest");
    load(&l, "m/fleet.yaml");
    assert_says(&l, "m/teams/z.csv:1:1: found \"no manifest\"");
    loaded_clear(&l);
    file_write("m/teams/z.csv", "version: 1\n");
    assert_int_equal(rename("m/teams/z.csv", "m/teams/z.txt"), 0);
    file_write("m/fleet.yaml",
               "version: 1\naccounts: {one: , two: }\n"
               "defaults: {account: one, region: us-east-1, mail_from: 'm.{domain}'}\n"
               "include: ['teams/*.yaml', ./teams/z.txt]\nidentities: [top.example]\n");
    load(&l, "m/fleet.yaml");
    assert_rows(&l, "one us-east-1 top.example m.top.example\n"
                    "one us-east-1 bb.example m.bb.example\n"
                    "two us-east-1 b.example m.b.example\n"
                    "one us-east-1 deep.example default\n"
                    "two us-east-1 c.example m.c.example\n"
                    "two eu-west-1 d.example default\n"
                    "one us-east-1 deeper.example default\n");
    struct buf source;
    buf_init(&source, 256);
    assert_text(fleet_source(&l.fleet, 3, &source), TEXT("m/teams/[x]/1.yaml:3"));
    assert_text(fleet_source(&l.fleet, 5, &source), TEXT("m/teams/a.csv:3"));
    buf_clear(&source);
    loaded_clear(&l);
}

static void several_files_are_one_fleet(void **state)
{
    (void)state;
    static const char *const paths[] = {"a.yaml", "b.yaml"};
    struct loaded l;
    file_write("a.yaml", TOP "identities: [{identity: a.example, account: one}]\nwaves: [1]\n");
    file_write("b.yaml", "version: 1\naccounts: {one: }\nidentities:\n"
                         "- {identity: b.example, region: us-east-1, mail_from: default}\n");
    load_with(&l, NULL, paths, 2);
    assert_rows(&l, "one us-east-1 a.example bounce.a.example\none us-east-1 b.example default\n");
    loaded_clear(&l);

    file_write("b.yaml", "version: 1\naccounts: {one: }\nwaves: [2]\nidentities:\n"
                         "- {identity: a.example, region: us-east-1, mail_from: default}\n");
    load_with(&l, NULL, paths, 2);
    assert_says(&l, "b.yaml:3:8: waves stands in a.yaml:4 already, expected it in one file\n"
                    "b.yaml:5:14: \"a.example\" in account \"one\", Region us-east-1 stands in "
                    "a.yaml:3:25 already\n");
    loaded_clear(&l);
    static const char *const twice[] = {"a.yaml", "./a.yaml"};
    load_with(&l, NULL, twice, 2);
    assert_says(&l, "./a.yaml:0:0: \"./a.yaml\" is read already, as a.yaml");
    loaded_clear(&l);
}

static void digest_of(const char *path, unsigned char out[32])
{
    struct loaded l;
    load(&l, path);
    assert_loads(&l);
    memcpy(out, l.fleet.digest, 32);
    loaded_clear(&l);
}

static void the_digest_covers_every_name_and_byte(void **state)
{
    (void)state;
    unsigned char first[32], second[32];
    file_write("x.yaml", TOP "identities_from: x.csv\n");
    file_write("x.csv", "identity\na.example\n");
    digest_of("x.yaml", first);
    digest_of("x.yaml", second);
    assert_memory_equal(first, second, 32);
    file_write("x.csv", "identity\na.example\n\n");
    digest_of("x.yaml", second);
    assert_memory_not_equal(first, second, 32);
    file_write("x.csv", "identity\na.example\n");
    file_write("x.yaml", TOP "identities_from: x.csv #\n");
    digest_of("x.yaml", second);
    assert_memory_not_equal(first, second, 32);
    file_write("y.yaml", TOP "identities_from: x.csv\n");
    digest_of("y.yaml", second);
    assert_memory_not_equal(first, second, 32);
}

static void every_example_is_a_fleet(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t choices, accounts, lanes;
    } rows[] = {
        {"small", 3, 1, 1},
        {"multi-account", 6, 2, 4},
        {"shared-mail-from", 6, 1, 2},
        {"csv-import", 4, 2, 3},
        {"rollback", 6, 1, 2},
        {"discovered", 7, 2, 3},
        {"one-domain", 1, 1, 1},
        {"agency", 5, 2, 2},
        {"publish-other-account", 2, 2, 1},
        {"waves", 9, 1, 1},
        {"strict-afterwards", 3, 1, 1},
        {"back-to-default", 3, 1, 1},
        {"workers/fleet", 2, 2, 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct loaded l;
        char path[512];
        snprintf(path, sizeof path, "%s/manifests/examples/%s.yaml", SOURCE_DIR, rows[i].name);
        load(&l, path);
        assert_loads(&l);
        assert_int_equal(l.fleet.choices_len, rows[i].choices);
        assert_int_equal(l.fleet.accounts_len, rows[i].accounts);
        assert_int_equal(l.fleet.lanes_len, rows[i].lanes);
        loaded_clear(&l);
    }
}

static void every_account_is_a_lane_where_that_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *manifest, *region, *lanes; /* NULL: refused */
    } rows[] = {
        {"accounts: {b: {regions: [eu-west-1, us-east-1]}, a: {regions: [us-east-1]}}", NULL,
         "b eu-west-1, b us-east-1, a us-east-1, "},
        {"accounts: {a: {}, b: {regions: [eu-west-1]}}\ndefaults: {regions: [us-east-2]}", NULL,
         "a us-east-2, b eu-west-1, "},
        {"accounts: {a: {}}", "us-east-1", "a us-east-1, "},
        {"accounts: {a: {}}", NULL, NULL},
        {"", "us-east-1", "default us-east-1, "},
        {"accounts: {a: {regions: [us-east-1]}}\ndefaults: {mail_from: default}\n"
         "identities: [{identity: a.example, region: eu-west-1}]",
         NULL, "a us-east-1, a eu-west-1, "},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char manifest[512], lanes[256] = "";
        const char *path = "x.yaml";
        struct loaded l;
        snprintf(manifest, sizeof manifest, "version: 1\n%s\n", rows[i].manifest);
        file_write(path, manifest);
        load_by(&l,
                (struct manifest_options){.region = text_of(rows[i].region), .every_account = true},
                &path, 1);
        for (uint32_t n = 0; n < l.fleet.lanes_len; n++) {
            const struct lane *lane = &l.fleet.lanes[n];
            struct text account = names_text(&l.fleet.names, l.fleet.accounts[lane->account].name);
            struct text region = names_text(&l.fleet.names, lane->region);
            snprintf(lanes + strlen(lanes), sizeof lanes - strlen(lanes),
                     TEXT_FMT " " TEXT_FMT ", ", TEXT_ARG(account), TEXT_ARG(region));
        }
        assert_int_equal(l.err, rows[i].lanes ? OK : ERR_INPUT);
        assert_string_equal(lanes, rows[i].lanes ? rows[i].lanes : "");
        loaded_clear(&l);
    }
}

static void many_settings_and_lanes_are_no_trouble(void **state)
{
    (void)state;
    struct loaded l;
    struct buf b;
    buf_init(&b, 8u << 20);
    buf_add_str(&b, TOP "identities:\n");
    for (unsigned i = 0; i < 4000; i++)
        buf_add_fmt(&b, "- {identity: a%u.example, dns: {timeout: %us}}\n", i / 2, i + 1);
    file_write_bytes("x.yaml", b.at, b.len);
    load(&l, "x.yaml");
    assert_int_equal(l.complaints.len + l.complaints.more, 2000);
    assert_true(l.seconds < 2 * test_timeouts());
    loaded_clear(&l);
    buf_clear(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, set_down)

/* "kind file line account zones ..., what it is reached by" of each provider. */
static void assert_providers(struct loaded *l, const char *want)
{
    struct buf out;
    assert_loads(l);
    buf_init(&out, 1u << 16);
    for (uint32_t i = 0; i < l->fleet.providers_len; i++) {
        const struct provider *p = &l->fleet.providers[i];
        buf_add_fmt(&out, "%s " TEXT_FMT ":%u:%u " TEXT_FMT, provider_kind_name(p->kind),
                    TEXT_ARG(l->fleet.files[p->file]), p->line, p->column,
                    TEXT_ARG(names_text(&l->fleet.names, l->fleet.accounts[p->account].name)));
        for (uint32_t z = 0; z < p->zones_len; z++)
            buf_add_fmt(&out, " " TEXT_FMT, TEXT_ARG(p->zones[z]));
        const struct text texts[] = {p->endpoint_url,  p->token_env, p->server,
                                     p->key_file,      p->key_name,  p->key_algorithm,
                                     p->key_secret_env};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            if (texts[t].len)
                buf_add_fmt(&out, "|" TEXT_FMT, TEXT_ARG(texts[t]));
        buf_add_char(&out, '\n');
    }
    assert_string_equal(out.at ? out.at : "", want);
    buf_clear(&out);
}

#define ACCOUNTS                                                                                   \
    "accounts: {dns: {profile: dns}, default: {profile: mail}}\n"                                  \
    "defaults: {region: us-east-1, mail_from: default}\nidentities: [a.example]\n"

static void who_can_write_which_zones(void **state)
{
    struct loaded l;
    (void)state;
    file_write("m.yaml",
               "version: 1\n" ACCOUNTS "dns:\n  publish:\n"
               "  - zones: ['*.Example.COM', example.com., 'x?.b\xc3\xbc"
               "cher.example', '[!a-c]*']\n"
               "    route53: {account: dns, endpoint_url: 'http://127.0.0.1:1'}\n"
               "  - {zones: [a.example], route53: {}}\n"
               "  - {rfc2136: {server: '[2001:db8::53]:5353', key_file: /etc/k}, zones: [b_c]}\n"
               "  - {zones: [d], rfc2136: {server: 192.0.2.53, key: {name: k., secret_env: S}}}\n"
               "  - {zones: [e], rfc2136: {server: '::1', key: {name: k, secret_env: S,"
               " algorithm: HMAC-SHA512}}}\n"
               "  - {zones: ['*'], cloudflare: {token_env: T_1}}\n");
    load(&l, "m.yaml");
    assert_providers(&l, "route53 m.yaml:7:5 dns *.example.com example.com x?.xn--bcher-kva.example"
                         " [!a-c]*|http://127.0.0.1:1\n"
                         "route53 m.yaml:9:5 default a.example\n"
                         "rfc2136 m.yaml:10:5 dns b_c|[2001:db8::53]:5353|/etc/k\n"
                         "rfc2136 m.yaml:11:5 dns d|192.0.2.53|k.|hmac-sha256|S\n"
                         "rfc2136 m.yaml:12:5 dns e|::1|k|hmac-sha512|S\n"
                         "cloudflare m.yaml:13:5 dns *|T_1\n");
    loaded_clear(&l);
}

/* Entries of included files come after those of the file that includes them, and a file of a key
 * lies where the manifest lies that names it. */
static void providers_of_included_files_come_last(void **state)
{
    struct loaded l;
    char here[512], want[2048];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(mkdir("below", 0700), 0);
    assert_int_equal(mkdir("below/team", 0700), 0);
    file_write("below/m.yaml", "version: 1\ninclude: team/t.yaml\n" ACCOUNTS
                               "dns: {publish: [{zones: [a], cloudflare: {token_env: A}}]}\n");
    file_write("below/team/t.yaml",
               "version: 1\ndns: {publish: [{zones: [b], rfc2136: {server: 192.0.2.1,"
               " key_file: t.key}}]}\n");
    load(&l, "./below/m.yaml");
    snprintf(want, sizeof want,
             "cloudflare ./below/m.yaml:6:17 dns a|A\n"
             "rfc2136 ./below/team/t.yaml:2:17 dns b|192.0.2.1|%s/below/team/t.key\n",
             here);
    assert_providers(&l, want);
    loaded_clear(&l);
}

static enum err no_endpoint(enum provider_kind kind, struct text url, struct why *why)
{
    return kind == PROVIDER_CLOUDFLARE && text_eq(url, TEXT("http://dns.example"))
               ? why_set(why, ERR_INPUT, "it is open")
               : OK;
}

static void an_endpoint_is_vetted(void **state)
{
    struct loaded l;
    const char *path = "m.yaml";
    (void)state;
    file_write(path, "version: 1\n" ACCOUNTS "dns: {publish: [\n"
                     "  {zones: [a], route53: {endpoint_url: http://dns.example}},\n"
                     "  {zones: [a], cloudflare: {token_env: A, endpoint_url: http://dns.example}}"
                     "]}\n");
    load_by(&l, (struct manifest_options){.endpoint_vet = no_endpoint}, &path, 1);
    assert_text(buf_text(&l.said),
                TEXT("m.yaml:7:57: endpoint_url: found \"http://dns.example\": it is open\n"));
    loaded_clear(&l);
}

/* Every text of up to four of these. */
static void a_plain_domain_has_no_fault_and_is_in_normal_form(void **state)
{
    static const char letters[] = "az09-._A@ ~\xc3";
    char t[5] = "", out[NAME_LEN_MAX + 1];
    const unsigned base = sizeof letters; /* with the final NUL: shorter texts */
    unsigned plain = 0;
    (void)state;
    for (unsigned n = 0; n < base * base * base * base; n++) {
        for (unsigned i = 0, rest = n; i < 4; i++, rest /= base)
            t[i] = letters[rest % base];
        struct text text = text_of(t), ascii;
        const char *fault;
        if (!domain_is_plain(text))
            continue;
        plain++;
        assert_int_equal(identity_check(text), NAME_OK);
        assert_text(identity_normal(text, out), text);
        if (idna_to_ascii(text, out, &ascii, &fault))
            assert_text(ascii, text);
    }
    assert_true(plain > 1000);
    assert_true(domain_is_plain(TEXT("news.example.org")));
    assert_false(domain_is_plain(TEXT("xn--bcher-kva.example")));
}

/* Rows before the double, which are vetted and given back in between. */
static void a_double_is_found_wherever_it_stands(void **state)
{
    struct loaded l;
    FILE *file = fopen("m.yaml", "w");
    (void)state;
    assert_non_null(file);
    fputs(TOP "identities:\n", file);
    for (unsigned i = 0; i < 5000; i++)
        fprintf(file, "- d%u.example\n", i);
    fputs("- bounce.d7.example\n- {identity: d7.example, region: eu-west-1}\n", file);
    assert_int_equal(fclose(file), 0);
    load(&l, "m.yaml");
    assert_loads(&l);
    assert_int_equal(l.fleet.choices_len, 5002);
    assert_text(fleet_identity(&l.fleet, 4999), TEXT("d4999.example"));
    loaded_clear(&l);
    file = fopen("m.yaml", "a");
    assert_non_null(file);
    fputs("- d4998.example\n- {identity: d7.example, region: eu-west-1}\n", file);
    assert_int_equal(fclose(file), 0);
    load(&l, "m.yaml");
    assert_text(buf_text(&l.said),
                TEXT("m.yaml:5006:3: \"d4998.example\" in account \"default\", Region us-east-1 "
                     "stands in m.yaml:5002:3 already\n"
                     "m.yaml:5007:14: \"d7.example\" in account \"default\", Region eu-west-1 "
                     "stands in m.yaml:5005:14 already\n"));
    loaded_clear(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(manifests_and_what_they_come_to),
        TEST(the_region_of_the_command_line_comes_last),
        TEST(a_region_that_cannot_be_had_is_the_reason),
        TEST(accounts_keep_what_they_say),
        TEST(included_files_inherit_and_come_in_bytewise_order),
        TEST(several_files_are_one_fleet),
        TEST(the_digest_covers_every_name_and_byte),
        TEST(every_example_is_a_fleet),
        TEST(every_account_is_a_lane_where_that_is_asked_for),
        TEST(many_settings_and_lanes_are_no_trouble),
        TEST(who_can_write_which_zones),
        TEST(providers_of_included_files_come_last),
        TEST(an_endpoint_is_vetted),
        TEST(a_plain_domain_has_no_fault_and_is_in_normal_form),
        TEST(a_double_is_found_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
