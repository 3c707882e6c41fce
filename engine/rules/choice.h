/*
 * The parts of judge_choice(), each about one thing that a row says.
 */
#ifndef MF_CHOICE_H
#define MF_CHOICE_H

#include "base/dname.h"
#include "judge.h"

/* False when the identity can be no name: what is made of it says nothing more then. */
bool identity_name_judge(struct judgement *j, const struct fleet *f, uint32_t row);
/* "; did you mean example.com?" and the like: what a person had in hand instead of a name, such as
 * a URL or an ARN. Nothing is added to *out when there is no guess. The text goes out escaped. */
void name_hint(struct buf *out, struct text name);
/* Is it a URL, an ARN, a wildcard, a template or in quotation marks? */
bool name_is_something_else(struct text name);
/* "it has U+00A0 (no-break space) in it: ...", or what dname_fault_text() says. */
void name_fault_add(struct buf *out, struct text name, enum dname_fault fault);
void mail_from_judge(struct judgement *j, const struct fleet *f, uint32_t row);
void region_judge(struct judgement *j, const struct fleet *f, uint32_t row);

#endif
