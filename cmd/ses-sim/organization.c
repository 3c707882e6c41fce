/*
 * Duty: AWS Organizations, JSON 1.1 of 2016-11-28, as one table has it: a tree of units, accounts
 * with states and tags, and the role that leads into each. Invariant: only the management account
 * is told anything; pages may be short, and some are empty with a token behind them, as the API
 * Reference warns.
 */
#include "model/organization.h"
#include "aws/json.h"
#include "base/json_out.h"
#include "model/arn.h"
#include "model/region.h"
#include "sim.h"

#include "base/count.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_MAX  20
#define TAGS_PAGE 2
#define JOINED_S  1767225600 /* of every account: 1 January 2026 */
#define TOKEN_LEN 16

enum { ID, PARENT, NAME, STATE, TAGS, ROLE, EXTERNAL_ID, REGIONS, COLUMNS };

static const char *const columns[COLUMNS] = {"id",   "parent", "name",        "state",
                                             "tags", "role",   "external_id", "regions"};

/* --- the table -------------------------------------------------------------------------------- */

static struct text cell(const struct sim *s, uint32_t row, uint32_t column)
{
    return table_cell(&s->organization, row, column);
}

static bool row_find(const struct sim *s, struct text id, uint32_t *row)
{
    for (*row = 0; *row < s->organization.rows; ++*row)
        if (text_eq(cell(s, *row, ID), id))
            return id.len > 0;
    return false;
}

static const char *row_fault(const struct sim *s, uint32_t row)
{
    static const char *const states[] = {"",       "ACTIVE",          "SUSPENDED",
                                         "CLOSED", "PENDING_CLOSURE", "PENDING_ACTIVATION"};
    struct text id = cell(s, row, ID), parent = cell(s, row, PARENT);
    bool is_root = text_starts(id, TEXT("r-")), is_known = false;
    uint32_t above;
    if (!account_id_is(id) && !organization_unit_is_id(id))
        return "id: r-abcd, ou-abcd-11111111 or twelve digits";
    if (is_root && !account_id_is(parent))
        return "parent: of the root, the number of the management account";
    if (!is_root && (!row_find(s, parent, &above) || account_id_is(parent)))
        return "parent: the id of a root or a unit of the file";
    for (size_t i = 0; i < COUNT(states); i++)
        is_known |= text_eq(cell(s, row, STATE), text_of(states[i]));
    return is_known ? NULL
                    : "state: ACTIVE, SUSPENDED, CLOSED, PENDING_CLOSURE or PENDING_ACTIVATION";
}

enum err organization_load(struct sim *s, const char *file, struct why *why)
{
    if (!file)
        return OK;
    enum err err = table_read(&s->organization, file, columns, COLUMNS, STATE, why);
    for (uint32_t row = 0; err == OK && row < s->organization.rows; row++) {
        const char *fault = row_fault(s, row);
        if (fault)
            err = why_set(why, ERR_INPUT, "%s: row %u: %s", file, row + 2, fault);
    }
    return err;
}

static struct text management(const struct sim *s)
{
    for (uint32_t row = 0; row < s->organization.rows; row++)
        if (text_starts(cell(s, row, ID), TEXT("r-")))
            return cell(s, row, PARENT);
    return TEXT_NONE;
}

bool organization_has_account(const struct sim *s, struct text account)
{
    uint32_t row;
    return row_find(s, account, &row);
}

/* role: "OrganizationAccountAccessRole", with its path. Other accounts have every role. */
bool organization_lets_in(const struct sim *s, struct text account, struct text role,
                          struct text external_id)
{
    uint32_t row;
    if (!row_find(s, account, &row))
        return true;
    struct text own = cell(s, row, ROLE), wanted = cell(s, row, EXTERNAL_ID);
    bool is_managing = text_eq(account, management(s)); /* AWS makes no role there */
    if (!own.len && !is_managing)
        own = TEXT(ORGANIZATION_ROLE);
    return text_eq(own, role) && (!wanted.len || text_eq(wanted, external_id));
}

