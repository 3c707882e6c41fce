/* Instants and spans in writing, and back (RFC 3339; 1h30m). */
#include "when.h"

#include "count.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct moment {
    int64_t year;
    unsigned month, day, hour, minute, second;
};

/* As gmtime_r(), which takes a lock and looks for the machine's zone, while a large report has
 * millions of instants. Years are counted from March here, so a leap day is the last of its year;
 * 400 years are 146,097 days, and 719,468 days lie between 0000-03-01 and 1970-01-01. */
static bool split(instant_us at, struct moment *m)
{
    if (at <= 0 || at == WHEN_NEVER)
        return false;
    int64_t seconds = at / 1000000, days = seconds / 86400 + 719468;
    unsigned of_day = (unsigned)(seconds % 86400), of_era = (unsigned)(days % 146097);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
    m->year = year + days / 146097 * 400 + (month >= 10);
    m->month = month < 10 ? month + 3 : month - 9;
    m->day = of_year - (153 * month + 2) / 5 + 1;
    m->hour = of_day / 3600;
    m->minute = of_day / 60 % 60;
    m->second = of_day % 60;
    return true;
}

static char *put(char *to, int64_t value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + digits;
}

static char *put_year(char *to, int64_t year)
{
    int digits = 4;
    for (int64_t rest = year / 10000; rest > 0; rest /= 10)
        digits++;
    return put(to, year, digits);
}

static char *put_after(char *to, char before, unsigned value)
{
    *to = before;
    return put(to + 1, value, 2);
}

/* "2026-05-20T08:30:00" */
static char *put_moment(char *to, const struct moment *m)
{
    to = put_year(to, m->year);
    to = put_after(to, '-', m->month);
    to = put_after(to, '-', m->day);
    to = put_after(to, 'T', m->hour);
    to = put_after(to, ':', m->minute);
    return put_after(to, ':', m->second);
}

char *when_format(instant_us at, char out[WHEN_LEN])
{
    struct moment m;
    out[0] = '\0';
    if (split(at, &m))
        memcpy(put_moment(out, &m), "Z", 2);
    return out;
}

char *when_format_ms(instant_us at, char out[WHEN_LEN])
{
    struct moment m;
    out[0] = '\0';
    if (split(at, &m)) {
        char *to = put_moment(out, &m);
        *to = '.';
        memcpy(put(to + 1, at / 1000 % 1000, 3), "Z", 2);
    }
    return out;
}

char *when_format_basic(instant_us at, char out[WHEN_LEN])
{
    struct moment m;
    out[0] = '\0';
    if (split(at, &m)) {
        char *to = put_year(out, m.year);
        to = put_after(put(put(to, m.month, 2), m.day, 2), 'T', m.hour);
        memcpy(put(put(to, m.minute, 2), m.second, 2), "Z", 2);
    }
    return out;
}

static bool take_digits(struct text *t, size_t count, int *out)
{
    uint64_t value;
    if (t->len < count || !text_to_u64(text_slice(*t, 0, count), &value))
        return false;
    *out = (int)value;
    *t = text_from(*t, count);
    return true;
}

static bool take_char(struct text *t, char c)
{
    if (t->len == 0 || t->at[0] != c)
        return false;
    *t = text_from(*t, 1);
    return true;
}

/* timegm would take the 31st of February for the 3rd of March. */
static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool when_parse(struct text t, instant_us *out)
{
    struct tm tm = {0};
    int64_t fraction_us = 0;
    if (!take_digits(&t, 4, &tm.tm_year) || !take_char(&t, '-') ||
        !take_digits(&t, 2, &tm.tm_mon) || !take_char(&t, '-') || !take_digits(&t, 2, &tm.tm_mday))
        return false;
    if (!take_char(&t, 'T') && !take_char(&t, ' '))
        return false;
    if (!take_digits(&t, 2, &tm.tm_hour) || !take_char(&t, ':') ||
        !take_digits(&t, 2, &tm.tm_min) || !take_char(&t, ':') || !take_digits(&t, 2, &tm.tm_sec))
        return false;
    if (take_char(&t, '.')) {
        int64_t unit = 100000;
        while (t.len && char_is_digit(t.at[0])) {
            fraction_us += (t.at[0] - '0') * unit;
            unit /= 10;
            t = text_from(t, 1);
        }
    }
    if (!text_eq(t, TEXT("Z")) && !text_eq(t, TEXT("+00:00")) && !text_eq(t, TEXT("UTC")))
        return false;
    if (tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_mday > month_days(tm.tm_year, tm.tm_mon) || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out = (instant_us)timegm(&tm) * 1000000 + fraction_us;
    return true;
}

static const struct {
    struct text name;
    span_us span;
} units[] = {{TEXT("ms"), SPAN_MS(1)},
             {TEXT("d"), SPAN_H(24)},
             {TEXT("h"), SPAN_H(1)},
             {TEXT("m"), SPAN_M(1)},
             {TEXT("s"), SPAN_S(1)}};

#define UNITS (COUNT(units))

static bool take_unit(struct text *t, span_us *unit)
{
    for (size_t i = 0; i < UNITS; i++) {
        if (text_starts(*t, units[i].name)) {
            *unit = units[i].span;
            *t = text_from(*t, units[i].name.len);
            return true;
        }
    }
    return false;
}

bool span_parse(struct text t, span_us *out)
{
    span_us total = 0;
    while (t.len) {
        size_t digits = 0;
        uint64_t count;
        span_us unit;
        while (digits < t.len && char_is_digit(t.at[digits]))
            digits++;
        if (digits > 9 || !text_to_u64(text_slice(t, 0, digits), &count))
            return false;
        t = text_from(t, digits);
        if (!take_unit(&t, &unit) || (span_us)count > (INT64_MAX - total) / unit)
            return false;
        total += (span_us)count * unit;
    }
    *out = total;
    return total > 0;
}

char *span_write(span_us span, char out[WHEN_LEN])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 1; i <= UNITS; i++) { /* the first one is the smallest */
        span_us unit = units[i % UNITS].span;
        if (span >= unit && len < WHEN_LEN)
            len += (size_t)snprintf(out + len, WHEN_LEN - len, "%lld" TEXT_FMT,
                                    (long long)(span / unit), TEXT_ARG(units[i % UNITS].name));
        span %= unit;
    }
    return out;
}

char *span_format(span_us span, char out[WHEN_LEN])
{
    int64_t s = span > 0 ? span / SPAN_S(1) + (span % SPAN_S(1) >= SPAN_MS(500)) : 0;
    if (s >= 172800)
        snprintf(out, WHEN_LEN, "%lld d %lld h", (long long)(s / 86400),
                 (long long)(s / 3600 % 24));
    else if (s >= 3600)
        snprintf(out, WHEN_LEN, "%lld h %lld min", (long long)(s / 3600), (long long)(s / 60 % 60));
    else if (s >= 60)
        snprintf(out, WHEN_LEN, "%lld min %lld s", (long long)(s / 60), (long long)(s % 60));
    else
        snprintf(out, WHEN_LEN, "%lld s", (long long)s);
    return out;
}
