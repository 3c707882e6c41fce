/* The only user of libzip. Other methods than deflate want memory that the sender decides on. */
#include "unzip.h"

#include "base/bounds.h"

#include <fcntl.h>
#include <unistd.h>
#include <zip.h>

#define PIECE_BYTES (64u << 10)

static enum err member_vet(const zip_stat_t *s, struct why *why)
{
    const zip_uint64_t needed = ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((s->valid & needed) != needed)
        return why_set(why, ERR_PROTO, "its entry in the directory of the zip is damaged");
    if (s->encryption_method != ZIP_EM_NONE)
        return why_set(why, ERR_PROTO, "it is encrypted");
    if (s->comp_method != ZIP_CM_STORE && s->comp_method != ZIP_CM_DEFLATE)
        return why_set(why, ERR_PROTO, "it is packed by another method than deflate");
    return OK;
}

static enum err member_unpack(zip_t *zip, zip_uint64_t i, const struct unzip_sink *sink,
                              struct why *why)
{
    char bytes[PIECE_BYTES];
    zip_int64_t len = 0;
    zip_file_t *file = zip_fopen_index(zip, i, 0);
    if (!file)
        return why_set(why, ERR_PROTO, "it is damaged: %s", zip_strerror(zip));
    do
        len = zip_fread(file, bytes, sizeof bytes);
    while (len > 0 && sink->piece(sink->ctx, (struct text){bytes, (size_t)len}));
    enum err err =
        len < 0 ? why_set(why, ERR_PROTO, "it is damaged: %s", zip_file_strerror(file)) : OK;
    zip_fclose(file);
    return err;
}

static bool member_read(zip_t *zip, zip_uint64_t i, const struct unzip_sink *sink)
{
    struct why why = {""};
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(zip, i, ZIP_FL_ENC_RAW, &stat) != 0)
        stat.valid = 0;
    bool has_name = (stat.valid & ZIP_STAT_NAME) && stat.name;
    struct text name = has_name ? text_of(stat.name) : TEXT("?");
    if (text_ends(name, TEXT("/")))
        return true;
    if (!sink->begin(sink->ctx, name))
        return false;
    enum err err = member_vet(&stat, &why);
    if (err == OK)
        err = member_unpack(zip, i, sink, &why);
    return sink->end(sink->ctx, err == OK ? NULL : why.text);
}

static enum err members_read(zip_t *zip, const struct unzip_sink *sink, struct why *why)
{
    zip_int64_t len = zip_get_num_entries(zip, 0);
    if (len > EVIDENCE_MEMBERS_MAX)
        return why_set(why, ERR_LIMIT, "the zip has %lld members; expected are %d at most",
                       (long long)len, EVIDENCE_MEMBERS_MAX);
    for (zip_int64_t i = 0; i < len; i++)
        if (!member_read(zip, (zip_uint64_t)i, sink))
            break;
    return OK;
}

enum err unzip_read(int fd, const struct unzip_sink *sink, struct why *why)
{
    int code = ZIP_ER_OPEN;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    zip_t *zip = own >= 0 ? zip_fdopen(own, 0, &code) : NULL;
    if (!zip) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        enum err err =
            why_set(why, ERR_PROTO, "the zip is damaged: %s", zip_error_strerror(&error));
        zip_error_fini(&error);
        if (own >= 0)
            close(own);
        return err;
    }
    enum err err = members_read(zip, sink, why);
    zip_discard(zip);
    return err;
}
