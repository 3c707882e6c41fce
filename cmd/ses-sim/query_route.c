/*
 * Duty: what v1 and STS have in common: the action stands in a form, in the body of a POST or in
 * the query of a GET.
 */
#include "sim.h"

const struct route *query_route(struct exchange *x, const struct route *routes, size_t len,
                                const char *version)
{
    bool get = text_eq(x->method, TEXT("GET"));
    if (!text_eq(x->path, TEXT("/")) || (!get && !text_eq(x->method, TEXT("POST")))) {
        exchange_fail(x, 404, "UnknownOperationException", "There is nothing here.");
        return NULL;
    }
    if (!form_parse(&x->form, get ? x->query : x->body, &x->arena)) {
        exchange_fail(x, 404, "MalformedQueryString", "The query string cannot be read.");
        return NULL;
    }
    struct text action = form_get(&x->form, "Action");
    if (action.len == 0) {
        exchange_fail(x, 400, "MissingAction", "The request does not name an action.");
        return NULL;
    }
    for (size_t i = 0; i < len; i++)
        if (text_eq(action, text_of(routes[i].action)) &&
            text_eq(form_get(&x->form, "Version"), text_of(version))) {
            x->action = routes[i].action;
            return &routes[i];
        }
    exchange_fail(x, 400, "InvalidAction",
                  "Could not find operation " TEXT_FMT " for version " TEXT_FMT, TEXT_ARG(action),
                  TEXT_ARG(form_get(&x->form, "Version")));
    return NULL;
}
