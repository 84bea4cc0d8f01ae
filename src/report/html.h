/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parts of a page to look at: one file, styles and drawings inside, no scripts, nothing loaded
 * from anywhere (its content security policy says so to browsers). Text is escaped by every
 * function; class names and figures come from this program alone.
 */

#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/buffer.h"

/* Text from anywhere: markup is escaped, control bytes and what is not UTF-8 become U+FFFD. */
void rg_html_text(struct rg_buffer *out, const char *text);

/* A name from outside: escaped, and set apart, so that its direction does not reach its neighbours.
 */
void rg_html_name(struct rg_buffer *out, const char *name);

/* From the document's first byte to the opened body; rg_html_end() closes it. */
void rg_html_begin(struct rg_buffer *out, const char *title);
void rg_html_end(struct rg_buffer *out);

/* A part of a bar, or an entry of a legend. */
struct rg_html_share {
    const char *name;
    const char *style; /* The class that colours it. */
    uint64_t amount;
    const char *figure; /* What stands for the amount in its tooltip. */
};

/* A bar of which `whole` is the full length; empty parts are left out. */
void rg_html_bar(struct rg_buffer *out, const struct rg_html_share *shares, size_t count,
                 uint64_t whole);

/* The names and colours of a bar's parts. */
void rg_html_legend(struct rg_buffer *out, const struct rg_html_share *shares, size_t count);

/* Points of a curve; both ends of either axis are shown as text. */
struct rg_html_curve {
    const char *name;
    const char *style;
    const double *y;
};

struct rg_html_chart {
    const char *title;
    const double *x; /* Rising, from 0. */
    size_t point_count;
    double x_max;
    double y_max;
    const char *x_text; /* What stands at the end of the axis. */
    const char *y_text;
    double line; /* A limit, drawn across; 0: none. */
    const char *line_text;
    const struct rg_html_curve *curves;
    size_t curve_count;
};

void rg_html_chart(struct rg_buffer *out, const struct rg_html_chart *chart);

/* Two bars side by side, of heights between 0 and 1. */
struct rg_html_pair {
    const char *name; /* Below them. */
    double before;
    double after;
    const char *figures[2]; /* For tooltips. */
};

void rg_html_pairs(struct rg_buffer *out, const char *title, const struct rg_html_pair *pairs,
                   size_t count);

#endif
