/*
 * What discover tells a person, on standard error, since standard output may be the manifest.
 */
#include "discover_summary.h"

#include "base/bounds.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/plural.h"
#include "inventory/discover_code.h"
#include "inventory/discover_formats.h"
#include "messages.h"
#include "trouble_fold.h"

#include <string.h>

/* --- a line per lane -------------------------------------------------------------------------- */

static int widest(const struct discover *d, struct text (*name)(const struct discover *, uint32_t),
                  const char *head)
{
    size_t width = strlen(head);
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        width = name(d, i).len > width ? name(d, i).len : width;
    return width < 40 ? (int)width : 40;
}

/* "12", or with what is not at SUCCESS, "12 (2 PENDING, 1 FAILED)". */
static const char *custom_text(const struct found_lane *l, char out[128])
{
    const char *before = " (";
    size_t len = (size_t)snprintf(out, 128, "%u", l->custom);
    for (int s = MAIL_FROM_PENDING; s <= MAIL_FROM_UNKNOWN; s++) {
        if (!l->by_status[s] || s == MAIL_FROM_SUCCESS || len >= 128)
            continue;
        len += (size_t)snprintf(out + len, 128 - len, "%s%u %s", before, l->by_status[s],
                                mail_from_status_name((enum mail_from_status)s));
        before = ", ";
    }
    if (*before == ',' && len < 128)
        snprintf(out + len, 128 - len, ")");
    return out;
}

/* The table as it is being printed. */
struct discover_table {
    int account, region; /* width */
    uint32_t rows;       /* printed */
    uint32_t empty;      /* pairs that hold no identity, and are counted instead */
    struct found_lane sum;
    bool is_blind; /* of some lane it is not known who forwards */
};

static void row_print(const struct discover_table *t, struct text account, struct text region,
                      const struct found_lane *l, bool is_blind)
{
    char custom[128], forwarding[16];
    snprintf(forwarding, sizeof forwarding, "%u", l->forwarding);
    message_note("%-*.*s  %-*.*s  %10u  %8u  %10s  %s", t->account, (int)account.len, account.at,
                 t->region, (int)region.len, region.at, l->len, l->verified,
                 is_blind ? "?" : forwarding, custom_text(l, custom));
}

static void lane_tell(struct discover_table *t, const struct discover *d, uint32_t lane)
{
    const struct found_lane *l = &d->by_lane[lane];
    bool is_blind = inventory_lane(d->inventory, lane)->blind;
    if (!discover_has_lane(d, lane))
        return;
    if (!discover_shows_lane(d, lane)) {
        t->empty++;
        return;
    }
    row_print(t, discover_account(d, lane), discover_region(d, lane), l, is_blind);
    t->rows++;
    t->is_blind |= is_blind;
    t->sum.len += l->len;
    t->sum.verified += l->verified;
    t->sum.forwarding += l->forwarding;
    t->sum.custom += l->custom;
    for (int s = 0; s <= MAIL_FROM_UNKNOWN; s++)
        t->sum.by_status[s] += l->by_status[s];
}

static void lanes_tell(const struct discover *d)
{
    struct discover_table t = {.account = widest(d, discover_account, "account"),
                               .region = widest(d, discover_region, "Region")};
    message_note("%-*s  %-*s  %10s  %8s  %10s  %s", t.account, "account", t.region, "Region",
                 "identities", "verified", "forwarding", "custom MAIL FROM");
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        lane_tell(&t, d, i);
    if (t.rows > 1)
        row_print(&t, TEXT("total"), TEXT_NONE, &t.sum, t.is_blind);
    if (t.empty)
        message_note("No identities in %u %s of account and Region", t.empty,
                     plural(t.empty, "other pair", "other pairs"));
}

/* --- what only SES knows ---------------------------------------------------------------------- */

