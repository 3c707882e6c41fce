/*
 * Writes evidence of a made-up fleet, for judges that are no C programs:
 * evidence_report_driver DOMAINS plain|hostile run|alone FORMAT FILE
 */
#include "unit.h"

#include "../evidence/sent_story.h"

int main(int argc, char **argv)
{
    struct story s;
    struct why why = {""};
    if (argc != 6)
        return 2;
    story_tell(&s, (uint32_t)strtoul(argv[1], NULL, 10), strcmp(argv[3], "run") == 0,
               strcmp(argv[2], "hostile") == 0);
    const struct evidence e = story_evidence(&s);
    enum err err = evidence_write(text_of(argv[4]), argv[5], &e, &why);
    if (err != OK)
        fprintf(stderr, "%s\n", why.text);
    story_clear(&s);
    return err == OK ? 0 : 1;
}
