/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers as people read them. Each function writes at most RG_FIGURE_BYTES_MAX bytes, a NUL
 * included, and returns its argument `text`, so that calls can stand in argument lists.
 */

#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include <stddef.h>
#include <stdint.h>

enum {
    RG_FIGURE_BYTES_MAX = 32
};

/* "0 B", "999 B", "1.00 KiB", "384.7 GiB": three or four digits, powers of 1024. */
const char *rg_figure_bytes(uint64_t bytes, char text[RG_FIGURE_BYTES_MAX]);

/* The same without the blank: "384.7GiB", for lines that are taken apart at blanks. */
const char *rg_figure_bytes_tight(uint64_t bytes, char text[RG_FIGURE_BYTES_MAX]);

/* "12", "1,234,567". */
const char *rg_figure_count(uint64_t count, char text[RG_FIGURE_BYTES_MAX]);

/* "12 ms", "1.2 s", "59 s", "3m12s", "8h05m", "3d04h". */
const char *rg_figure_duration(uint64_t ns, char text[RG_FIGURE_BYTES_MAX]);

/* Bytes a second in MB/s (powers of 1000, as drives and networks are sold): "812 MB/s". */
const char *rg_figure_rate(uint64_t bytes, uint64_t ns, char text[RG_FIGURE_BYTES_MAX]);

/* part / whole in percent: "0 %", "0.3 %", "38 %", "99.9 %", "100 %"; "-" of nothing. */
const char *rg_figure_share(uint64_t part, uint64_t whole, char text[RG_FIGURE_BYTES_MAX]);

/* "" for 1, "s" otherwise. */
const char *rg_figure_plural(uint64_t count);

#endif