static void endpoint_tell(const struct discover *d, uint32_t lane, const struct global_endpoint *e)
{
    struct endpoint_differences differ = {0};
    struct buf line;
    if (!global_endpoint_counts(e))
        return;
    buf_init(&line, LINE_LEN_MAX);
    buf_add_fmt(&line,
                "Global endpoint " TEXT_FMT " of account " TEXT_FMT ": " TEXT_FMT " and " TEXT_FMT
                ", " TEXT_FMT,
                TEXT_ARG(e->name), TEXT_ARG(discover_account(d, lane)), TEXT_ARG(e->regions[0]),
                TEXT_ARG(e->regions[1]), TEXT_ARG(e->status));
    bool is_read = discover_endpoint(d, lane, e, &differ);
    if (!is_read)
        buf_add_str(&line, "; one of the two Regions was not read, so they were not compared");
    else if (differ.len)
        buf_add_fmt(&line, "; %u %s another MAIL FROM or behavior in the other Region", differ.len,
                    plural(differ.len, "identity has", "identities have"));
    for (uint32_t i = 0; i < differ.len && i < ENDPOINT_NAMES; i++)
        buf_add_fmt(&line, "%s" TEXT_FMT, i ? ", " : ": ", TEXT_ARG(differ.names[i]));
    if (differ.len)
        buf_add_fmt(&line, "%s (mailfrom explain %s)", differ.len > ENDPOINT_NAMES ? ", ..." : "",
                    finding_rule(ENDPOINT_REGIONS_DIFFER)->name);
    message_note(TEXT_FMT, TEXT_ARG(buf_text(&line)));
    buf_clear(&line);
}

static void advice_tell(const struct discover *d, uint32_t lane)
{
    const struct inventory_lane *l = inventory_lane(d->inventory, lane);
    for (uint32_t i = 0; i < l->endpoints_len; i++)
        endpoint_tell(d, lane, &l->endpoints[i]);
    uint32_t shown = l->advice[ADVISOR_SPF] + l->advice[ADVISOR_DMARC] + l->advice[ADVISOR_DKIM];
    if (shown + l->advice[ADVISOR_OTHER])
        message_note("Open recommendations of SES's advisor, account " TEXT_FMT ", Region " TEXT_FMT
                     ": %u SPF, %u DMARC, %u DKIM, %u of other types",
                     TEXT_ARG(discover_account(d, lane)), TEXT_ARG(discover_region(d, lane)),
                     l->advice[ADVISOR_SPF], l->advice[ADVISOR_DMARC], l->advice[ADVISOR_DKIM],
                     l->advice[ADVISOR_OTHER]);
}

/* "DKIM at Success: 2950 of 3000 (12 FAILED, 38 NOT_STARTED), 5 not known" */
static void dkim_tell(const struct discover *d)
{
    uint32_t by_status[DKIM_STATUSES] = {0}, known = 0;
    const char *before = " (";
    struct buf line;
    for (uint32_t i = 0; i < d->found_len; i++)
        by_status[d->found[i].row->dkim]++;
    known = d->found_len - by_status[DKIM_UNKNOWN];
    if (known == 0)
        return;
    buf_init(&line, LINE_LEN_MAX);
    buf_add_fmt(&line, "DKIM at Success: %u of %u", by_status[DKIM_SUCCESS], d->found_len);
    for (int s = DKIM_UNKNOWN + 1; s < DKIM_STATUSES; s++) {
        if (!by_status[s] || s == DKIM_SUCCESS)
            continue;
        buf_add_fmt(&line, "%s%u %s", before, by_status[s], dkim_status_name((enum dkim_status)s));
        before = ", ";
    }
    buf_add_str(&line, *before == ',' ? ")" : "");
    if (by_status[DKIM_UNKNOWN])
        buf_add_fmt(&line, ", %u not known", by_status[DKIM_UNKNOWN]);
    message_note(TEXT_FMT, TEXT_ARG(buf_text(&line)));
    buf_clear(&line);
}

/* --- what was left out ------------------------------------------------------------------------ */

/* Of a format of infrastructure code, the reasons are others. */
static void code_left_out_tell(const struct discover *d, const char *how)
{
    struct code_sum sum = {{0}};
    for (uint32_t lane = 0; lane < d->fleet.lanes_len; lane++) {
        const struct code_sum of_lane = code_sum(d, lane);
        for (int i = 0; i < CODE_HOWS; i++)
            sum.by_how[i] += of_lane.by_how[i];
    }
    for (int i = CODE_RESOURCE + 1; i < CODE_HOWS; i++)
        if (sum.by_how[i])
            message_note("%s: %u (%s)", how, sum.by_how[i], code_reason((enum code_how)i));
    message_note("Resources: %u", sum.by_how[CODE_RESOURCE]);
}

