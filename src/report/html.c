/* SPDX-License-Identifier: Apache-2.0 */

#include "report/html.h"

#include <string.h>

#include "base/utf8.h"
#include "report/figures.h"

/*
 * Of a drawing, in tenths of a pixel where it is not scaled: all coordinates are integers, because
 * a host's locale may write fractions with a comma.
 */
enum {
    CHART_WIDTH = 7600,
    CHART_HEIGHT = 1900,
    CHART_LEFT = 80,
    CHART_TOP = 220,
    CHART_BOTTOM = 220,
    TEXT_GAP = 60,
    BAR_WIDTH = 10000,
    LABEL_PARTS_MAX = 16, /* Of a bar that is told in words. */
};

static const char replacement[] = "\xef\xbf\xbd";

/* Colours that mean something are as far from one another for those who see no red or no green
   as for others: e2e/test_contract.py measures it. */
static const char style[] =
    ":root{--ink:#1b1f24;--soft:#59636e;--page:#fff;--line:#d8dee4;--tile:#f6f8fa;"
    "--bad:#b42318;--good:#1a7f37;--note:#9a6700}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--page:#0d1117;"
    "--line:#30363d;--tile:#161b22;--bad:#ff7b72;--good:#3fb950;--note:#d29922}}"
    "*{box-sizing:border-box}"
    "body{margin:2rem auto;padding:0 1rem;max-width:60rem;color:var(--ink);"
    "background:var(--page);font:15px/1.5 system-ui,sans-serif}"
    "h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2.2rem 0 .6rem}"
    "p{margin:.3rem 0}h1,p{overflow-wrap:anywhere}"
    ".soft{color:var(--soft)}.bad{color:var(--bad)}.good{color:var(--good)}.note{color:var(--note)}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.7rem}"
    ".tile{background:var(--tile);border:1px solid var(--line);border-radius:6px;"
    "padding:.6rem .8rem}.tile b{display:block;font-size:1.25rem;font-weight:600}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.25rem .7rem .25rem 0;vertical-align:middle;"
    "border-bottom:1px solid var(--line)}th{font-weight:600;color:var(--soft)}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "td.path{overflow-wrap:anywhere}td.wide{width:45%;min-width:14rem}"
    "svg{display:block;width:100%}svg.bar{height:16px;background:var(--tile);border-radius:3px}"
    "svg.chart{border:1px solid var(--line);border-radius:6px;background:var(--tile);"
    "margin:.5rem 0}svg text{fill:var(--soft);font:120px system-ui,sans-serif}"
    ".legend{font-size:13px;color:var(--soft)}.legend span{margin-right:1rem;"
    "white-space:nowrap}.legend svg{display:inline-block;width:12px;height:12px;"
    "vertical-align:-1px;margin-right:.3rem}"
    ".limit{stroke:var(--bad);stroke-width:10;stroke-dasharray:50 40}"
    ".grid{stroke:var(--line);stroke-width:10}"
    ".run,.copy{fill:#4fd58a}.no-cpu,.promote{fill:#3f8fe6}.no-slot,.remap{fill:#4a30d8}"
    ".no-memory,.recode{fill:#8c2a08}.starved{fill:#afb8c1}.order,.dissolve{fill:#ffe536}"
    ".cap,.recompress{fill:#14166e}.done{fill:#e4e8ec}.join{fill:#e37500}"
    ".before{fill:#8c959f}.after{fill:#2da44e}"
    ".c1{fill:none;stroke:#218bff;stroke-width:18}.c2{fill:none;stroke:#2da44e;"
    "stroke-width:18}"
    "@media(prefers-color-scheme:dark){.done{fill:#21262d}.starved{fill:#6a737d}}"
    "@media print{body{margin:0;max-width:none}}";

static const char *entity_of(uint8_t byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
    case '\t':
        return " ";
    default:
        return byte < 0x20 || byte == 0x7f ? replacement : NULL;
    }
}

void rg_html_text(struct rg_buffer *out, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);

    while (left > 0) {
        const size_t bytes = rg_utf8_sequence_bytes(at, left);
        /* U+0080 to U+009F are control characters, too. */
        const bool is_control = bytes == 2 && at[0] == 0xc2 && at[1] < 0xa0;
        const char *instead = bytes == 0 || is_control ? replacement : NULL;

        if (bytes == 1)
            instead = entity_of(at[0]);
        if (instead != NULL)
            rg_buffer_append_text(out, instead);
        else
            rg_buffer_append(out, at, bytes);
        at += bytes > 0 ? bytes : 1;
        left -= bytes > 0 ? bytes : 1;
    }
}

