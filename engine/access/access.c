/* How SES and DNS are reached: the JSON object in the head of a run, written and read by cJSON. */
#include "access.h"

#include "base/count.h"
#include "base/json_out.h"
#include "calls/paged_list.h"
#include "model/fleet.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <string.h>

enum api access_api(const char *wish, enum api usual)
{
    if (!wish)
        return usual;
    return strcmp(wish, "v2") == 0 ? API_V2 : API_V1;
}

enum dkim_wish access_dkim(const struct access *a)
{
    if (!a->dkim)
        return DKIM_BY_BATCH;
    return strcmp(a->dkim, "each") == 0 ? DKIM_BY_IDENTITY : DKIM_NOT_ASKED;
}

struct lane_reading access_reading(const struct access *a, uint32_t rows)
{
    enum api api = access_api(a->read_api, API_V1);
    return (struct lane_reading){
        .api = api, .dkim = access_dkim(a), .lists = list_tells_verification(rows, api)};
}

enum inquiry_mode access_dns_mode(const struct access *a)
{
    bool authority = a->dns ? strcmp(a->dns, "authority") == 0 : !a->resolver;
    return authority ? INQUIRY_AUTHORITY : INQUIRY_RECURSIVE;
}

/* The kept texts, by the name of the option. */
static const struct {
    const char *name;
    size_t offset;
} kept_texts[] = {
    {"profile", offsetof(struct access, profile)},
    {"region", offsetof(struct access, region)},
    {"endpoint-url", offsetof(struct access, endpoint_url)},
    {"resolver", offsetof(struct access, resolver)},
    {"dns", offsetof(struct access, dns)},
    {"ca-bundle", offsetof(struct access, ca_bundle)},
    {"read-api", offsetof(struct access, read_api)},
    {"write-api", offsetof(struct access, write_api)},
    {"dkim", offsetof(struct access, dkim)},
    {"feedback-host", offsetof(struct access, feedback_host)},
    {"selection", offsetof(struct access, selection)},
};

#define KEPT_TEXTS     COUNT(kept_texts)
#define KEPT_BYTES_MAX (1u << 20) /* arguments of the command line; Linux allows less */

static const char **text_field(struct access *a, size_t i)
{
    return (const char **)(void *)((char *)a + kept_texts[i].offset);
}

struct text access_write(const struct access *a, struct arena *arena)
{
    struct access copy = *a;
    struct json_out j;
    struct buf out;
    buf_init(&out, KEPT_BYTES_MAX);
    json_init(&j, &out);
    json_add_object(&j, NULL);
    for (size_t i = 0; i < KEPT_TEXTS; i++)
        if (*text_field(&copy, i))
            json_add_word(&j, kept_texts[i].name, *text_field(&copy, i));
    if (a->rate_per_s > 0)
        json_add_number(&j, "rate", a->rate_per_s);
    if (a->authority_port)
        json_add_u64(&j, "authority-port", a->authority_port);
    if (a->merges_spf)
        json_add_bool(&j, "merge-spf", true);
    if (a->force)
        json_add_bool(&j, "force", true);
    json_end(&j);
    struct text text = out.failed ? TEXT_NONE : arena_text(arena, buf_text(&out));
    buf_clear(&out);
    return text;
}

void access_tell(const struct access *a, struct buf *out)
{
    struct access copy = *a;
    copy.selection = copy.dkim = NULL; /* no option of this name, and none with a value */
    for (size_t i = 0; i < KEPT_TEXTS; i++)
        if (*text_field(&copy, i))
            buf_add_fmt(out, "%s--%s %s", out->len ? " " : "", kept_texts[i].name,
                        *text_field(&copy, i));
    if (a->rate_per_s > 0)
        buf_add_fmt(out, "%s--rate %g", out->len ? " " : "", a->rate_per_s);
    if (a->authority_port)
        buf_add_fmt(out, "%s--authority-port %u", out->len ? " " : "", a->authority_port);
    if (a->merges_spf)
        buf_add_fmt(out, "%s--merge-spf", out->len ? " " : "");
    if (a->dkim)
        buf_add_fmt(out, "%s%s", out->len ? " " : "",
                    access_dkim(a) == DKIM_BY_IDENTITY ? "--dkim" : "--no-dkim");
}

enum err access_read(struct access *a, struct text kept, struct arena *arena, struct why *why)
{
    cJSON *json = cJSON_ParseWithLength(kept.at, kept.len);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return why_set(
            why, ERR_IO,
            "the journal is damaged: it has lost the options of this run. Start a new run with "
            "mailfrom apply, which leaves alone every identity that is as wanted");
    }
    for (size_t i = 0; i < KEPT_TEXTS; i++) {
        const char *value =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, kept_texts[i].name));
        if (value && !*text_field(a, i))
            *text_field(a, i) = arena_text(arena, text_of(value)).at;
    }
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(json, "rate");
    if (cJSON_IsNumber(rate) && rate_fits(rate->valuedouble) && a->rate_per_s <= 0)
        a->rate_per_s = rate->valuedouble;
    const cJSON *port = cJSON_GetObjectItemCaseSensitive(json, "authority-port");
    if (cJSON_IsNumber(port) && port->valuedouble >= 0 && port->valuedouble <= UINT16_MAX &&
        !a->authority_port)
        a->authority_port = (uint16_t)port->valuedouble;
    a->merges_spf |= cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "merge-spf"));
    a->force |= cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "force"));
    cJSON_Delete(json);
    return OK;
}
