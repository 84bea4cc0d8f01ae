/* SPDX-License-Identifier: Apache-2.0 */

#include "plan/glob.h"

#include <string.h>

#include "support/test.h"

static bool matches(struct test *t, const char *text, const char *path)
{
    struct rg_arena arena;
    struct rg_glob *glob = NULL;

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const enum rg_status status = rg_glob_parse(text, &arena, &glob, &t->err);
    const bool answer = status == RG_OK && rg_glob_matches(glob, rg_span_of(path));
    rg_arena_fini(&arena);
    CHECK_OK(status);
    return answer;
}

TEST(globs_match_whole_paths)
{
    static const struct {
        const char *glob;
        const char *path;
        bool wanted;
    } rows[] = {
        {"a.parquet", "a.parquet", true},
        {"a.parquet", "x/a.parquet", false},
        {"*.parquet", "a.parquet", true},
        {"*.parquet", "x/a.parquet", false},
        {"*/*.parquet", "x/a.parquet", true},
        {"**/*.parquet", "a.parquet", true},
        {"**/*.parquet", "x/y/a.parquet", true},
        {"**/a", "xa", false},
        {"x/**/a", "x/a", true},
        {"x/**/a", "x/y/z/a", true},
        {"x/**/a", "xa", false},
        {"x/**", "x/", true},
        {"x/**", "x/y/z", true},
        {"x/**", "x", false},
        {"**", "", true},
        {"**", "a/b", true},
        {"a**b", "a/x/b", true},
        {"***", "a/b", true},
        {"*", "", true},
        {"*", "a/b", false},
        {"?", "a", true},
        {"?", "/", false},
        {"?", "", false},
        {"dt=2024-0[1-3]-*/*", "dt=2024-02-11/f", true},
        {"dt=2024-0[1-3]-*/*", "dt=2024-04-11/f", false},
        {"[!a]", "b", true},
        {"[!a]", "a", false},
        {"[!a]", "/", false},
        {"[^a]", "b", true},
        {"[]a]", "]", true},
        {"[a-]", "-", true},
        {"[\\]]", "]", true},
        {"[z-a]", "m", false},
        {"a[/]b", "a/b", false},
        {"\\*", "*", true},
        {"\\*", "x", false},
        {"", "", true},
        {"", "a", false},
        {"*a*b*c", "xxaxxbxxc", true},
        {"*a*b*c", "xxaxxcxxb", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (matches(t, rows[i].glob, rows[i].path) != rows[i].wanted)
            test_fail(__FILE__, __LINE__, "'%s' and '%s'", rows[i].glob, rows[i].path);
}

TEST(unfinished_globs_are_refused)
{
    struct rg_arena arena;
    struct rg_glob *glob;
    char longest[RG_GLOB_BYTES_MAX + 2];

    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const enum rg_status bracket = rg_glob_parse("a[b", &arena, &glob, &t->err);
    const enum rg_status empty = rg_glob_parse("a[]", &arena, &glob, &t->err);
    const enum rg_status range = rg_glob_parse("a[b-", &arena, &glob, &t->err);
    const enum rg_status slash = rg_glob_parse("a\\", &arena, &glob, &t->err);
    const enum rg_status set_slash = rg_glob_parse("[\\", &arena, &glob, &t->err);
    const enum rg_status too_long = rg_glob_parse(longest, &arena, &glob, &t->err);
    rg_arena_fini(&arena);
    CHECK(bracket != RG_OK && empty != RG_OK && range != RG_OK && slash != RG_OK);
    CHECK(set_slash != RG_OK && too_long != RG_OK);
}

TEST(time_does_not_explode)
{
    char path[1001];

    memset(path, 'a', 1000);
    path[1000] = 0;
    CHECK(!matches(t, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", path));
    CHECK(!matches(t, "**a**a**a**a**a**a**a**a**a**a**a**a**a**b", path));
}

static const char *const pieces[] = {"a", "b", "/", "*", "**", "**/", "?", "[ab]", "[!a]", "/**"};
static const char letters[] = "ab/";

/* The definition, naively: the first step of `glob`, then the rest, by going back. */
static bool naive(const char *glob, const char *path, bool is_at_start)
{
    if (*glob == 0)
        return *path == 0;
    if (strncmp(glob, "**", 2) == 0) {
        const char *rest = glob + strspn(glob, "*");

        if (is_at_start && *rest == '/') {
            if (naive(rest + 1, path, true))
                return true;
            for (const char *at = path; *at != 0; at++)
                if (*at == '/' && naive(rest + 1, at + 1, true))
                    return true;
            return false;
        }
        for (const char *at = path;; at++) {
            if (naive(rest, at, false))
                return true;
            if (*at == 0)
                return false;
        }
    }
    if (*glob == '*') {
        for (const char *at = path;; at++) {
            if (naive(glob + 1, at, false))
                return true;
            if (*at == 0 || *at == '/')
                return false;
        }
    }
    if (*path == 0)
        return false;
    if (*glob == '?')
        return *path != '/' && naive(glob + 1, path + 1, false);
    if (strncmp(glob, "[ab]", 4) == 0)
        return *path != '/' && naive(glob + 4, path + 1, false);
    if (strncmp(glob, "[!a]", 4) == 0)
        return *path == 'b' && naive(glob + 4, path + 1, false);
    return *glob == *path && naive(glob + 1, path + 1, *glob == '/');
}

static void property_like_naive(struct test *t, struct choices *c)
{
    struct rg_arena arena;
    struct rg_glob *glob = NULL;
    char text[64] = "";
    char path[16] = "";
    const uint32_t piece_count = choose(c, 6);
    const uint32_t letter_count = choose(c, 8);
    const uint32_t prefix_bytes = choose(c, letter_count);

    for (uint32_t i = 0; i < piece_count; i++)
        strcat(text, pieces[choose(c, sizeof pieces / sizeof pieces[0] - 1)]);
    for (uint32_t i = 0; i < letter_count; i++)
        path[i] = letters[choose(c, 2)];
    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const enum rg_status status = rg_glob_parse(text, &arena, &glob, &t->err);
    const struct rg_span prefix = {(const uint8_t *)path, prefix_bytes};
    const bool got = status == RG_OK && rg_glob_matches(glob, rg_span_of(path));
    const bool may = status == RG_OK && rg_glob_may_match_below(glob, prefix);
    const bool all = status == RG_OK && rg_glob_matches_all_below(glob, prefix);
    rg_arena_fini(&arena);
    CHECK_OK(status);
    if (got != naive(text, path, true))
        test_fail(__FILE__, __LINE__, "'%s' and '%s'", text, path);
    /* What matches with this prefix says something about the prefix. */
    if (got && prefix_bytes < letter_count && !may)
        test_fail(__FILE__, __LINE__, "'%s' below '%.*s'", text, (int)prefix_bytes, path);
    if (!got && all)
        test_fail(__FILE__, __LINE__, "'%s' all below '%.*s'", text, (int)prefix_bytes, path);
}

TEST(like_naive)
{
    test_property(t, "like_naive", 20000, property_like_naive);
}

TEST(prefixes_are_pruned)
{
    struct rg_arena arena;
    struct rg_glob *glob = NULL;
    bool answers[6] = {0};

    rg_arena_init(&arena, &t->allocator, SIZE_MAX);
    const enum rg_status status = rg_glob_parse("dt=2024-*/**", &arena, &glob, &t->err);
    if (status == RG_OK) {
        answers[0] = rg_glob_may_match_below(glob, rg_span_of(""));
        answers[1] = rg_glob_may_match_below(glob, rg_span_of("dt=2024-01/"));
        answers[2] = rg_glob_may_match_below(glob, rg_span_of("dt=2023-01/"));
        answers[3] = rg_glob_matches_all_below(glob, rg_span_of("dt=2024-01/"));
        answers[4] = rg_glob_matches_all_below(glob, rg_span_of("dt=2024-01/x/"));
        answers[5] = rg_glob_matches_all_below(glob, rg_span_of(""));
    }
    rg_arena_fini(&arena);
    CHECK_OK(status);
    CHECK(answers[0] && answers[1] && !answers[2] && answers[3] && answers[4] && !answers[5]);
}

int main(int argc, char **argv)
{
    static const struct test_case cases[] = {
        {"globs_match_whole_paths", globs_match_whole_paths},
        {"unfinished_globs_are_refused", unfinished_globs_are_refused},
        {"time_does_not_explode", time_does_not_explode},
        {"like_naive", like_naive},
        {"prefixes_are_pruned", prefixes_are_pruned},
    };

    return test_main("plan/glob", cases, sizeof cases / sizeof cases[0], argc, argv);
}