static void left_out_tell(const struct discover *d)
{
    static const char *const whys[FOUND_HOWS] = {
        [FOUND_UNVERIFIED] = "not verified",
        [FOUND_FAILED] = "set-up FAILED",
        [FOUND_UNREAD] = "not told about",
        [FOUND_UNFIT] = "a name that no manifest can hold",
        [FOUND_SAME] = "the same name as another, written otherwise",
        [FOUND_FOREIGN] = "at a domain that is no verified identity here",
    };
    const struct discover_format *format = discover_format(d->config);
    uint32_t sums[FOUND_HOWS] = {0}, formulas = 0;
    if (format->is_code) {
        code_left_out_tell(d, format->left_out);
        return;
    }
    for (uint32_t i = 0; i < d->found_len; i++) {
        sums[d->found[i].how]++;
        formulas += found_is_entry(&d->found[i]) && discover_csv_refuses(d, &d->found[i]);
    }
    for (int how = FOUND_UNVERIFIED; how < FOUND_HOWS; how++)
        if (sums[how] && format->left_out)
            message_note("%s: %u (%s)", format->left_out, sums[how], whys[how]);
    if (formulas && format->document == discover_csv)
        message_note(
            "Left out: %u that begin with = + - or @, which a spreadsheet takes for a formula, or "
            "hold what no page shows; --format yaml has them",
            formulas);
}

static void proposed_tell(const struct discover *d)
{
    uint32_t proposed = 0, as_is = 0;
    for (uint32_t i = 0; i < d->found_len; i++) {
        proposed += d->found[i].how == FOUND_PROPOSED;
        as_is += d->found[i].how == FOUND_AS_IS;
    }
    message_note("Proposed: %u of %u", proposed, proposed + as_is);
}

/* --- the whole -------------------------------------------------------------------------------- */

void discover_summary(const struct discover *d)
{
    lanes_tell(d);
    dkim_tell(d);
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        if (discover_has_lane(d, i))
            advice_tell(d, i);
    left_out_tell(d);
    if (d->config->mail_from)
        proposed_tell(d);
    uint64_t by_kind[CALL_KINDS] = {0}, all = 0, throttled = 0;
    char took[WHEN_LEN];
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        for (int kind = 0; kind < CALL_ASK; kind++) {
            const struct pace *pace = inventory_pace(d->inventory, i, (enum call_kind)kind);
            by_kind[kind] += pace->calls;
            all += pace->calls;
            throttled += pace->throttled;
        }
    }
    uint64_t reads = by_kind[CALL_READ_VERIFICATION] + by_kind[CALL_READ_MAIL_FROM] +
                     by_kind[CALL_READ_NOTIFICATION] + by_kind[CALL_READ_DKIM];
    const struct {
        uint64_t count;
        const char *what;
    } parts[] = {{by_kind[CALL_LIST], "to list"},
                 {reads, "to read by the hundred"},
                 {by_kind[CALL_GET], "to read one by one"},
                 {by_kind[CALL_ENDPOINTS] + by_kind[CALL_ACCOUNT] + by_kind[CALL_ADVICE],
                  "about endpoints and recommendations"},
                 {throttled, "throttled"}};
    struct buf line;
    buf_init(&line, LINE_LEN_MAX);
    buf_add_fmt(&line, "Calls: %llu in %s", (unsigned long long)all, span_format(d->took, took));
    for (size_t i = 0; i < COUNT(parts); i++)
        if (parts[i].count)
            buf_add_fmt(&line, "; %llu %s", (unsigned long long)parts[i].count, parts[i].what);
    message_note(TEXT_FMT, TEXT_ARG(buf_text(&line)));
    buf_clear(&line);
}

/* --- troubles --------------------------------------------------------------------------------- */

static void lane_trouble_tell(const struct discover *d, uint32_t lane)
{
    const struct inventory_lane *l = inventory_lane(d->inventory, lane);
    const char *trouble = NULL;
    if (discover_is_disabled(d, lane))
        return; /* counted below */
    if (l->phase == INVENTORY_REFUSED)
        return; /* folded below */
    if (d->by_lane[lane].is_twin)
        trouble = "belongs to the account of another profile, and is listed there";
    else if (l->unread)
        trouble = "some identities are not told about";
    else if (l->blind)
        trouble = "feedback forwarding is not told";
    if (!trouble)
        return;
    message_note("%saccount " TEXT_FMT ", Region " TEXT_FMT " %s%s%s",
                 l->unread ? "mailfrom: " : "note: ", TEXT_ARG(discover_account(d, lane)),
                 TEXT_ARG(discover_region(d, lane)), trouble, l->reason[0] ? ": " : "", l->reason);
}

static void refusals_tell(const struct trouble_fold *f)
{
    struct buf line;
    buf_init(&line, LINE_LEN_MAX);
    for (uint32_t i = 0; i < f->len; i++) {
        const struct trouble_kind *k = &f->kinds[i];
        buf_reset(&line);
        trouble_kind_place(k, &line);
        message_note("mailfrom: " TEXT_FMT " could not be read, and %s left out%s" TEXT_FMT,
                     TEXT_ARG(buf_text(&line)), plural(k->regions_len, "is", "are"),
                     k->sentence.len ? ": " : "", TEXT_ARG(k->sentence));
        buf_reset(&line);
        trouble_kind_others(k, &line);
        if (line.len)
            message_note("mailfrom: " TEXT_FMT, TEXT_ARG(buf_text(&line)));
    }
    buf_clear(&line);
}

