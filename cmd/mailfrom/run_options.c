#include "run_options.h"

#include "model/fleet.h"

#include <cjson/cJSON.h>
#include <stddef.h>

/* The texts that are kept, by their option's name. */
static const struct {
    const char *name;
    size_t offset;
} kept_texts[] = {
    {"profile", offsetof(struct options, profile)},
    {"region", offsetof(struct options, region)},
    {"endpoint-url", offsetof(struct options, endpoint_url)},
    {"resolver", offsetof(struct options, resolver)},
    {"dns", offsetof(struct options, dns)},
    {"ca-bundle", offsetof(struct options, ca_bundle)},
    {"read-api", offsetof(struct options, read_api)},
    {"write-api", offsetof(struct options, write_api)},
    {"feedback-host", offsetof(struct options, feedback_host)},
};

#define KEPT_TEXTS (sizeof kept_texts / sizeof kept_texts[0])

static const char **text_field(struct options *o, size_t i)
{
    return (const char **)(void *)((char *)o + kept_texts[i].offset);
}

struct text run_options_write(const struct options *o, struct arena *arena)
{
    struct options copy = *o;
    cJSON *json = cJSON_CreateObject();
    for (size_t i = 0; json && i < KEPT_TEXTS; i++)
        if (*text_field(&copy, i))
            cJSON_AddStringToObject(json, kept_texts[i].name, *text_field(&copy, i));
    if (o->rate_per_s > 0)
        cJSON_AddNumberToObject(json, "rate", o->rate_per_s);
    if (o->authority_port)
        cJSON_AddNumberToObject(json, "authority-port", o->authority_port);
    char *printed = json ? cJSON_PrintUnformatted(json) : NULL;
    struct text text = arena_text(arena, text_of(printed));
    cJSON_free(printed);
    cJSON_Delete(json);
    return text;
}

enum err run_options_read(struct options *o, struct text kept, struct arena *arena, struct why *why)
{
    cJSON *json = cJSON_ParseWithLength(kept.at, kept.len);
    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return why_set(why, ERR_IO,
                       "the journal is damaged: it has lost the options of this run. Begin another "
                       "with mailfrom apply: what is as wanted is left alone");
    }
    for (size_t i = 0; i < KEPT_TEXTS; i++) {
        const char *value =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, kept_texts[i].name));
        if (value && !*text_field(o, i))
            *text_field(o, i) = arena_text(arena, text_of(value)).at;
    }
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(json, "rate");
    if (cJSON_IsNumber(rate) && rate_fits(rate->valuedouble) && o->rate_per_s <= 0)
        o->rate_per_s = rate->valuedouble;
    const cJSON *port = cJSON_GetObjectItemCaseSensitive(json, "authority-port");
    if (cJSON_IsNumber(port) && port->valuedouble >= 0 && port->valuedouble <= UINT16_MAX &&
        !o->authority_port)
        o->authority_port = (uint16_t)port->valuedouble;
    cJSON_Delete(json);
    return OK;
}