void rg_html_name(struct rg_buffer *out, const char *name)
{
    rg_buffer_append_text(out, "<bdi>");
    rg_html_text(out, name);
    rg_buffer_append_text(out, "</bdi>");
}

void rg_html_begin(struct rg_buffer *out, const char *title)
{
    rg_buffer_append_text(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" "
             "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    rg_html_text(out, title);
    rg_buffer_append_text(out, "</title>\n<style>");
    rg_buffer_append_text(out, style);
    rg_buffer_append_text(out, "</style>\n</head>\n<body>\n");
}

void rg_html_end(struct rg_buffer *out)
{
    rg_buffer_append_text(out, "</body>\n</html>\n");
}

/* The bar in words, for those who do not see it. */
static void write_label(struct rg_buffer *out, const struct rg_html_share *shares, size_t count,
                        uint64_t whole)
{
    char figure[RG_FIGURE_BYTES_MAX];
    unsigned said = 0;

    for (size_t i = 0; i < count; i++) {
        if (shares[i].amount == 0 || whole == 0)
            continue;
        if (said == LABEL_PARTS_MAX) {
            rg_buffer_append_text(out, ", ...");
            return;
        }
        rg_buffer_append_text(out, said++ > 0 ? ", " : "");
        rg_html_text(out, shares[i].name);
        rg_buffer_printf(out, " %s", rg_figure_share(shares[i].amount, whole, figure));
    }
    rg_buffer_append_text(out, said == 0 ? "nothing" : "");
}

void rg_html_bar(struct rg_buffer *out, const struct rg_html_share *shares, size_t count,
                 uint64_t whole)
{
    double x = 0;

    rg_buffer_printf(out,
                     "<svg class=\"bar\" viewBox=\"0 0 %d 16\" preserveAspectRatio=\"none\" "
                     "role=\"img\" aria-label=\"",
                     BAR_WIDTH);
    write_label(out, shares, count, whole);
    rg_buffer_append_text(out, "\">");
    for (size_t i = 0; i < count; i++) {
        double width;

        if (shares[i].amount == 0 || whole == 0)
            continue;
        width = (double)shares[i].amount / (double)whole * BAR_WIDTH;
        rg_buffer_printf(out,
                         "<rect class=\"%s\" x=\"%d\" y=\"0\" width=\"%d\" height=\"16\"><title>",
                         shares[i].style, (int)x, (int)(x + width) - (int)x);
        rg_html_text(out, shares[i].name);
        if (shares[i].figure != NULL)
            rg_buffer_printf(out, ": %s", shares[i].figure);
        rg_buffer_append_text(out, "</title></rect>");
        x += width;
    }
    rg_buffer_append_text(out, "</svg>");
}

void rg_html_legend(struct rg_buffer *out, const struct rg_html_share *shares, size_t count)
{
    rg_buffer_append_text(out, "<p class=\"legend\">");
    for (size_t i = 0; i < count; i++) {
        if (shares[i].amount == 0)
            continue;
        rg_buffer_printf(out,
                         "<span><svg viewBox=\"0 0 12 12\"><rect class=\"%s\" width=\"12\" "
                         "height=\"12\"/></svg>",
                         shares[i].style);
        rg_html_text(out, shares[i].name);
        rg_buffer_append_text(out, "</span>");
    }
    rg_buffer_append_text(out, "</p>\n");
}

/* Of the way from one end of an axis to its other, in drawn units. */
static int scaled(double value, double value_max, int length)
{
    const double share = value_max > 0 ? value / value_max : 0;

    return (int)((share < 1 ? share : 1) * length);
}

static int x_at(const struct rg_html_chart *chart, double x)
{
    return CHART_LEFT + scaled(x, chart->x_max, CHART_WIDTH - 2 * CHART_LEFT);
}

static int y_at(const struct rg_html_chart *chart, double y)
{
    return CHART_HEIGHT - CHART_BOTTOM -
           scaled(y, chart->y_max, CHART_HEIGHT - CHART_TOP - CHART_BOTTOM);
}

static void draw_curve(struct rg_buffer *out, const struct rg_html_chart *chart,
                       const struct rg_html_curve *curve)
{
    rg_buffer_printf(out, "<polyline class=\"%s\" points=\"", curve->style);
    for (size_t i = 0; i < chart->point_count; i++)
        rg_buffer_printf(out, "%s%d,%d", i > 0 ? " " : "", x_at(chart, chart->x[i]),
                         y_at(chart, curve->y[i]));
    rg_buffer_append_text(out, "\"><title>");
    rg_html_text(out, curve->name);
    rg_buffer_append_text(out, "</title></polyline>");
}

static void draw_text(struct rg_buffer *out, const char *anchor, int x, int y, const char *text)
{
    rg_buffer_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">", x, y, anchor);
    rg_html_text(out, text);
    rg_buffer_append_text(out, "</text>");
}