/* An organization whose roles are misspelt has two hundred refusals, and one reason. */
static void refusals_fold(const struct discover *d)
{
    struct trouble_fold fold;
    trouble_fold_init(&fold);
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        uint32_t account = d->fleet.lanes[i].account;
        struct trouble t = {.account = discover_account(d, i),
                            .number =
                                names_text(&d->fleet.names, d->fleet.accounts[account].account_id),
                            .region = discover_region(d, i)};
        struct why why = {""};
        if (inventory_lane(d->inventory, i)->phase != INVENTORY_REFUSED ||
            discover_is_disabled(d, i))
            continue;
        discover_refusal(d, i, &why);
        if (!trouble_fold_add(&fold, &t, why.text))
            message_note("mailfrom: account " TEXT_FMT ", Region " TEXT_FMT
                         " could not be read, and is left out: %s",
                         TEXT_ARG(t.account), TEXT_ARG(t.region), why.text);
    }
    refusals_tell(&fold);
    trouble_fold_clear(&fold);
}

enum gap { GAP_ENDPOINTS, GAP_ADVICE, GAP_DKIM };

static const char *gap_of(const struct inventory_lane *l, enum gap gap)
{
    return gap == GAP_ENDPOINTS ? l->endpoints_gap
           : gap == GAP_ADVICE  ? l->advice_gap
                                : l->dkim_gap;
}

/* SES refuses an account alike in all its Regions: the first is told. */
static void gap_tell(const struct discover *d, enum gap of)
{
    static const char *const unknown[] = {
        "global endpoints are not known: ", "open recommendations are not known: ",
        ""}; /* DKIM: the gap says it */
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        const char *gap = gap_of(inventory_lane(d->inventory, i), of);
        bool is_told = !gap[0] || !discover_has_lane(d, i);
        for (uint32_t k = 0; k < i && !is_told; k++) {
            const struct inventory_lane *other = inventory_lane(d->inventory, k);
            is_told =
                d->fleet.lanes[k].account == d->fleet.lanes[i].account && gap_of(other, of)[0];
        }
        if (!is_told)
            message_note("note: account " TEXT_FMT ": %s%s", TEXT_ARG(discover_account(d, i)),
                         unknown[of], gap);
    }
}

static bool is_read(const struct discover *d, uint32_t account)
{
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++)
        if (d->fleet.lanes[i].account == account && discover_has_lane(d, i))
            return true;
    return false;
}

void discover_troubles(const struct discover *d)
{
    uint32_t disabled = 0;
    refusals_fold(d);
    for (uint32_t i = 0; i < d->fleet.lanes_len; i++) {
        lane_trouble_tell(d, i);
        disabled += discover_is_disabled(d, i);
    }
    gap_tell(d, GAP_ENDPOINTS);
    gap_tell(d, GAP_ADVICE);
    gap_tell(d, GAP_DKIM);
    if (disabled)
        message_note(
            "note: %u %s left out: the account has not enabled the Region", disabled,
            plural(disabled, "pair of account and Region is", "pairs of account and Region are"));
    for (uint32_t i = 0; i < d->fleet.accounts_len; i++) {
        const struct inventory_account *a = inventory_account(d->inventory, i);
        if (!a->number[0] && is_read(d, i))
            message_note("note: account " TEXT_FMT " has no account_id: %s",
                         TEXT_ARG(names_text(&d->fleet.names, d->fleet.accounts[i].name)),
                         a->reason);
    }
}

/* --- while it goes on --------------------------------------------------------------------------
 */

void discover_progress(void *ctx, const struct discover *d, instant_us now)
{
    struct ticker *ticker = ctx;
    char line[256];
    uint32_t listed = 0, read = 0, done = 0, lanes = d->fleet.lanes_len;
    if (!ticker_is_due(ticker, now))
        return;
    for (uint32_t i = 0; i < lanes; i++) {
        const struct inventory_lane *l = inventory_lane(d->inventory, i);
        listed += l->rows_len;
        read += l->read;
        done += l->phase >= INVENTORY_DONE;
    }
    snprintf(line, sizeof line, "%u of %u %s done; %u %s listed, %u read", done, lanes,
             plural(lanes, "pair of account and Region", "pairs of account and Region"), listed,
             plural(listed, "identity", "identities"), read);
    ticker_show(ticker, line);
}