bool organization_has_region(const struct sim *s, struct text account, struct text region)
{
    uint32_t row;
    if (!region_is_opt_in(region) || !row_find(s, account, &row))
        return true;
    struct text enabled = cell(s, row, REGIONS);
    while (enabled.at)
        if (text_eq(text_cut(&enabled, '|'), region))
            return true;
    return false;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void fail(struct exchange *x, const char *code, const char *reason, const char *message)
{
    struct json_out j;
    exchange_fail(x, 400, code, "%s", message);
    buf_reset(&x->out);
    json_init(&j, &x->out);
    json_add_object(&j, NULL);
    json_add_word(&j, "__type", code);
    if (reason)
        json_add_word(&j, "Reason", reason);
    json_add_word(&j, "Message", message);
    json_end(&j);
}

/* One page of a list: rows that fit pass by, and those of the page are written. */
struct page {
    struct json_out json;
    uint64_t from, to, at, number;
};

static bool token_read(struct text token, unsigned *from, unsigned *number)
{
    char digits[TOKEN_LEN + 1];
    if (token.len != TOKEN_LEN)
        return false;
    snprintf(digits, sizeof digits, TEXT_FMT, TEXT_ARG(token));
    return sscanf(digits, "%8x%8x", from, number) == 2;
}

/* Every third page is short, and the one before is empty. */
static bool page_begin(struct exchange *x, struct page *p, const struct json *body, uint64_t size)
{
    const struct json *given = json_member(body, "MaxResults");
    double max = (double)size;
    struct text token = TEXT_NONE;
    unsigned from = 0, number = 0;
    *p = (struct page){.from = 0};
    json_text(json_member(body, "NextToken"), &token);
    if (token.at && !token_read(token, &from, &number)) {
        fail(x, "InvalidInputException", "INVALID_NEXT_TOKEN", "You provided an invalid token.");
        return false;
    }
    if (given && (!json_number(given, &max) || max < 1 || max > PAGE_MAX)) {
        fail(x, "InvalidInputException", "MAX_VALUE_EXCEEDED", "MaxResults is from 1 to 20.");
        return false;
    }
    size = max < (double)size ? (uint64_t)max : size;
    size = number % 3 == 1 ? 0 : number % 3 == 2 ? (size + 1) / 2 : size;
    p->from = from;
    p->to = from + size;
    p->number = number;
    json_init(&p->json, &x->out);
    json_add_object(&p->json, NULL);
    return true;
}

/* Is this the turn of a row that fits? */
static bool page_takes(struct page *p)
{
    uint64_t at = p->at++;
    return at >= p->from && at < p->to;
}

static void page_end(struct page *p)
{
    char token[TOKEN_LEN + 1];
    json_end(&p->json);
    snprintf(token, sizeof token, "%08x%08x", (unsigned)p->to, (unsigned)p->number + 1);
    if (p->at > p->to)
        json_add_word(&p->json, "NextToken", token);
    json_end(&p->json);
}

static void state_write(struct json_out *j, struct text state)
{
    state = state.len ? state : TEXT("ACTIVE");
    bool is_suspended = text_eq(state, TEXT("SUSPENDED")) || text_eq(state, TEXT("CLOSED"));
    bool is_closing = text_eq(state, TEXT("PENDING_CLOSURE"));
    json_add_word(j, "Status",
                  is_suspended ? "SUSPENDED"
                  : is_closing ? "PENDING_CLOSURE"
                               : "ACTIVE");
    json_add_text(j, "State", state);
}

static void item_write(const struct sim *s, struct exchange *x, struct page *p, uint32_t row)
{
    struct text id = cell(s, row, ID), manager = management(s);
    bool is_account = account_id_is(id), is_root = text_starts(id, TEXT("r-"));
    struct text arn =
        arena_fmt(&x->arena, "arn:aws:organizations::" TEXT_FMT ":%s/o-sim0000000/" TEXT_FMT,
                  TEXT_ARG(manager),
                  is_account ? "account"
                  : is_root  ? "root"
                             : "ou",
                  TEXT_ARG(id));
    json_add_object(&p->json, NULL);
    json_add_text(&p->json, "Id", id);
    json_add_text(&p->json, "Arn", arn);
    json_add_text(&p->json, "Name", cell(s, row, NAME));
    if (is_account) {
        struct text email = arena_fmt(&x->arena, TEXT_FMT "@accounts.example", TEXT_ARG(id));
        json_add_text(&p->json, "Email", email);
        state_write(&p->json, cell(s, row, STATE));
        json_add_word(&p->json, "JoinedMethod", "CREATED");
        json_add_u64(&p->json, "JoinedTimestamp", JOINED_S);
    }
    json_end(&p->json);
}

/* --- actions ---------------------------------------------------------------------------------- */

enum listed { LIST_ROOTS, LIST_UNITS, LIST_ACCOUNTS };

static bool is_of(const struct sim *s, uint32_t row, enum listed listed)
{
    struct text id = cell(s, row, ID);
    if (listed == LIST_ACCOUNTS)
        return account_id_is(id);
    return text_starts(id, listed == LIST_ROOTS ? TEXT("r-") : TEXT("ou-"));
}

/* parent NULL: of the whole organization. */
static void list_write(struct sim *s, struct exchange *x, const struct json *body,
                       enum listed listed, const char *parent)
{
    static const char *const names[] = {"Roots", "OrganizationalUnits", "Accounts"};
    struct page p;
    if (!page_begin(x, &p, body, PAGE_MAX))
        return;
    json_add_array(&p.json, names[listed]);
    for (uint32_t row = 0; row < s->organization.rows; row++)
        if (is_of(s, row, listed) && (!parent || text_eq(cell(s, row, PARENT), text_of(parent))) &&
            page_takes(&p))
            item_write(s, x, &p, row);
    page_end(&p);
}

static void tags_write(struct sim *s, struct exchange *x, const struct json *body, uint32_t row)
{
    struct text tags = cell(s, row, TAGS);
    struct page p;
    if (!page_begin(x, &p, body, TAGS_PAGE))
        return;
    json_add_array(&p.json, "Tags");
    while (tags.len) {
        struct text value = text_cut(&tags, ';'), key = text_cut(&value, '=');
        if (!page_takes(&p))
            continue;
        json_add_object(&p.json, NULL);
        json_add_text(&p.json, "Key", key);
        json_add_text(&p.json, "Value", value.len ? value : TEXT(""));
        json_end(&p.json);
    }
    page_end(&p);
}

/* Whoever is in no organization learns that, and a member account nothing else. */
static bool may_ask(const struct sim *s, struct exchange *x)
{
    if (text_eq(x->account, management(s)))
        return true;
    if (organization_has_account(s, x->account))
        fail(x, "AccessDeniedException", NULL,
             "You don't have permissions to access this resource.");
    else
        fail(x, "AWSOrganizationsNotInUseException", NULL,
             "Your account is not a member of an organization.");
    return false;
}

static void asked(struct sim *s, struct exchange *x,
                  void (*answer)(struct sim *, struct exchange *, const struct json *,
                                 const char *above),
                  const char *key)
{
    struct json *body = NULL;
    struct text *named = ARENA_NEW(&x->arena, struct text);
    const char *above = NULL;
    json_parse(&body, x->body.len ? x->body : TEXT("{}"), NULL);
    if (named && json_text(json_member(body, key), named)) { /* for the log, too */
        *named = arena_text(&x->arena, *named);
        above = named->len ? named->at : NULL;
        exchange_names(x, named, 1);
    }
    if (!json_is_object(body))
        fail(x, "SerializationException", NULL, "The body is not a JSON object.");
    else if (may_ask(s, x))
        answer(s, x, body, above);
    json_free(body);
}

static void answer_accounts(struct sim *s, struct exchange *x, const struct json *body,
                            const char *above)
{
    (void)above;
    list_write(s, x, body, LIST_ACCOUNTS, NULL);
}

static void answer_roots(struct sim *s, struct exchange *x, const struct json *body,
                         const char *above)
{
    (void)above;
    list_write(s, x, body, LIST_ROOTS, NULL);
}

static bool is_parent(const struct sim *s, struct exchange *x, const char *above)
{
    uint32_t row;
    struct text id = text_of(above);
    if (!organization_unit_is_id(id))
        fail(x, "InvalidInputException", "INVALID_PATTERN",
             "You provided a value that does not match the required pattern.");
    else if (!row_find(s, id, &row))
        fail(x, "ParentNotFoundException", NULL,
             "You specified a parent that does not exist: a root or a unit.");
    return !x->is_error;
}

static void answer_children(struct sim *s, struct exchange *x, const struct json *body,
                            const char *above)
{
    if (is_parent(s, x, above))
        list_write(s, x, body, LIST_ACCOUNTS, above);
}

static void answer_units(struct sim *s, struct exchange *x, const struct json *body,
                         const char *above)
{
    if (is_parent(s, x, above))
        list_write(s, x, body, LIST_UNITS, above);
}

static void answer_tags(struct sim *s, struct exchange *x, const struct json *body,
                        const char *above)
{
    uint32_t row;
    if (row_find(s, text_of(above), &row))
        tags_write(s, x, body, row);
    else
        fail(x, "TargetNotFoundException", NULL, "You specified a target that does not exist.");
}

static void list_accounts(struct sim *s, struct exchange *x)
{
    asked(s, x, answer_accounts, "");
}

static void list_roots(struct sim *s, struct exchange *x)
{
    asked(s, x, answer_roots, "");
}

static void list_children(struct sim *s, struct exchange *x)
{
    asked(s, x, answer_children, "ParentId");
}

static void list_units(struct sim *s, struct exchange *x)
{
    asked(s, x, answer_units, "ParentId");
}

static void list_tags(struct sim *s, struct exchange *x)
{
    asked(s, x, answer_tags, "ResourceId");
}

static const struct route routes[] = {
    {"ListAccounts", list_accounts, SES_ACTIONS},
    {"ListAccountsForParent", list_children, SES_ACTIONS},
    {"ListOrganizationalUnitsForParent", list_units, SES_ACTIONS},
    {"ListRoots", list_roots, SES_ACTIONS},
    {"ListTagsForResource", list_tags, SES_ACTIONS},
};

const struct route *organization_route(struct exchange *x)
{
    struct text action = exchange_header(x, "x-amz-target");
    action = text_from(action, sizeof ORGANIZATION_TARGET - 1);
    x->content_type = ORGANIZATION_CONTENT_TYPE;
    for (size_t i = 0; i < COUNT(routes); i++)
        if (text_eq(action, text_of(routes[i].action)) && text_eq(x->path, TEXT("/")) &&
            text_eq(x->method, TEXT("POST"))) {
            x->action = routes[i].action;
            return &routes[i];
        }
    fail(x, "UnknownOperationException", NULL, "There is nothing here.");
    return NULL;
}
