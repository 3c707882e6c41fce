/*
 * Duty: the part of STS that finds out and changes who one is: GetCallerIdentity, AssumeRole.
 * Invariant: a key that is given out belongs to the account of its role, and that account exists.
 */
#include "sim.h"

#include "base/count.h"

#define ASSUMED_S_DEFAULT 3600
#define ASSUMED_S_MIN     900
#define ASSUMED_S_MAX     43200

static void caller_identity(struct sim *s, struct exchange *x)
{
    (void)s;
    xml_begin(x);
    xml_element(&x->out, "Arn", x->caller_arn);
    xml_element(&x->out, "UserId", TEXT("AIDACKCEVSQ6C2EXAMPLE"));
    xml_element(&x->out, "Account", x->account);
    xml_end(x);
}

static bool is_session_name(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!char_is_alnum(t.at[i]) && text_find(TEXT("_+=,.@-"), t.at[i]) == 7)
            return false;
    return t.len >= 2 && t.len <= 64;
}

static void fail_value(struct exchange *x, const char *member)
{
    exchange_fail(x, 400, "ValidationError",
                  "1 validation error detected: Value '" TEXT_FMT
                  "' at '%c%s' failed to satisfy constraint: Member must be valid",
                  TEXT_ARG(form_get(&x->form, member)), char_lower(member[0]), member + 1);
}

static void assumed_write(struct exchange *x, const struct sim_key *key)
{
    char until[WHEN_LEN];
    xml_begin(x);
    buf_add_str(&x->out, "<AssumedRoleUser>");
    xml_element(&x->out, "AssumedRoleId", TEXT("AROACLKWSDQRAOEXAMPLE:ses-sim"));
    xml_element(&x->out, "Arn", key->arn);
    buf_add_str(&x->out, "</AssumedRoleUser><Credentials>");
    xml_element(&x->out, "AccessKeyId", key->id);
    xml_element(&x->out, "SecretAccessKey", key->secret);
    xml_element(&x->out, "SessionToken", key->token);
    xml_element(&x->out, "Expiration", text_of(when_format(key->expires, until)));
    buf_add_str(&x->out, "</Credentials>");
    xml_end(x);
}

/* IAM does not tell whether the role is there. */
static void refuse_role(struct exchange *x, struct text arn)
{
    exchange_fail(x, 403, "AccessDenied",
                  "User: " TEXT_FMT
                  " is not authorized to perform: sts:AssumeRole on resource: " TEXT_FMT,
                  TEXT_ARG(x->caller_arn), TEXT_ARG(arn));
}

static void assume_role(struct sim *s, struct exchange *x)
{
    struct text arn = form_get(&x->form, "RoleArn"), account, name;
    struct text session = form_get(&x->form, "RoleSessionName");
    struct text external = form_get(&x->form, "ExternalId");
    struct text duration = form_get(&x->form, "DurationSeconds");
    uint64_t seconds = ASSUMED_S_DEFAULT;
    /* "arn:aws:iam::111122223333:role/path/name" */
    struct text rest = arn, part = TEXT_NONE;
    for (int i = 0; i < 5; i++)
        part = text_cut(&rest, ':');
    uint64_t digits;
    account = part;
    name = text_from(rest, text_rfind(rest, '/') + 1);
    if (!text_starts(arn, TEXT("arn:aws")) || part.len != 12 || !text_to_u64(part, &digits) ||
        !text_starts(rest, TEXT("role/")) || !name.len) {
        fail_value(x, "RoleArn");
    } else if (!is_session_name(session)) {
        fail_value(x, "RoleSessionName");
    } else if (external.at && (external.len < 2 || external.len > 1224)) {
        fail_value(x, "ExternalId");
    } else if (duration.at && (!text_to_u64(duration, &seconds) || seconds < ASSUMED_S_MIN ||
                               seconds > ASSUMED_S_MAX)) {
        fail_value(x, "DurationSeconds");
    } else if (!ses_model_has_account(&s->model, account) &&
               !zones_has_account(&s->zones, account) && !organization_has_account(s, account)) {
        refuse_role(x, arn);
    } else if (!organization_lets_in(s, account, text_from(rest, sizeof "role/" - 1), external)) {
        refuse_role(x, arn);
    } else {
        struct text assumed =
            arena_fmt(&x->arena, "arn:aws:sts::" TEXT_FMT ":assumed-role/" TEXT_FMT "/" TEXT_FMT,
                      TEXT_ARG(account), TEXT_ARG(name), TEXT_ARG(session));
        instant_us until = x->real - x->real % SPAN_S(1) + SPAN_S(seconds);
        const struct sim_key *key =
            keyring_issue(&s->keys, account, assumed, keyring_find(&s->keys, arn), until);
        if (key)
            assumed_write(x, key);
        else
            exchange_trouble(x, TROUBLE_INTERNAL, "There is no room for another key.");
    }
}

static const struct route routes[] = {
    {"GetCallerIdentity", caller_identity, SES_ACTIONS},
    {"AssumeRole", assume_role, SES_ACTIONS},
};

const struct route *sts_route(struct exchange *x)
{
    return query_route(x, routes, COUNT(routes), "2011-06-15");
}
