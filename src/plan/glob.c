/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A glob is compiled into steps, and matched by following all ways through them at once: after
 * each byte of the path, `active[p]` says whether some way has come as far as before step p. There
 * is no going back, so no glob takes longer than path length times glob length.
 *
 *   (1) Steps that may match nothing (STAR, STARS, DIRECTORIES) only point forward, so one pass in
 *       rising order spreads them.
 *   (2) DIRECTORIES is always followed by INSIDE, its loop: INSIDE swallows bytes and lets the way
 *       go on behind each '/'.
 */

#include "plan/glob.h"

#include <string.h>

enum kind {
    BYTE,
    ANY,
    SET,
    STAR,
    STARS,
    DIRECTORIES,
    INSIDE,
};

struct step {
    enum kind kind;
    uint8_t byte;       /* BYTE. */
    const uint8_t *set; /* SET: one bit for each byte. */
};

struct rg_glob {
    struct step *steps;
    uint32_t step_count;
};

struct ways {
    bool active[RG_GLOB_BYTES_MAX + 1];
    bool next[RG_GLOB_BYTES_MAX + 1];
};

static bool set_has(const uint8_t *set, uint8_t byte)
{
    return (set[byte >> 3] >> (byte & 7) & 1) != 0;
}

static void set_add(uint8_t *set, uint8_t byte)
{
    set[byte >> 3] |= (uint8_t)(1u << (byte & 7));
}

/* One member of a set, its backslash undone; false at the end of the text. */
static bool next_member(const char **at, uint8_t *ret_byte)
{
    if (**at == '\\')
        (*at)++;
    if (**at == 0)
        return false;
    *ret_byte = (uint8_t) * *at;
    (*at)++;
    return true;
}

/* Parses from behind the '[' to behind the ']'. */
static enum rg_status parse_set(const char **at, uint8_t *set, struct rg_error *err)
{
    const bool is_negated = **at == '!' || **at == '^';
    bool is_first = true;

    if (is_negated)
        (*at)++;
    for (; is_first || **at != ']'; is_first = false) {
        uint8_t first;
        uint8_t last;

        if (!next_member(at, &first))
            return rg_fail(err, RG_ERR_INVALID, "'[' without its ']'");
        last = first;
        if ((*at)[0] == '-' && (*at)[1] != ']' && (*at)[1] != 0) {
            (*at)++;
            if (!next_member(at, &last))
                return rg_fail(err, RG_ERR_INVALID, "'[' without its ']'");
        }
        for (unsigned byte = first; byte <= last; byte++)
            set_add(set, (uint8_t)byte);
    }
    (*at)++;
    for (size_t i = 0; is_negated && i < 32; i++)
        set[i] = (uint8_t)~set[i];
    set['/' >> 3] &= (uint8_t) ~(1u << ('/' & 7));
    return RG_OK;
}

/* Parses what begins with a star; `is_at_start` of a component. */
static void parse_stars(const char **at, bool is_at_start, struct rg_glob *glob)
{
    const size_t count = strspn(*at, "*");

    *at += count;
    if (count == 1) {
        glob->steps[glob->step_count++] = (struct step){.kind = STAR};
    } else if (is_at_start && **at == '/') {
        (*at)++;
        glob->steps[glob->step_count++] = (struct step){.kind = DIRECTORIES};
        glob->steps[glob->step_count++] = (struct step){.kind = INSIDE};
    } else {
        glob->steps[glob->step_count++] = (struct step){.kind = STARS};
    }
}

static enum rg_status parse_step(const char **at, bool is_at_start, struct rg_arena *arena,
                                 struct rg_glob *glob, struct rg_error *err)
{
    struct step *step = &glob->steps[glob->step_count];
    const char c = **at;

