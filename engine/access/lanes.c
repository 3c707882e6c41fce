/* Opens lanes account by account; an unreachable lane keeps a sentence with the reason. */
#include "lanes_internal.h"

#include "aws/credentials/secrets.h"
#include "model/region.h"

#include "providers/providers.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum err lanes_usual_region(const struct access *a, struct text profile, struct arena *arena,
                            struct text *region, struct why *why)
{
    struct aws_settings settings;
    struct credential_request request = {.profile = profile};
    *region = text_of(a->region);
    if (a->region)
        return OK;
    if (profile.len == 0)
        request.profile = text_of(a->profile);
    request.profile_is_explicit = request.profile.len > 0;
    enum err err = aws_settings_region(&settings, &request, why);
    *region = arena_text(arena, text_of(settings.region));
    return err;
}

static enum err endpoints_open(struct wire_lane *lane, struct lane_opening *o, struct text region,
                               struct why *why)
{
    struct text url = text_of(o->access->endpoint_url);
    const struct aws_settings *s = &o->settings;
    struct aws_endpoints *at = &lane->at;
    enum err err = aws_settings_endpoint(s, CLIENT_SES, region, url, &at->ses, why);
    if (err == OK)
        err = aws_settings_endpoint(s, CLIENT_SESV2, region, url, &at->sesv2, why);
    if (err == OK)
        err = aws_settings_endpoint(s, CLIENT_STS, region, TEXT_NONE, &at->sts, why);
    return err;
}

static enum err ca_bundle_open(struct lanes *l, struct wire_lane *lane,
                               const struct lane_opening *o, struct why *why)
{
    if (o->access->ca_bundle || !*o->settings.ca_bundle)
        return OK;
    if (access(o->settings.ca_bundle, R_OK) != 0)
        return why_set(why, ERR_INPUT, "CA bundle %s: %s", o->settings.ca_bundle, strerror(errno));
    lane->ca_bundle = arena_text(&l->arena, text_of(o->settings.ca_bundle)).at;
    return lane->ca_bundle ? OK : why_set(why, ERR_NOMEM, "out of memory");
}

/* Keys that are at hand are judged now; those that are fetched later, as each request is signed.
 * One warning for all lanes. */
static enum err plain_http_vet(const struct endpoint *open, struct credential_source *source,
                               struct lane_opening *o, struct why *why)
{
    struct credentials held;
    if (!open)
        return OK;
    enum err err = OK;
    if (credential_source_held(source, CLOCK_NOT_TOLD, &held) != KEYS_MISSING)
        err = endpoint_admits(open, held.access_key_id, why);
    credentials_wipe(&held);
    if (err == OK && !o->is_open_told) {
        o->is_open_told = true;
        notice_note(
            o->notices,
            "warning: %s is plain http: whoever is on the network can read and change "
            "requests and answers. Keys with the form of real ones (AKIA, ASIA) are not sent",
            open->url);
    }
    return err;
}

enum err lane_settings(struct lane_opening *o, uint16_t account, struct credential_request *request,
                       struct why *why)
{
    const struct fleet *f = o->fleet;
    /* The profile or role of the account comes first; --profile is for accounts without one. */
    const struct account *a = &f->accounts[account];
    *request = (struct credential_request){
        .profile = names_text(&f->names, a->profile),
        .role_arn = names_text(&f->names, a->role_arn),
        .external_id = names_text(&f->names, a->external_id),
        .source_profile = names_text(&f->names, a->source_profile),
    };
    if (request->profile.len == 0 && o->access->profile)
        request->profile = text_of(o->access->profile);
    request->profile_is_explicit = request->profile.len > 0;
    if (o->account != account)
        o->err = aws_settings_read(&o->settings, request, why);
    if (o->err == OK && o->account != account && o->settings.unread.text[0] && !o->is_unread_told) {
        o->is_unread_told = true;
        notice_note(o->notices,
                    "note: %s; as the environment names credentials, the file counts as empty",
                    o->settings.unread.text);
    }
    o->account = o->err == OK ? account : UINT32_MAX;
    return o->err;
}

