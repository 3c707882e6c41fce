#include "html_parts.h"

const char html_style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--back:#fff;--line:#d0d7de;--soft:#f3f5f7;"
    "--good:#1a7f37;--bad:#cf222e;--wait:#9a6700;--calm:#57606a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--back:#0d1117;--line:#30363d;"
    "--soft:#161b22;--good:#3fb950;--bad:#f85149;--wait:#d29922;--calm:#8b949e}}"
    "body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--back);"
    "margin:0 auto;padding:1rem;max-width:90rem}"
    "header{border-left:.4rem solid var(--good);padding-left:1rem}"
    "header.bad{border-color:var(--bad)}h1{font-size:1.4rem;margin:0}"
    ".counts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:1.2rem}"
    "svg{width:100%;height:auto;display:block;margin:.6rem 0}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-bottom:1px solid var(--line);overflow-wrap:anywhere}"
    "th{position:sticky;top:0;background:var(--soft)}"
    "th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid}"
    "input,select{font:inherit;padding:.3rem;margin:.6rem .6rem .6rem 0}"
    ".done,.unchanged{--o:var(--good)}.failed,.refused,.expired,.drifted{--o:var(--bad)}"
    ".waiting-dns,.pending{--o:var(--wait)}.planned,.skipped{--o:var(--calm)}"
    "rect{fill:var(--o)}li b{color:var(--o)}"
    "#rows td:nth-child(4){color:var(--o);font-weight:600}text{fill:var(--calm);font-size:11px}"
    "@media print{.tools{display:none}th{position:static}tr{break-inside:avoid}}";

const char html_script[] =
    "(function(){'use strict';"
    "var body=document.querySelector('#rows tbody'),rows=Array.from(body.rows),"
    "words=document.getElementById('words'),outcome=document.getElementById('outcome'),"
    "shown=document.getElementById('shown'),seen={};"
    "rows.forEach(function(r){r.words=r.textContent.toLowerCase();seen[r.className]=true});"
    "Object.keys(seen).sort().forEach(function(o){outcome.add(new Option(o,o))});"
    "function filter(){var w=words.value.toLowerCase(),o=outcome.value,n=0;"
    "rows.forEach(function(r){var hide=(o&&r.className!==o)||(w&&r.words.indexOf(w)<0);"
    "if(r.hidden!==!!hide)r.hidden=!!hide;if(!hide)n++});"
    "shown.textContent=n+' of '+rows.length}"
    "function sort(button,column){var th=button.parentNode,"
    "up=th.getAttribute('aria-sort')!=='ascending';"
    "document.querySelectorAll('#rows th').forEach(function(h){h.removeAttribute('aria-sort')});"
    "th.setAttribute('aria-sort',up?'ascending':'descending');"
    "var keyed=rows.map(function(r){return[r.cells[column].textContent,r]});"
    "keyed.sort(function(a,b){return a[0]<b[0]?-1:a[0]>b[0]?1:0});"
    "if(!up)keyed.reverse();rows=keyed.map(function(k){return k[1]});"
    "var all=document.createDocumentFragment();"
    "rows.forEach(function(r){all.appendChild(r)});body.appendChild(all)}"
    "document.querySelectorAll('#rows th button').forEach(function(b,i){"
    "b.addEventListener('click',function(){sort(b,i)})});"
    "words.addEventListener('input',filter);outcome.addEventListener('change',filter);filter()"
    "})();";

#define HEAD(name) "<th scope=\"col\"><button type=\"button\">" name "</button></th>"

const char html_table_head[] =
    "<h2>Identities</h2>\n<p class=\"tools\">"
    "<input id=\"words\" type=\"search\" placeholder=\"filter\" aria-label=\"filter\">"
    "<select id=\"outcome\" aria-label=\"outcome\"><option value=\"\">every outcome</option>"
    "</select><span id=\"shown\" aria-live=\"polite\"></span></p>\n"
    "<table id=\"rows\">\n<thead><tr>" HEAD("identity") HEAD("account") HEAD("Region")
        HEAD("outcome") HEAD("action") HEAD("MAIL FROM") HEAD("SES") HEAD("reason and findings")
            HEAD("source") "</tr></thead>\n<tbody>\n";

void timeline_init(struct timeline *t, instant_us origin)
{
    *t = (struct timeline){.origin = origin, .width = SPAN_S(1)};
}

static void bars_halve(uint32_t bars[TIMELINE_BARS])
{
    for (int i = 0; i < TIMELINE_BARS; i++)
        bars[i] = i < TIMELINE_BARS / 2 ? bars[2 * i] + bars[2 * i + 1] : 0;
}

void timeline_add(struct timeline *t, instant_us at, bool bad)
{
    if (at < t->origin || at == WHEN_NEVER)
        return;
    while ((at - t->origin) / t->width >= TIMELINE_BARS) {
        bars_halve(t->good);
        bars_halve(t->bad);
        t->width *= 2;
    }
    (bad ? t->bad : t->good)[(at - t->origin) / t->width]++;
}

#define PICTURE_WIDTH  960
#define PICTURE_HEIGHT 120

static void bar_draw(struct buf *out, int i, uint32_t from, uint32_t count, uint32_t most,
                     const char *class)
{
    double unit = (double)PICTURE_HEIGHT / most;
    if (count)
        buf_add_fmt(out, "<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"13\" height=\"%.1f\"/>\n",
                    class, i * (PICTURE_WIDTH / TIMELINE_BARS),
                    PICTURE_HEIGHT - unit * (from + count), unit * count);
}

void timeline_draw(struct buf *out, const struct timeline *t)
{
    uint32_t most = 0;
    char span[WHEN_LEN];
    for (int i = 0; i < TIMELINE_BARS; i++)
        if (t->good[i] + t->bad[i] > most)
            most = t->good[i] + t->bad[i];
    if (most == 0)
        return;
    span_format(t->width * TIMELINE_BARS, span);
    buf_add_fmt(out,
                "<h2>Finished over time</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-label=\"identities finished over %s\">\n",
                PICTURE_WIDTH, PICTURE_HEIGHT + 16, span);
    for (int i = 0; i < TIMELINE_BARS; i++) {
        bar_draw(out, i, 0, t->bad[i], most, "failed");
        bar_draw(out, i, t->bad[i], t->good[i], most, "done");
    }
    buf_add_fmt(out,
                "<text x=\"0\" y=\"%d\">start</text>\n"
                "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s later; highest bar %u</text>\n"
                "</svg>\n",
                PICTURE_HEIGHT + 14, PICTURE_WIDTH, PICTURE_HEIGHT + 14, span, most);
}

void outcomes_draw(struct buf *out, const struct report_sum *sum)
{
    double x = 0;
    if (sum->rows == 0)
        return;
    buf_add_fmt(out, "<svg viewBox=\"0 0 %d 24\" role=\"img\" aria-label=\"share of outcomes\">\n",
                PICTURE_WIDTH);
    for (int o = OUTCOME_UNCHANGED; o < OUTCOMES; o++) {
        double width = (double)PICTURE_WIDTH * sum->by_outcome[o] / sum->rows;
        const char *name = outcome_name((enum outcome)o);
        if (sum->by_outcome[o])
            buf_add_fmt(out,
                        "<rect class=\"%s\" x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"24\">"
                        "<title>%u %s</title></rect>\n",
                        name, x, width, sum->by_outcome[o], name);
        x += width;
    }
    buf_add_str(out, "</svg>\n");
}
