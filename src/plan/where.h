/* SPDX-License-Identifier: Apache-2.0 */

/*
 * --where: conditions on the hive keys of a path ("dt=2024-05-01/country=de/").
 *
 *     EXPR := TERM { "and" TERM }        TERM := KEY OP VALUE        OP := = != < <= > >=
 *
 * KEY and VALUE are words, or quoted ('...' or "...", a quote inside is doubled). Two values are
 * compared as numbers if both are decimal numbers, exactly and at any length; else as bytes. Keys
 * and values of a path are taken with their %XX escapes undone. Hive's name for null,
 * __HIVE_DEFAULT_PARTITION__, is equal to itself and compares with nothing else: only `=` with that
 * very word matches it.
 */

#ifndef PLAN_WHERE_H
#define PLAN_WHERE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

enum rg_where_operator {
    RG_WHERE_EQUAL,
    RG_WHERE_NOT_EQUAL,
    RG_WHERE_LESS,
    RG_WHERE_LESS_EQUAL,
    RG_WHERE_GREATER,
    RG_WHERE_GREATER_EQUAL,
};

struct rg_where_term {
    struct rg_span key;
    struct rg_span value;
    enum rg_where_operator op;
};

enum {
    RG_WHERE_TERMS_MAX = 64,
    RG_WHERE_BYTES_MAX = 4096,
};

struct rg_where {
    struct rg_where_term *terms;
    uint32_t term_count; /* 0: everything matches. */
};

/*
 * Errors:  RG_ERR_INVALID with the place in the text, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_where_parse(const char *text, struct rg_arena *arena,
                                            struct rg_where *ret_where, struct rg_error *err);

/* Whether files of the partition `path` ("a=1/b=2/", "" for the root) are wanted. */
bool rg_where_matches(const struct rg_where *where, struct rg_span path);

/* False when nothing below `prefix` ("a=1/") can match: keys that it does not have may yet come. */
bool rg_where_may_match_below(const struct rg_where *where, struct rg_span prefix);

/* < 0, 0, > 0 as said above: numbers if both are, else bytes. */
int rg_where_compare(struct rg_span a, struct rg_span b);

#endif