enum err lane_keys(struct lanes *l, struct wire_lane *lane, struct lane_opening *o,
                   uint16_t account, struct credential_request *request,
                   const struct endpoint *open, struct why *why)
{
    const struct fleet *f = o->fleet;
    enum err err = ca_bundle_open(l, lane, o, why);
    lane->account = arena_text(&l->arena, names_text(&f->names, f->accounts[account].name));
    request->secrets = l->secrets;
    if (err == OK && !l->sources[account])
        err = credential_source_open(&l->sources[account], request, why);
    if (err == OK)
        err = plain_http_vet(open, l->sources[account], o, why);
    if (err != OK)
        return err;
    lane->keeps_own_clock = o->settings.keeps_own_clock;
    lane->credentials = l->sources[account];
    return OK;
}

/* Where STS is asked for a role: the keys that assume it may be of an account that has not enabled
 * the Region of the lane, so one that needs no enabling comes first, or us-east-1 where the account
 * has none. Keys of a Region's own STS work in every other one. */
static struct text region_of_role(const struct fleet *f, uint32_t lane)
{
    struct text region = names_text(&f->names, f->lanes[lane].region);
    for (uint32_t i = lane; i < f->lanes_len && region_is_opt_in(region); i++)
        if (f->lanes[i].account == f->lanes[lane].account &&
            !region_is_opt_in(names_text(&f->names, f->lanes[i].region)))
            region = names_text(&f->names, f->lanes[i].region);
    return region_is_opt_in(region) ? TEXT("us-east-1") : region;
}

static enum err lane_open(struct lanes *l, uint32_t number, struct lane_opening *o, struct why *why)
{
    struct wire_lane *lane = &l->list[number];
    const struct fleet *f = o->fleet;
    uint16_t account = f->lanes[number].account;
    struct credential_request request;
    enum err err = lane_settings(o, account, &request, why);
    if (err != OK)
        return err;
    request.region = names_text(&f->names, f->lanes[number].region);
    err = endpoints_open(lane, o, request.region, why);
    const struct endpoint *open = lane->at.ses.is_open     ? &lane->at.ses
                                  : lane->at.sesv2.is_open ? &lane->at.sesv2
                                  : lane->at.sts.is_open   ? &lane->at.sts
                                                           : NULL;
    request.region = region_of_role(f, number);
    if (err == OK)
        err = lane_keys(l, lane, o, account, &request, open, why);
    if (err != OK)
        return err;
    /* Once for each guessed Region. */
    const struct endpoint *e = &lane->at.ses;
    bool is_told = e->known_region;
    for (uint32_t i = 0; i < number && !is_told; i++)
        is_told = f->lanes[i].region == f->lanes[number].region;
    if (!is_told)
        notice_note(o->notices,
                    "note: Region %s is not a known SES Region; it is asked anyway, at %s",
                    e->region, e->host);
    return OK;
}

void lanes_give_up(struct lanes *l, uint32_t lane, const char *sentence)
{
    const char *copy = arena_text(&l->arena, text_of(sentence)).at;
    l->trouble[lane] = copy ? copy : "out of memory";
    l->list[lane].credentials = NULL;
}

bool lanes_may_ask_caller(const struct lanes *l, uint32_t lane)
{
    const struct aws_endpoints *at = &l->list[lane].at;
    const struct provider_at *provider = l->list[lane].provider;
    bool is_custom = provider ? provider->endpoint.is_custom : at->ses.is_custom;
    return !is_custom || at->sts.is_custom;
}

void lanes_region_off(const struct region_off *off, const char *service, struct why *why)
{
    why_set(why, ERR_AUTH,
            "Region " TEXT_FMT " seems not to be enabled for account " TEXT_FMT
            ": %s refuses the keys there (%s), and takes the same keys in " TEXT_FMT
            ". Enable it (aws account enable-region --region-name " TEXT_FMT
            ", or AWS Regions on the console's Account page), or leave the Region out",
            TEXT_ARG(off->region), TEXT_ARG(off->account), service, off->code, TEXT_ARG(off->taken),
            TEXT_ARG(off->region));
}

