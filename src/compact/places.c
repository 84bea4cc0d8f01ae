/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/places.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/select.h"
#include "store/local.h"
#include "store/s3.h"

/* As in journal/README.md. */
static const char ledger_name[] = "_regroup/_home";

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
    return rg_local_store_new(name != NULL ? root : path, &options, request->allocator,
                              &place->store, err);
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

    return rg_s3_store_new(url, &s3, request->allocator, &place->store, err);
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
    const size_t parent_length = (size_t)(name - request->text) - 1;
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
        rg_store_free(place->store);
        place->store = NULL;
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
    struct rg_place place = {0};
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
    rg_store_free(place->store);
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

static enum rg_status check_level(const struct rg_place *place, const char *prefix,
                                  struct rg_arena *arena, struct rg_error *err)
{
    struct rg_object *objects;
    size_t count;

    const enum rg_status status =
        rg_store_list_names(place->store, prefix, arena, &objects, &count, err);
    if (status == RG_ERR_ABSENT)
        return RG_OK;
    RG_TRY(status);
    for (size_t i = 0; i < count; i++) {
        const char *format = rg_select_table_format(rg_span_of(objects[i].key));

        if (format != NULL)
            return rg_fail(
                err, RG_ERR_INVALID,
                "%s is a %s table: its files are listed in its own metadata, so they may "
                "only be replaced through it. \"regroup plan\" and \"regroup inspect\" "
                "work; to compact, use that format's own command or copy the data files "
                "to a plain directory first",
                place->text, format);
    }
    return RG_OK;
}

enum rg_status rg_place_check_table(const struct rg_place *place,
                                    const struct rg_allocator *allocator, struct rg_error *err)
{
    struct rg_arena arena;

    rg_arena_init(&arena, allocator, (size_t)256 << 20);
    enum rg_status status = check_level(place, "", &arena, err);
    if (status == RG_OK)
        status = check_level(place, "metadata/", &arena, err);
    rg_arena_fini(&arena);
    return status;
}

/* Whether the key is in the listing of its folder. */
static enum rg_status is_listed(struct rg_store *store, const char *key, bool *ret_is_listed,
                                struct rg_error *err)
{
    const size_t folder_bytes = (size_t)(strrchr(key, '/') - key) + 1;
    struct rg_object *objects;
    struct rg_arena arena;
    char folder[PATH_MAX];
    size_t count;

    (void)snprintf(folder, sizeof folder, "%.*s", (int)folder_bytes, key);
    *ret_is_listed = false;
    rg_arena_init(&arena, &rg_allocator_system, (size_t)256 << 20);
    const enum rg_status status = rg_store_list_names(store, folder, &arena, &objects, &count, err);
    for (size_t i = 0; status == RG_OK && i < count; i++)
        *ret_is_listed = *ret_is_listed || strcmp(objects[i].key, key) == 0;
    rg_arena_fini(&arena);
    return status == RG_ERR_ABSENT ? RG_OK : status;
}

enum rg_status rg_place_has_ledger(struct rg_store *store, const char *prefix, bool *ret_has_ledger,
                                   struct rg_error *err)
{
    char key[PATH_MAX];
    struct rg_store_op head = {.verb = RG_STORE_HEAD, .key = key};
    const int bytes = snprintf(key, sizeof key, "%s%s", prefix, ledger_name);

    if (bytes < 0 || (size_t)bytes >= sizeof key)
        return rg_fail(err, RG_ERR_LIMIT, "a path of %zu bytes is too long", strlen(prefix));
    const enum rg_status status = rg_store_wait(store, &head, err);
    *ret_has_ledger = status == RG_OK;
    /* Of what is absent some stores say that it is forbidden to ask. A listing is not. */
    if (status == RG_ERR_DENIED)
        return is_listed(store, key, ret_has_ledger, err);
    return status == RG_ERR_ABSENT ? RG_OK : status;
}

/*
 * Cuts the last component off a canonical path. False: there is no folder above, or none that lists
 * what is below a hidden name.
 */
static bool cut_component(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || slash[1] == '\0' || rg_select_is_hidden(rg_span_of(slash + 1)))
        return false;
    slash[slash == path ? 1 : 0] = '\0';
    return true;
}

static bool has_entry(const char *folder, const char *name)
{
    char path[PATH_MAX];
    const int bytes = snprintf(path, sizeof path, "%s/%s", folder, name);

    return bytes > 0 && (size_t)bytes < sizeof path && access(path, F_OK) == 0;
}

/* Iceberg's metadata lie in a folder of their own. */
static bool is_iceberg(const char *folder)
{
    char path[PATH_MAX];
    char name[PATH_MAX];
    bool is_found = false;
    const int bytes = snprintf(path, sizeof path, "%s/metadata", folder);
    DIR *directory = bytes > 0 && (size_t)bytes < sizeof path ? opendir(path) : NULL;

    if (directory == NULL)
        return false;
    for (const struct dirent *entry; !is_found && (entry = readdir(directory)) != NULL;) {
        (void)snprintf(name, sizeof name, "metadata/%s", entry->d_name);
        is_found = rg_select_table_format(rg_span_of(name)) != NULL;
    }
    (void)closedir(directory);
    return is_found;
}

/*
 * The nearest folder above a canonical path that has a ledger, *ret_format NULL, or is a table;
 * false: there is none.
 */
static bool find_owner_above(const char *path, char ret_folder[PATH_MAX], const char **ret_format)
{
    (void)snprintf(ret_folder, PATH_MAX, "%s", path);
    while (cut_component(ret_folder)) {
        *ret_format = has_entry(ret_folder, "_delta_log") ? "Delta Lake"
                      : has_entry(ret_folder, ".hoodie")  ? "Hudi"
                      : is_iceberg(ret_folder)            ? "Iceberg"
                                                          : NULL;
        if (*ret_format != NULL || has_entry(ret_folder, ledger_name))
            return true;
    }
    return false;
}

static enum rg_status check_above(const struct rg_place *place, struct rg_error *err)
{
    const char *format = NULL;
    char folder[PATH_MAX];
    char place_folder[PATH_MAX];

    (void)snprintf(place_folder, sizeof place_folder, "%s", place->identity);
    if (place->only_file != NULL) { /* The place is its folder. */
        char *slash = strrchr(place_folder, '/');
        slash[slash == place_folder ? 1 : 0] = '\0';
    }
    if (!find_owner_above(place_folder, folder, &format))
        return RG_OK;
    if (format != NULL)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s lies in %s, a %s table: its files are listed in its own metadata, so "
                       "they may only be replaced through it",
                       place->text, folder, format);
    return rg_fail(err, RG_ERR_INVALID,
                   "%s lies in %s, which has a ledger of regroup: two of them would take the same "
                   "rows twice. Use that folder as a whole, with --include for a part of it, or a "
                   "place outside",
                   place->text, folder);
}

enum rg_status rg_place_check_ledgers(const struct rg_place *place, bool is_home,
                                      struct rg_error *err)
{
    bool has_ledger = false;

    if (!is_home)
        RG_TRY(rg_place_has_ledger(place->store, "", &has_ledger, err));
    if (has_ledger)
        return rg_fail(err, RG_ERR_INVALID,
                       "%s has a ledger of regroup, which replaces files there by others with the "
                       "same rows: they would come to the destination twice. Use --in-place there, "
                       "or as source the files that it was made of",
                       place->text);
    return place->caps.is_local ? check_above(place, err) : RG_OK;
}
