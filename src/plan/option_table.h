/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one table of all options: what <regroup/options.h> shows of a row, and how its text becomes a
 * field of struct rg_options. Parser, help, environment and configuration file are made from it;
 * nothing else knows the name of an option.
 */

#ifndef PLAN_OPTION_TABLE_H
#define PLAN_OPTION_TABLE_H

#include <regroup/options.h>

enum rg_option_kind {
    RG_OPTION_ACTION,   /* help, version: nothing is stored. */
    RG_OPTION_SWITCH,   /* bool. */
    RG_OPTION_COUNT,    /* uint32_t: how often it was given. */
    RG_OPTION_NUMBER,   /* uint32_t. */
    RG_OPTION_ROWS,     /* uint64_t; "none" is 0. */
    RG_OPTION_SIZE,     /* uint64_t bytes. */
    RG_OPTION_MEMORY,   /* struct rg_memory_limit. */
    RG_OPTION_DURATION, /* uint64_t ns. */
    RG_OPTION_CHOICE,   /* uint32_t: which word of `choices`. */
    RG_OPTION_TEXT,     /* const char *. */
    RG_OPTION_ORDER,    /* struct rg_sort. */
    RG_OPTION_COLUMNS,  /* struct rg_column_list. */
    RG_OPTION_CODEC,    /* struct rg_codec_choice. */
    RG_OPTION_WHERE,    /* struct rg_where. */
    RG_OPTION_GLOB,     /* struct rg_glob_list. */
};

struct rg_option {
    struct rg_option_info info;
    enum rg_option_kind kind;
    size_t offset;     /* Of the field in struct rg_options. */
    bool is_described; /* info.initial only describes a default that the field's zero stands for. */
    uint64_t value_min; /* NUMBER, ROWS, SIZE: both ends are allowed. */
    uint64_t value_max;
};

enum {
    RG_OPTION_TABLE_MAX = 64
};

/* The rows; at most RG_OPTION_TABLE_MAX of them. */
const struct rg_option *rg_option_table(size_t *ret_count);

#endif