    if (c == '*') {
        parse_stars(at, is_at_start, glob);
        return RG_OK;
    }
    (*at)++;
    if (c == '?') {
        *step = (struct step){.kind = ANY};
    } else if (c == '[') {
        uint8_t *set = rg_arena_array(arena, 32, 1);

        if (set == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a glob");
        RG_TRY(parse_set(at, set, err));
        *step = (struct step){.kind = SET, .set = set};
    } else {
        uint8_t byte = (uint8_t)c;

        if (c == '\\') {
            if (**at == 0)
                return rg_fail(err, RG_ERR_INVALID, "'\\' with nothing behind it");
            byte = (uint8_t) * *at;
            (*at)++;
        }
        *step = (struct step){.kind = BYTE, .byte = byte};
    }
    glob->step_count++;
    return RG_OK;
}

enum rg_status rg_glob_parse(const char *text, struct rg_arena *arena, struct rg_glob **ret_glob,
                             struct rg_error *err)
{
    const size_t bytes = strlen(text);
    struct rg_glob *glob = rg_arena_array(arena, 1, sizeof *glob);

    if (bytes > RG_GLOB_BYTES_MAX)
        return rg_fail(err, RG_ERR_INVALID, "a glob of %zu bytes: at most %d", bytes,
                       RG_GLOB_BYTES_MAX);
    if (glob == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a glob");
    /* Every step comes from at least one byte; "**" and '/' become two. */
    glob->steps = rg_arena_array(arena, bytes + 1, sizeof *glob->steps);
    if (glob->steps == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a glob");
    for (const char *at = text; *at != 0;) {
        const bool is_at_start = at == text || at[-1] == '/';

        RG_TRY(parse_step(&at, is_at_start, arena, glob, err));
    }
    *ret_glob = glob;
    return RG_OK;
}

/* Spreads ways over steps that may match nothing (1). */
static void spread(const struct rg_glob *glob, bool *active)
{
    for (uint32_t p = 0; p < glob->step_count; p++) {
        if (!active[p])
            continue;
        switch (glob->steps[p].kind) {
        case STAR:
        case STARS:
            active[p + 1] = true;
            break;
        case DIRECTORIES:
            active[p + 1] = true;
            active[p + 2] = true;
            break;
        case BYTE:
        case ANY:
        case SET:
        case INSIDE:
            break;
        }
    }
}

static void take_byte(const struct rg_glob *glob, uint8_t byte, struct ways *ways)
{
    memset(ways->next, 0, glob->step_count + 1);
    for (uint32_t p = 0; p < glob->step_count; p++) {
        const struct step *step = &glob->steps[p];

        if (!ways->active[p])
            continue;
        switch (step->kind) {
        case BYTE:
            ways->next[p + 1] |= step->byte == byte;
            break;
        case ANY:
            ways->next[p + 1] |= byte != '/';
            break;
        case SET:
            ways->next[p + 1] |= set_has(step->set, byte);
            break;
        case STAR:
            ways->next[p] |= byte != '/';
            break;
        case STARS:
            ways->next[p] = true;
            break;
        case INSIDE:
            ways->next[p] = true;
            ways->next[p + 1] |= byte == '/';
            break;
        case DIRECTORIES:
            break;
        }
    }
    spread(glob, ways->next);
    memcpy(ways->active, ways->next, glob->step_count + 1);
}

static void follow(const struct rg_glob *glob, struct rg_span path, struct ways *ways)
{
    memset(ways->active, 0, glob->step_count + 1);
    ways->active[0] = true;
    spread(glob, ways->active);
    for (size_t i = 0; i < path.bytes; i++)
        take_byte(glob, path.data[i], ways);
}

bool rg_glob_matches(const struct rg_glob *glob, struct rg_span path)
{
    struct ways ways;

    follow(glob, path, &ways);
    return ways.active[glob->step_count];
}

bool rg_glob_may_match_below(const struct rg_glob *glob, struct rg_span prefix)
{
    struct ways ways;

    follow(glob, prefix, &ways);
    return memchr(ways.active, 1, glob->step_count) != NULL;
}

bool rg_glob_matches_all_below(const struct rg_glob *glob, struct rg_span prefix)
{
    struct ways ways;
    const uint32_t last = glob->step_count - 1;

    if (glob->step_count == 0 || glob->steps[last].kind != STARS)
        return false;
    follow(glob, prefix, &ways);
    return ways.active[last];
}
