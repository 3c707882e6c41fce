/*
 * Calls to JSON 1.1, pages to items. Invariant: an unreadable page leaves no item behind, so half a
 * page never counts as a whole one.
 */
#include "organizations.h"

#include "base/json_out.h"
#include "json.h"
#include "model/arn.h"
#include "reply.h"

#include <assert.h>

#define TARGET   "AWSOrganizationsV20161128."
#define PAGE_MAX 20 /* of MaxResults */

static const char *above_key(enum call_kind kind)
{
    switch (kind) {
    case CALL_MEMBERS_OF:
    case CALL_UNITS: return "ParentId";
    case CALL_ACCOUNT_TAGS: return "ResourceId";
    default: return NULL;
    }
}

enum err organizations_encode(const struct call *c, struct buf *target, struct buf *body,
                              struct why *why)
{
    const char *key = above_key(c->kind), *action = call_action(c->kind, API_V1);
    struct json_out j;
    assert(call_is_of_organization(c->kind));
    if (key && !c->above.len)
        return why_set(why, ERR_INPUT, "%s needs a %s", action, key);
    buf_add_fmt(target, TARGET "%s", action);
    json_init(&j, body);
    json_add_object(&j, NULL);
    if (key)
        json_add_text(&j, key, c->above);
    if (c->token.len)
        json_add_text(&j, "NextToken", c->token);
    if (c->kind != CALL_ACCOUNT_TAGS)
        json_add_u64(&j, "MaxResults", PAGE_MAX);
    json_end(&j);
    return target->failed || body->failed ? why_set(why, ERR_LIMIT, "the request is too long") : OK;
}

/* Absent, or a text that could be copied. */
static bool read_text(struct call *c, const struct json *object, const char *name, struct text *out)
{
    struct text t = TEXT_NONE;
    const struct json *member = json_member(object, name);
    if (member && !json_text(member, &t))
        return false;
    *out = t.len ? arena_text(&c->arena, t) : TEXT_NONE;
    return !t.len || out->at;
}

static uint32_t list_len(const struct json *list)
{
    uint32_t len = 0;
    for (const struct json *item = json_first(list); item; item = json_next(item))
        len++;
    return len;
}

/* Since 2025 an account has a State; Status knows fewer words and will go. */
static bool read_item(struct call *c, const struct json *object)
{
    struct organization_item *item = &c->items[c->items_len];
    struct text state, status;
    if (!json_is_object(object) || !read_text(c, object, "Id", &item->id) || !item->id.len ||
        !read_text(c, object, "Name", &item->name) || !read_text(c, object, "State", &state) ||
        !read_text(c, object, "Status", &status))
        return false;
    bool is_account = c->kind == CALL_MEMBERS || c->kind == CALL_MEMBERS_OF;
    if (is_account && !account_id_is(item->id))
        return false;
    item->is_active = text_eq(state.len ? state : status, TEXT("ACTIVE"));
    c->items_len++;
    return true;
}

static bool read_items(struct call *c, const struct json *root)
{
    const char *name = c->kind == CALL_ROOTS   ? "Roots"
                       : c->kind == CALL_UNITS ? "OrganizationalUnits"
                                               : "Accounts";
    const struct json *list = json_member(root, name);
    if (list && !json_is_array(list))
        return false;
    c->items = ARENA_ARRAY(&c->arena, struct organization_item, list_len(list) + 1);
    for (const struct json *item = json_first(list); c->items && item; item = json_next(item))
        if (!read_item(c, item))
            return false;
    return c->items != NULL;
}

static bool read_tags(struct call *c, const struct json *root)
{
    const struct json *list = json_member(root, "Tags");
    if (list && !json_is_array(list))
        return false;
    c->tags = ARENA_ARRAY(&c->arena, struct ses_tag, list_len(list) + 1);
    for (const struct json *tag = json_first(list); c->tags && tag; tag = json_next(tag)) {
        struct ses_tag *out = &c->tags[c->tags_len];
        if (!json_is_object(tag) || !read_text(c, tag, "Key", &out->key) ||
            !read_text(c, tag, "Value", &out->value))
            return false;
        c->tags_len += out->key.len > 0;
    }
    return c->tags != NULL;
}

/* The code says only that some input is wrong; which, its reason does. */
static void failed(struct call *c, struct text error_type, struct text body)
{
    struct json *root = NULL;
    struct text reason = TEXT_NONE;
    reply_fail_json(&c->reply, error_type, body);
    json_parse(&root, body, NULL);
    json_text(json_member(root, "Reason"), &reason);
    if (text_eq(reason, TEXT("INVALID_NEXT_TOKEN")) ||
        text_eq(reason, TEXT("INVALID_PAGINATION_TOKEN")))
        REPLY_PUT(c->reply.code, TEXT("InvalidNextTokenException"));
    json_free(root);
}

void organizations_decode(struct call *c, int http_status, struct text error_type, struct text body)
{
    struct json *root = NULL;
    struct why why = {""};
    assert(call_is_of_organization(c->kind));
    reply_begin(&c->reply, http_status);
    listed_drop(c);
    c->tags_len = 0;
    if (c->reply.how != REPLY_HTTP)
        return;
    if (!HTTP_IS_OK(http_status)) {
        failed(c, error_type, body);
        return;
    }
    enum err err = json_parse(&root, body, &why);
    bool good = err == OK && json_is_object(root) &&
                (c->kind == CALL_ACCOUNT_TAGS ? read_tags(c, root) : read_items(c, root)) &&
                read_text(c, root, "NextToken", &c->next_token);
    if (err != OK)
        reply_garble(&c->reply, "the answer is not the JSON that was promised: %.200s", why.text);
    else if (!good)
        reply_garble(&c->reply, "the answer is not one of %s", call_action(c->kind, API_V1));
    if (!good) {
        listed_drop(c);
        c->tags_len = 0;
    }
    json_free(root);
}