uint32_t lanes_usable(const struct lanes *l)
{
    uint32_t usable = 0;
    for (uint32_t i = 0; i < l->len; i++)
        usable += l->trouble[i] == NULL;
    return usable;
}

enum err lanes_lost(const struct lanes *l, const struct fleet *f, enum err err, struct why *why)
{
    if (l->first >= f->lanes_len) {
        const struct provider *p = &f->providers[l->first - f->lanes_len];
        return why_set(why, err, TEXT_FMT ":%u (%s): %s", TEXT_ARG(f->files[p->file]), p->line,
                       provider_kind_name(p->kind), l->trouble[l->first]);
    }
    return why_set(why, err, "account " TEXT_FMT ": %s",
                   TEXT_ARG(names_text(&f->names, f->accounts[f->lanes[l->first].account].name)),
                   l->trouble[l->first]);
}

static enum err all_open(struct lanes *l, struct lane_opening *o, enum lanes_of of, struct why *why)
{
    struct why each = {""};
    enum err err = OK;
    uint32_t of_ses = o->fleet->lanes_len;
    l->first = of == LANES_OF_DNS ? of_ses : 0;
    while (l->first < of_ses && o->wanted && !o->wanted[l->first])
        l->first++;
    for (uint32_t i = 0; i < l->len; i++) {
        bool is_provider = i >= of_ses;
        bool is_left_out = !is_provider && o->wanted && !o->wanted[i];
        if (is_left_out || of == (is_provider ? LANES_OF_SES : LANES_OF_DNS)) {
            l->trouble[i] = "it is not asked in this run";
            continue;
        }
        enum err failed =
            is_provider ? provider_lane_open(l, i - of_ses, o, &each) : lane_open(l, i, o, &each);
        if (failed == ERR_NOMEM)
            return why_set(why, failed, "%s", each.text);
        if (failed != OK)
            lanes_give_up(l, i, each.text);
        err = err == OK ? failed : err;
    }
    return err == OK || o->wanted || lanes_usable(l) ? OK : lanes_lost(l, o->fleet, err, why);
}

enum err lanes_open(struct lanes *l, const struct fleet *f, const struct access *a,
                    enum lanes_of of, const struct notices *n, struct why *why)
{
    return lanes_open_some(l, f, a, of, NULL, n, why);
}

enum err lanes_open_some(struct lanes *l, const struct fleet *f, const struct access *a,
                         enum lanes_of of, const bool *wanted, const struct notices *n,
                         struct why *why)
{
    *l = (struct lanes){.len = f->lanes_len + f->providers_len, .sources_len = f->accounts_len};
    arena_init(&l->arena, SIZE_MAX);
    l->list = ARENA_ARRAY(&l->arena, struct wire_lane, l->len + 1);
    l->trouble = ARENA_ARRAY(&l->arena, const char *, l->len + 1);
    l->sources = ARENA_ARRAY(&l->arena, struct credential_source *, f->accounts_len + 1);
    struct lane_opening *opening =
        ARENA_NEW(&l->arena, struct lane_opening); /* large for a small stack */
    enum err err = l->list && l->trouble && l->sources && opening
                       ? secrets_open(&l->secrets, why)
                       : why_set(why, ERR_NOMEM, "out of memory");
    if (err == OK) {
        *opening = (struct lane_opening){
            .fleet = f, .access = a, .notices = n, .wanted = wanted, .account = UINT32_MAX};
        err = all_open(l, opening, of, why);
    }
    if (err != OK)
        lanes_close(l);
    return err;
}

void lanes_close(struct lanes *l)
{
    for (uint32_t i = 0; l->sources && i < l->sources_len; i++)
        if (l->sources[i])
            credential_source_close(l->sources[i]);
    for (uint32_t i = 0; l->list && i < l->len; i++)
        provider_lane_wipe(&l->list[i]);
    secrets_close(l->secrets);
    arena_clear(&l->arena);
    *l = (struct lanes){0};
}
