/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/places.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compact/owner.h"
#include "plan/select.h"
#include "store/local.h"
#include "store/s3.h"

static char *copy_text(const struct rg_allocator *allocator, const char *text, size_t length)
{
    char *copy = rg_alloc(allocator, length + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static void release_text(const struct rg_allocator *allocator, char *text)
{
    if (text != NULL)
        rg_release(allocator, text, strlen(text) + 1);
}

/*
 * The path of a local place, or NULL for another scheme. URLs that lack a slash (Hadoop writes
 * file:/lake) are not taken for paths: a directory called "file:" would be made of them. Nor are
 * those that name a host (RFC 8089): file://data/lake would be a directory here, not /data/lake.
 */
static const char *local_path(const char *text)
{
    if (strncmp(text, "file:///", 8) == 0)
        return text + 7;
    if (strncmp(text, "file:/", 6) == 0 || strncmp(text, "s3:/", 4) == 0)
        return NULL;
    return strstr(text, "://") == NULL ? text : NULL;
}

static bool is_data_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return rg_select_by_name(rg_span_of(slash != NULL ? slash + 1 : path)) == RG_SELECT_YES;
}

/*
 * The canonical form of a path that may not exist yet, component by component: what is there is
 * resolved, what is not will be a directory of that name, and ".." leads out of either.
 */
static bool canonical_path(const char *path, char ret_path[PATH_MAX])
{
    char next[PATH_MAX];

    if (*path == '\0' || realpath(*path == '/' ? "/" : ".", ret_path) == NULL)
        return false;
    for (;;) {
        path += strspn(path, "/");
        const int length = (int)strcspn(path, "/");
        const bool is_up = length == 2 && memcmp(path, "..", 2) == 0;

        if (length == 0)
            return true;
        if (is_up) {
            char *slash = strrchr(ret_path, '/');
            slash[slash == ret_path ? 1 : 0] = '\0';
        } else if (length != 1 || *path != '.') {
            const char *parent = strcmp(ret_path, "/") == 0 ? "" : ret_path;
            const int printed = snprintf(next, sizeof next, "%s/%.*s", parent, length, path);
            if (printed < 0 || (size_t)printed >= sizeof next)
                return false;
            if (realpath(next, ret_path) == NULL)
                memcpy(ret_path, next, (size_t)printed + 1);
        }
        path += length;
    }
}

static void watch_store(const struct rg_place *place)
{
    if (place->watch != NULL)
        rg_cancel_watch_add(place->watch, place->store);
}

static void free_store(struct rg_place *place)
{
    if (place->store != NULL && place->watch != NULL)
        rg_cancel_watch_remove(place->watch, place->store);
    rg_store_free(place->store);
    place->store = NULL;
}

/* A local SOURCE that is a file: its directory becomes the root. */
static bool split_file(const char *path, char root[PATH_MAX], const char **ret_name)
{
    struct stat status;
    const size_t length = strlen(path);

    if (length >= PATH_MAX || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        memcpy(root, ".", 2);
        *ret_name = path;
        return true;
    }
    const size_t root_length = slash == path ? 1 : (size_t)(slash - path);
    memcpy(root, path, root_length);
    root[root_length] = '\0';
    *ret_name = slash + 1;
    return true;
}

static enum rg_status open_local(const struct rg_place_request *request, const char *path,
                                 struct rg_place *place, struct rg_error *err)
{
    char root[PATH_MAX];
    char canonical[PATH_MAX];
    const char *name = NULL;
    const struct rg_local_options options = {
        .must_exist = !request->is_dest,
        .lacks_tags = request->has_bare_ids,
    };

    if (*path == '\0')
        return rg_fail(err, RG_ERR_INVALID, "\"%s\" is not a path", request->text);
    if (!request->is_dest && split_file(path, root, &name)) {
        place->only_file = copy_text(request->allocator, name, strlen(name));
        if (place->only_file == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    }
    if (!canonical_path(path, canonical))
        return rg_fail(err, RG_ERR_INVALID, "\"%s\" is not a path", request->text);
    place->identity = copy_text(request->allocator, canonical, strlen(canonical));
    if (place->identity == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    RG_TRY(rg_local_store_new(name != NULL ? root : path, &options, request->allocator,
                              &place->store, err));
    watch_store(place);
    return RG_OK;
}

static enum rg_status open_s3_store(const struct rg_place_request *request, const char *url,
                                    struct rg_place *place, struct rg_error *err)
{
    const struct rg_options *options = request->options;
    const struct rg_place_options *source = &options->source_place;
    const bool is_dest = request->is_dest || request->has_dest_options;
    const struct rg_place_options *dest = is_dest ? &options->dest_place : source;
    const struct rg_s3_options s3 = {
        .endpoint_url = dest->endpoint_url != NULL ? dest->endpoint_url : source->endpoint_url,
        .region = dest->region != NULL ? dest->region : source->region,
        .profile = dest->profile != NULL ? dest->profile : source->profile,
        .is_unsigned = options->is_unsigned,
        .request_count_max = request->request_count_max,
    };

    RG_TRY(rg_s3_store_new(url, &s3, request->allocator, &place->store, err));
    watch_store(place);
    return RG_OK;
}

/* "s3://host/bucket/prefix": the same bucket name on two servers is two places. */
static enum rg_status identify_s3(const struct rg_place_request *request, const char *url,
                                  struct rg_place *place, struct rg_error *err)
{
    const char *host = rg_s3_store_place(place->store);
    size_t length = strlen(url);

    while (length > 0 && url[length - 1] == '/')
        length--;
    char *identity = rg_alloc(request->allocator, length + strlen(host) + 2);
    if (identity == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a URL");
    (void)snprintf(identity, length + strlen(host) + 2, "s3://%s/%.*s", host, (int)length - 5,
                   url + 5);
    place->identity = identity;
    return RG_OK;
}

/*
 * A SOURCE that is called like a data file is one, if there is an object of that name; else it is a
 * prefix (Spark calls its directories so).
 */
static enum rg_status open_s3_file(const struct rg_place_request *request, struct rg_place *place,
                                   bool *ret_is_file, struct rg_error *err)
{
    const char *name = strrchr(request->text, '/') + 1;
    size_t parent_length = (size_t)(name - request->text) - 1;

    /* "a//x" is another object than "a/x": the '/' that the URL of a place cannot have at its end.
     */
    while (request->text[parent_length - 1] == '/' && parent_length > sizeof "s3://")
        parent_length--;
    name = request->text + parent_length + 1;
    char *parent = copy_text(request->allocator, request->text, parent_length);
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = name};

    if (parent == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a URL");
    enum rg_status status = open_s3_store(request, parent, place, err);
    release_text(request->allocator, parent);
    RG_TRY(status);
    status = rg_store_wait(place->store, &head, err);
    if (status == RG_ERR_DENIED || status == RG_ERR_IO) {
        /* HEAD has no body to say why. A listing has, or finds out what was wrong (the region). */
        RG_TRY(rg_store_probe(place->store, false, &place->caps, err));
        status = rg_store_wait(place->store, &head, err);
    }
    *ret_is_file = status == RG_OK;
    if (status == RG_ERR_ABSENT) {
        free_store(place);
        return RG_OK;
    }
    RG_TRY(status);
    place->only_file = copy_text(request->allocator, name, strlen(name));
    return place->only_file != NULL ? RG_OK : rg_fail(err, RG_ERR_NOMEM, "no memory for a URL");
}

static enum rg_status open_s3(const struct rg_place_request *request, struct rg_place *place,
                              struct rg_error *err)
{
    const bool has_key = strchr(request->text + 5, '/') != NULL;
    bool is_file = false;

    if (!request->is_dest && has_key && is_data_file_name(request->text))
        RG_TRY(open_s3_file(request, place, &is_file, err));
    if (!is_file)
        RG_TRY(open_s3_store(request, request->text, place, err));
    return identify_s3(request, request->text, place, err);
}

bool rg_place_is_s3(const char *text)
{
    return strncmp(text, "s3://", 5) == 0;
}

enum rg_status rg_place_open(const struct rg_place_request *request, struct rg_place *ret_place,
                             struct rg_error *err)
{
    const char *path = local_path(request->text);
    struct rg_place place = {.watch = request->watch};
    enum rg_status status;

    if (request->is_dest && is_data_file_name(request->text))
        return rg_fail(
            err, RG_ERR_INVALID,
            "%s: the destination is a directory, not a file; give the directory that the "
            "outputs should lie in",
            request->text);
    place.text = copy_text(request->allocator, request->text, strlen(request->text));
    if (place.text == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    if (path != NULL)
        status = open_local(request, path, &place, err);
    else if (rg_place_is_s3(request->text))
        status = open_s3(request, &place, err);
    else
        status = rg_fail(err, RG_ERR_INVALID, "%s: neither a path nor file:/// nor s3://",
                         request->text);
    if (status == RG_OK)
        status = rg_store_probe(place.store, false, &place.caps, err);
    if (status != RG_OK) {
        rg_place_close(&place, request->allocator);
        return status;
    }
    *ret_place = place;
    return RG_OK;
}

void rg_place_close(struct rg_place *place, const struct rg_allocator *allocator)
{
    free_store(place);
    release_text(allocator, place->text);
    release_text(allocator, place->identity);
    release_text(allocator, (char *)(uintptr_t)place->only_file);
    *place = (struct rg_place){0};
}

/* True when `inner` is `outer` or lies below it. */
static bool is_inside(const char *inner, const char *outer)
{
    const size_t length = strlen(outer);

    if (strcmp(outer, "/") == 0)
        return true;
    return strncmp(inner, outer, length) == 0 && (inner[length] == '\0' || inner[length] == '/');
}

enum rg_status rg_places_check(const struct rg_place *source, const struct rg_place *dest,
                               struct rg_error *err)
{
    if (strcmp(source->identity, dest->identity) == 0)
        return rg_fail(
            err, RG_ERR_INVALID,
            "source and destination are the same place; use --in-place %s to replace the "
            "files where they are",
            source->text);
    if (is_inside(dest->identity, source->identity) || is_inside(source->identity, dest->identity))
        return rg_fail(err, RG_ERR_INVALID,
                       "source and destination lie inside one another (%s, %s); use another "
                       "destination, or --in-place to replace the files where they are",
                       source->text, dest->text);
    return RG_OK;
}

/* An absolute path without what means nothing in it, nor the '/' in front; in place. */
static void normalize(char *path)
{
    char *end = path;

    for (const char *at = path + strspn(path, "/"); *at != '\0'; at += strspn(at, "/")) {
        const size_t bytes = strcspn(at, "/");
        const bool is_up = bytes == 2 && memcmp(at, "..", 2) == 0;

        if (is_up) {
            while (end > path && *--end != '/')
                ;
        } else if (bytes != 1 || *at != '.') {
            if (end > path)
                *end++ = '/';
            memmove(end, at, bytes);
            end += bytes;
        }
        at += bytes;
    }
    *end = '\0';
}

/*
 * The ways to the folder that is the place, from the top of its store (the bucket, "/"), without
 * '/' at either end: on a local disk as it was given, and where links lead. NULL without memory.
 */
static const char **find_ways(const struct rg_place *place, struct rg_arena *arena)
{
    const char **ways = rg_arena_array(arena, 3, sizeof *ways);
    const char *url = place->store->url; /* "file:///a/b" or "s3://bucket/a/b". */
    const char *slash = strchr(url + (place->caps.is_local ? 7 : 5), '/');
    char *given =
        (char *)(uintptr_t)rg_arena_copy(arena, rg_span_of(slash != NULL ? slash : "/")).data;
    char canonical[PATH_MAX];

    if (ways == NULL || given == NULL)
        return NULL;
    memset(ways, 0, 3 * sizeof *ways);
    ways[0] = given + 1;
    if (!place->caps.is_local)
        return ways;
    const bool has_canonical = canonical_path(given, canonical);
    normalize(given);
    ways[0] = given;
    if (has_canonical && strcmp(canonical + 1, given) != 0) {
        ways[1] = (const char *)rg_arena_copy(arena, rg_span_of(canonical + 1)).data;
        if (ways[1] == NULL)
            return NULL;
    }
    return ways;
}

/* For messages: a prefix from the top with what lies before it, without a '/' at its end. */
static const char *name_folder(const struct rg_place *place, const char *prefix,
                               struct rg_arena *arena)
{
    const char *text = place->caps.is_local ? "" : place->store->url;
    const char *slash = place->caps.is_local ? text : strchr(text + 5, '/');
    const size_t bytes = (size_t)(slash - text) + strlen(prefix) + 2;
    char *name = rg_arena_alloc(arena, bytes);

    if (name != NULL)
        (void)snprintf(name, *prefix != '\0' ? bytes - 1 : bytes, "%.*s/%s", (int)(slash - text),
                       text, prefix);
    return name != NULL ? name : prefix;
}

static const char *article(const char *format)
{
    return *format == 'I' ? "an" : "a";
}

static enum rg_status judge_itself(const struct rg_place *place, const struct rg_owner *owner,
                                   bool is_home, struct rg_error *err)
{
    bool is_blank = false;

    if (owner->format != NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s is %s %s table: its files are listed in its own metadata, so they may "
                       "only be replaced through it. \"regroup plan\" and \"regroup inspect\" "
                       "work; to compact, use that format's own command or copy the data files "
                       "to a plain directory first",
                       place->text, article(owner->format), owner->format);
    if (!owner->has_ledger || is_home)
        return RG_OK;
    /* One that is only being begun is noticed later: see choose.c. */
    RG_TRY(rg_owner_is_blank(place->store, owner->prefix, true, &is_blank, err));
    if (!is_blank)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s has a ledger of regroup, which replaces files there by others with the "
                       "same rows: they would come to the destination twice. Use --in-place there, "
                       "or as source the files that it was made of",
                       place->text);
    return RG_OK;
}

/* Whether the ledger of a folder above has anything of the folder that is the place, or had. */
static enum rg_status has_traces(const struct rg_place *place, const char *way, const char *above,
                                 struct rg_arena *arena, bool *ret_has, struct rg_error *err)
{
    const char *below = way + strlen(above);
    const size_t bytes = strlen(above) + strlen("_regroup/") + strlen(below) + 2;
    char *prefix = rg_arena_alloc(arena, bytes);
    struct rg_store_op list = {.verb = RG_STORE_LIST,
                               .key = prefix,
                               .arena = arena,
                               .names_only = true,
                               .is_from_top = true};

    *ret_has = true;
    if (prefix == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    (void)snprintf(prefix, bytes, "%s_regroup/%s/", above, below);
    RG_TRY(rg_store_wait(place->store, &list, err));
    *ret_has = list.object_count > 0 || list.next_page_token != NULL;
    return RG_OK;
}

/*
 * Whether a home below another is nothing to that: its ledger is the older one, so that whoever
 * listed its folder since saw it and left the folder alone, and no record or intent says otherwise.
 */
static enum rg_status is_older_home(const struct rg_place *place, const char *way,
                                    const struct rg_owner *itself, const struct rg_owner *above,
                                    struct rg_arena *arena, bool *ret_is_older,
                                    struct rg_error *err)
{
    bool has_any;

    *ret_is_older = false;
    if (itself->ledger_ns == 0 || itself->ledger_ns >= above->ledger_ns)
        return RG_OK;
    RG_TRY(has_traces(place, way, above->prefix, arena, &has_any, err));
    *ret_is_older = !has_any;
    return RG_OK;
}

static enum rg_status judge_above(const struct rg_place *place, const char *way,
                                  const struct rg_owner *itself, const struct rg_owner *above,
                                  struct rg_arena *arena, struct rg_error *err)
{
    const char *name = name_folder(place, above->prefix, arena);
    bool is_older = false;
    bool is_blank = false;

    if (above->format != NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s lies in %s, %s %s table: its files are listed in its own metadata, so "
                       "they may only be replaced through it",
                       place->text, name, article(above->format), above->format);
    if (itself->has_ledger)
        RG_TRY(is_older_home(place, way, itself, above, arena, &is_older, err));
    if (is_older)
        return RG_OK;
    RG_TRY(rg_owner_is_blank(place->store, above->prefix, true, &is_blank, err));
    return rg_fail(err, RG_ERR_INVALID,
                   "%s lies in %s, which has a ledger of regroup: two of them would take the "
                   "same rows twice. Use that folder as a whole, with --include for a part of it, "
                   "or a place outside%s",
                   place->text, name,
                   is_blank ? "; or, as that ledger has no record of anything, remove the _regroup "
                              "there if no run is at work"
                            : "");
}

static enum rg_status check_way(const struct rg_place *place, const char *way, bool is_home,
                                struct rg_arena *arena, struct rg_error *err)
{
    const char *log_of = rg_owner_of_log(way);
    struct rg_owner *owners;
    size_t count;

    if (log_of != NULL)
        return rg_fail(
            err, RG_ERR_INVALID,
            "%s lies where %s %s table keeps files of its own, which only it may replace",
            place->text, article(log_of), log_of);
    RG_TRY(rg_owner_walk(place->store, way, true, arena, &owners, &count, err));
    RG_TRY(judge_itself(place, &owners[0], is_home, err));
    for (size_t i = 1; i < count; i++) {
        if (rg_owner_is_known(&owners[i]))
            RG_TRY(judge_above(place, way, &owners[0], &owners[i], arena, err));
    }
    return RG_OK;
}

enum rg_status rg_place_check_owner(const struct rg_place *place, bool is_home,
                                    struct rg_error *err)
{
    enum rg_status status = RG_OK;
    struct rg_arena arena;

    rg_arena_init(&arena, &rg_allocator_system, (size_t)256 << 20);
    const char **ways = find_ways(place, &arena);
    if (ways == NULL)
        status = rg_fail(err, RG_ERR_NOMEM, "no memory for a path");
    for (; status == RG_OK && *ways != NULL; ways++)
        status = check_way(place, *ways, is_home, &arena, err);
    rg_arena_fini(&arena);
    return status;
}
