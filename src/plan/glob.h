/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Globs on paths, for --include and --exclude. A glob matches a whole path:
 *
 *     *       any bytes but '/'           **      any bytes
 *     ?       one byte but '/'
 *     [a-z]   one of these, [!a-z] none of these; never '/'
 *     \x      x itself
 *
 * A component that is just two stars stands for any number of directories, none included: "a", two
 * stars and "b" match "a/b" and "a/x/y/b".
 *
 * Matching follows all ways at once: time is path length times glob length, whatever the glob.
 */

#ifndef PLAN_GLOB_H
#define PLAN_GLOB_H

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

/* Caps what is kept while matching (one byte for each step of a glob). */
enum {
    RG_GLOB_BYTES_MAX = 1024,
    RG_GLOBS_MAX = 1000,
};

struct rg_glob;

struct rg_glob_list {
    struct rg_glob **globs;
    uint32_t glob_count;
};

/*
 * Errors:  RG_ERR_INVALID (an unfinished '[' or '\', too long), RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_glob_parse(const char *text, struct rg_arena *arena,
                                           struct rg_glob **ret_glob, struct rg_error *err);

bool rg_glob_matches(const struct rg_glob *glob, struct rg_span path);

/* False when no path that begins with `prefix` (which ends in '/' or is "") can match. */
bool rg_glob_may_match_below(const struct rg_glob *glob, struct rg_span prefix);

/* True when every path that begins with `prefix` matches. */
bool rg_glob_matches_all_below(const struct rg_glob *glob, struct rg_span prefix);

#endif