static void draw_line(struct rg_buffer *out, const char *line_style, int y)
{
    rg_buffer_printf(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>",
                     line_style, CHART_LEFT, CHART_WIDTH - CHART_LEFT, y, y);
}

static void write_curve_names(struct rg_buffer *out, const struct rg_html_chart *chart)
{
    rg_buffer_append_text(out, "<p class=\"legend\">");
    for (size_t i = 0; i < chart->curve_count; i++) {
        rg_buffer_printf(out,
                         "<span><svg viewBox=\"0 0 120 120\"><line class=\"%s\" x1=\"0\" "
                         "x2=\"120\" y1=\"60\" y2=\"60\"/></svg>",
                         chart->curves[i].style);
        rg_html_text(out, chart->curves[i].name);
        rg_buffer_append_text(out, "</span>");
    }
    rg_buffer_append_text(out, "</p>\n");
}

void rg_html_chart(struct rg_buffer *out, const struct rg_html_chart *chart)
{
    const int right = CHART_WIDTH - CHART_LEFT;

    rg_buffer_printf(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\"><title>",
                     CHART_WIDTH, CHART_HEIGHT);
    rg_html_text(out, chart->title);
    rg_buffer_append_text(out, "</title>");
    draw_line(out, "grid", CHART_HEIGHT - CHART_BOTTOM);
    draw_line(out, "grid", CHART_TOP);
    draw_text(out, "start", CHART_LEFT, CHART_TOP - TEXT_GAP, chart->y_text);
    draw_text(out, "start", CHART_LEFT, CHART_HEIGHT - TEXT_GAP, "0");
    draw_text(out, "end", right, CHART_HEIGHT - TEXT_GAP, chart->x_text);
    if (chart->line > 0) {
        const int y = y_at(chart, chart->line);

        draw_line(out, "limit", y);
        draw_text(out, "end", right, y - TEXT_GAP, chart->line_text);
    }
    for (size_t i = 0; i < chart->curve_count; i++)
        draw_curve(out, chart, &chart->curves[i]);
    rg_buffer_append_text(out, "</svg>\n");
    write_curve_names(out, chart);
}

static void draw_column(struct rg_buffer *out, const char *column_style, int x, int width,
                        double height, const char *figure)
{
    const int drawn = scaled(height, 1, CHART_HEIGHT - CHART_TOP - CHART_BOTTOM);

    if (height <= 0)
        return;
    rg_buffer_printf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>",
                     column_style, x, CHART_HEIGHT - CHART_BOTTOM - drawn, width, drawn);
    rg_html_text(out, figure);
    rg_buffer_append_text(out, "</title></rect>");
}

void rg_html_pairs(struct rg_buffer *out, const char *title, const struct rg_html_pair *pairs,
                   size_t count)
{
    const int room = (CHART_WIDTH - 2 * CHART_LEFT) / (int)(count > 0 ? count : 1);
    const int bar = room * 2 / 5;

    rg_buffer_printf(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\"><title>",
                     CHART_WIDTH, CHART_HEIGHT);
    rg_html_text(out, title);
    rg_buffer_append_text(out, "</title>");
    draw_line(out, "grid", CHART_HEIGHT - CHART_BOTTOM);
    draw_line(out, "grid", CHART_TOP);
    draw_text(out, "start", CHART_LEFT, CHART_TOP - TEXT_GAP, "100 %");
    for (size_t i = 0; i < count; i++) {
        const int x = CHART_LEFT + (int)i * room + (room - 2 * bar) / 2;

        draw_column(out, "before", x, bar, pairs[i].before, pairs[i].figures[0]);
        draw_column(out, "after", x + bar, bar, pairs[i].after, pairs[i].figures[1]);
        draw_text(out, "middle", x + bar, CHART_HEIGHT - TEXT_GAP, pairs[i].name);
    }
    rg_buffer_append_text(out, "</svg>\n");
    rg_html_legend(
        out,
        (const struct rg_html_share[]){{"before", "before", 1, NULL}, {"after", "after", 1, NULL}},
        2);
}
