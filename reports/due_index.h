/*
 * The INDEX of a folder of what is due: which files in it are ours, since when each zone is asked,
 * and what is new, changed and done. A text for people; the next call reads its last
 * column, since only a folder in which everything is ours is made anew:
 *
 *   # mailfrom due: a folder for each owner. ...
 *   # since 2026-11-28T08:00:00Z: 1 new, 0 changed; 1 done since the last look; 0 for a person
 *   # state  record sets  asked for since       changed               file
 *   new                2  2026-11-29T07:00:00Z  2026-11-29T07:00:00Z
 * dns@example.com/example.com.zone done               2  -                     2026-11-29T07:30:00Z
 * dns@example.com shop.example message            2  2026-11-29T07:00:00Z  2026-11-29T07:00:00Z
 * dns@example.com/message.txt
 */
#ifndef MF_DUE_INDEX_H
#define MF_DUE_INDEX_H

#include "base/arena.h"
#include "due.h"

/* What became of a zone since yesterday, by the ages of its records. */
enum due_news {
    DUE_NEW,     /* asked for since less than a day */
    DUE_CHANGED, /* some record within a day */
    DUE_OPEN,    /* as yesterday */
    DUE_DONE,    /* all is published, the last since the last look */
    DUE_STUCK,   /* all that is open waits for a person */
    DUE_NEWS,
};

struct due_index {
    struct arena arena;
    struct due_indexed *list;
    uint32_t len, cap;
    uint32_t by_news[DUE_NEWS]; /* zones */
    bool is_there;              /* of a folder that was read: it has an INDEX of ours */
    bool no_memory;
};

struct due_indexed {
    const char *state; /* NULL: of a folder that is there */
    uint32_t sets;
    instant_us since, changed; /* 0: none */
    struct text file;
    bool is_file; /* false: a line about a zone that has none */
};

void due_index_init(struct due_index *x);
void due_index_clear(struct due_index *x);
/* The zones from first to the one before next are one, with the files of these names in the folder
 * of the recipient. */
void due_index_zone(struct due_index *x, const struct due_list *list,
                    const struct due_zone *const *zones, uint32_t len, const char *slug,
                    const struct text *files, uint32_t files_len);
void due_index_message(struct due_index *x, const char *slug, uint32_t sets, instant_us since);
/* Writes it into the folder. */
enum err due_index_write(const struct due_index *x, const char *folder, const struct due_list *list,
                         struct why *why);

/* Reads the names of a folder that is there. ERR_INPUT: it has no INDEX of ours, or files that are
 * not named there. */
enum err due_index_read(struct due_index *x, const char *folder, struct why *why);
/* Removes a folder that was read so, and nothing that is not named. */
enum err due_index_remove(const struct due_index *x, const char *folder, struct why *why);

#endif
