/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first line is a --where expression and, read once more, a glob; the second a path. What
 * matches a path must not have been pruned at any prefix of it.
 */

#include <string.h>

#include "fuzz/fuzz.h"
#include "plan/glob.h"
#include "plan/where.h"

static void check_where(const char *text, struct rg_span path, struct rg_arena *arena)
{
    struct rg_where where;
    struct rg_error err;

    if (rg_where_parse(text, arena, &where, &err) != RG_OK) {
        FUZZ_CHECK(err.status == RG_ERR_INVALID || err.status == RG_ERR_NOMEM);
        return;
    }
    FUZZ_CHECK(where.term_count >= 1 && where.term_count <= RG_WHERE_TERMS_MAX);
    if (!rg_where_matches(&where, path))
        return;
    for (size_t i = 0; i < path.bytes; i++)
        if (path.data[i] == '/')
            FUZZ_CHECK(rg_where_may_match_below(&where, (struct rg_span){path.data, i + 1}));
}

static void check_glob(const char *text, struct rg_span path, struct rg_arena *arena)
{
    struct rg_glob *glob;
    struct rg_error err;

    if (rg_glob_parse(text, arena, &glob, &err) != RG_OK) {
        FUZZ_CHECK(err.status == RG_ERR_INVALID || err.status == RG_ERR_NOMEM);
        return;
    }
    const bool matches = rg_glob_matches(glob, path);
    for (size_t i = 0; i + 1 < path.bytes; i++) {
        const struct rg_span prefix = {path.data, i + 1};

        if (path.data[i] != '/')
            continue;
        FUZZ_CHECK(!matches || rg_glob_may_match_below(glob, prefix));
        FUZZ_CHECK(matches || !rg_glob_matches_all_below(glob, prefix));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const uint8_t *newline = bytes > 0 ? memchr(data, '\n', bytes) : NULL;
    const size_t first = newline != NULL ? (size_t)(newline - data) : bytes;
    const struct rg_span path = {data + first, newline != NULL ? bytes - first - 1 : 0};
    struct rg_arena arena;

    if (bytes > 3000)
        return 0; /* Longer ones find nothing new, only later. */
    rg_arena_init(&arena, &rg_allocator_system, (size_t)16 << 20);
    const char *text = (const char *)rg_arena_copy(&arena, (struct rg_span){data, first}).data;
    const struct rg_span behind = {newline != NULL ? path.data + 1 : path.data, path.bytes};
    FUZZ_CHECK(text != NULL);
    check_where(text, behind, &arena);
    check_glob(text, behind, &arena);
    rg_arena_fini(&arena);
    return 0;
}
