/*
 * Answers that are held back. Any thread may hold; one thread of its own releases.
 */
#ifndef MF_DELAY_H
#define MF_DELAY_H

#include <stdbool.h>

struct delay;

typedef void delay_release(void *item);

struct delay *delay_open(delay_release *release); /* NULL: no memory or no thread */
void delay_close(struct delay *d);                /* releases at once what is still held */

/* Calls held(item) now and release(item) after ms, which is the same for every item. False: too
 * many are held, or it is closing; then neither is called. */
bool delay_hold(struct delay *d, void *item, unsigned ms, void (*held)(void *item));

#endif
