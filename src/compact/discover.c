/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Waiting prefixes are a stack: the walk goes deep first, so that few wait. They are counted, with
 * a cap; a directory of a million partitions costs some 100 MB here, and says so when that is too
 * much.
 *
 *   (1) `listing` counts partitions that were started and have not been listed: only they can add
 *       prefixes. No prefix waiting and none listing means that the walk is over, for ever.
 */

#include "compact/discover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compact/memory.h"
#include "compact/partition.h"
#include "plan/select.h"

/* Of waiting prefixes and of the list of --files-from. */
static const size_t waiting_bytes_max = (size_t)256 << 20;
/* A waiting one's place in a list that doubles, and what malloc takes. */
static const size_t waiting_bytes_each = 3 * sizeof(char *) + 32;
static const size_t list_bytes_max = (size_t)1 << 30;
static const size_t read_bytes = 65536;

struct rg_discover {
    /* Set at init, then constant. */
    struct rg_run *run;
    struct rg_buffer list; /* --files-from, each name ended by NUL. */
    const char **names;    /* Into `list`, or one that the caller gave; see compare_names(). */
    size_t name_count;
    bool is_restricted;

    /* Guarded by lock. */
    pthread_mutex_t lock;
    char **waiting;
    size_t waiting_count;
    size_t waiting_capacity;
    size_t waiting_bytes;
    size_t listing;
};

static enum rg_status push_locked(struct rg_discover *discover, const char *prefix, size_t length,
                                  struct rg_error *err)
{
    const struct rg_allocator *allocator = discover->run->allocator;

    if (discover->waiting_bytes + length > waiting_bytes_max)
        return rg_fail(err, RG_ERR_LIMIT, "more than %zu partitions wait to be looked at",
                       discover->waiting_count);
    if (discover->waiting_count == discover->waiting_capacity) {
        const size_t capacity =
            discover->waiting_capacity == 0 ? 64 : discover->waiting_capacity * 2;
        char **waiting = rg_alloc(allocator, capacity * sizeof(char *));

        if (waiting == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu partitions", capacity);
        if (discover->waiting_count > 0)
            memcpy(waiting, discover->waiting, discover->waiting_count * sizeof(char *));
        if (discover->waiting != NULL)
            rg_release(allocator, discover->waiting, discover->waiting_capacity * sizeof(char *));
        discover->waiting = waiting;
        discover->waiting_capacity = capacity;
    }
    char *copy = rg_alloc(allocator, length + 1);
    if (copy == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a partition");
    memcpy(copy, prefix, length);
    copy[length] = '\0';
    discover->waiting[discover->waiting_count++] = copy;
    discover->waiting_bytes += length;
    return RG_OK;
}

static char *pop_locked(struct rg_discover *discover)
{
    char *prefix = discover->waiting[--discover->waiting_count];

    discover->waiting_bytes -= strlen(prefix);
    return prefix;
}

enum rg_status rg_discover_add(struct rg_discover *discover, const char *const *prefixes,
                               size_t count, struct rg_error *err)
{
    enum rg_status status = RG_OK;

    (void)pthread_mutex_lock(&discover->lock);
    const size_t before = discover->waiting_count;
    for (size_t i = 0; i < count && status == RG_OK; i++)
        status = push_locked(discover, prefixes[i], strlen(prefixes[i]), err);
    /* Whoever lists again adds all of them again. */
    while (status != RG_OK && discover->waiting_count > before) {
        char *prefix = pop_locked(discover);

        rg_release(discover->run->allocator, prefix, strlen(prefix) + 1);
    }
    (void)pthread_mutex_unlock(&discover->lock);
    weir_wake(discover->run->weir);
    return status;
}

void rg_discover_listed(struct rg_discover *discover)
{
    (void)pthread_mutex_lock(&discover->lock);
    discover->listing--;
    (void)pthread_mutex_unlock(&discover->lock);
    weir_wake(discover->run->weir);
}

bool rg_discover_is_complete(struct rg_discover *discover)
{
    (void)pthread_mutex_lock(&discover->lock);
    const bool is_complete = discover->waiting_count == 0 && discover->listing == 0;
    (void)pthread_mutex_unlock(&discover->lock);
    return is_complete;
}

/* The engine's source. */
static enum weir_status next(struct weir *w, void *user)
{
    struct rg_discover *discover = user;
    struct rg_error err = {0};
    char *prefix = NULL;

    (void)w;
    if (atomic_load(&discover->run->is_draining))
        return WEIR_END;
    (void)pthread_mutex_lock(&discover->lock);
    if (discover->waiting_count > 0) {
        prefix = pop_locked(discover);
        discover->listing++;
    }
    const bool is_over = prefix == NULL && discover->listing == 0;
    (void)pthread_mutex_unlock(&discover->lock);
    if (prefix == NULL)
        return is_over ? WEIR_END : WEIR_LATER;

    if (rg_partition_start(discover->run, discover, prefix, &err) == RG_OK)
        return WEIR_OK;
    rg_release(discover->run->allocator, prefix, strlen(prefix) + 1);
    rg_discover_listed(discover);
    if (err.status == RG_ERR_CANCELLED)
        return WEIR_END;
    rg_run_fail(discover->run, &err);
    return WEIR_FAILED;
}

/*
 * By partition and then by name, so that the names of a partition stand together: in the order of
 * bytes alone those of a/b/ would stand between a/a and a/c. A name that is a prefix, which is its
 * own partition, is the first one there.
 */
static int compare_names(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;
    const int order = rg_span_compare(rg_select_partition_of(rg_span_of(left)),
                                      rg_select_partition_of(rg_span_of(right)));

    return order != 0 ? order : strcmp(left, right);
}

/* The list is there before memory is divided, and counts: see divide_memory(). */
static enum rg_status check_room(const struct rg_discover *discover, uint64_t bytes,
                                 struct rg_error *err)
{
    const uint64_t limit = discover->run->memory_limit_bytes;

    if (rg_memory_resident_bytes() + bytes <= limit)
        return RG_OK;
    return rg_fail(err, RG_ERR_INVALID,
                   "--files-from takes more memory than the %" PRIu64 " MiB that --memory gives",
                   limit >> 20);
}

static enum rg_status list_is_too_long(struct rg_error *err)
{
    return rg_fail(err, RG_ERR_INVALID, "--files-from is larger than %zu bytes", list_bytes_max);
}

/* Room for all of a file at once: what grows is in memory twice when it does. */
static enum rg_status reserve_list(struct rg_discover *discover, FILE *file, struct rg_error *err)
{
    struct stat stat;

    if (fstat(fileno(file), &stat) != 0 || !S_ISREG(stat.st_mode))
        return RG_OK;
    if ((uint64_t)stat.st_size > list_bytes_max)
        return list_is_too_long(err);
    RG_TRY(check_room(discover, (uint64_t)stat.st_size, err));
    (void)rg_buffer_reserve(&discover->list, (size_t)stat.st_size + 2 * read_bytes);
    return RG_OK;
}

static enum rg_status fill_list(struct rg_discover *discover, FILE *file, struct rg_error *err)
{
    struct rg_buffer *list = &discover->list;

    RG_TRY(reserve_list(discover, file, err));
    for (;;) {
        if (list->capacity - list->bytes < read_bytes)
            RG_TRY(check_room(discover, list->bytes + read_bytes, err));
        uint8_t *room = rg_buffer_reserve(list, read_bytes);
        const size_t bytes = room != NULL ? fread(room, 1, read_bytes, file) : 0;

        if (bytes == 0)
            return RG_OK;
        list->bytes += bytes;
    }
}

static enum rg_status read_list(struct rg_discover *discover, const char *path,
                                struct rg_error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    const char end = discover->run->options->files_are_null_separated ? '\0' : '\n';

    if (file == NULL)
        return rg_fail(err, RG_ERR_INVALID, "--files-from %s: %s", path, strerror(errno));
    rg_buffer_init(&discover->list, discover->run->allocator, list_bytes_max + 3 * read_bytes);
    errno = 0;
    const enum rg_status status = fill_list(discover, file, err);
    const int error = errno;
    const bool has_failed = ferror(file) != 0;
    if (file != stdin)
        (void)fclose(file);
    RG_TRY(status);
    if (has_failed)
        return rg_fail(err, RG_ERR_INVALID, "--files-from %s cannot be read: %s", path,
                       strerror(error));
    rg_buffer_append_byte(&discover->list, (uint8_t)end);
    if (discover->list.bytes > list_bytes_max)
        return list_is_too_long(err);
    RG_TRY(rg_buffer_check(&discover->list, "--files-from", err));
    for (size_t i = 0; i < discover->list.bytes; i++) {
        if (discover->list.data[i] == (uint8_t)end)
            discover->list.data[i] = '\0';
    }
    return RG_OK;
}

/* What follows `place` and a '/' in `name`; NULL when it does not begin with that. */
static char *below(char *name, const char *place)
{
    size_t length = strlen(place);

    while (length > 0 && place[length - 1] == '/')
        length--;
    if (strncmp(name, place, length) != 0 || name[length] != '/')
        return NULL;
    name += length;
    while (*name == '/')
        name++;
    return name;
}

/* Does it lead out of a folder again? */
static bool leads_up(const char *path)
{
    for (const char *at = path;; at++) {
        const size_t bytes = strcspn(at, "/");

        if (bytes == 2 && memcmp(at, "..", 2) == 0)
            return true;
        at += bytes;
        if (*at == '\0')
            return false;
    }
}

/* A path as shells write it ("$folder/$name", where the folder ends in '/') as a listing has it. */
static char *tidy_path(char *path)
{
    char *to = path;

    for (const char *at = path; *at != '\0';) {
        const size_t bytes = strcspn(at, "/");
        const size_t with_slash = bytes + (at[bytes] == '/');
        const bool is_idle = with_slash > bytes && (bytes == 0 || (bytes == 1 && *at == '.'));

        if (!is_idle) {
            memmove(to, at, with_slash);
            to += with_slash;
        }
        at += with_slash;
    }
    *to = '\0';
    return path;
}

/* What stands behind the scheme in the URL of a path; else the text itself. */
static size_t path_begin(const char *text)
{
    return strncmp(text, "file:///", 8) == 0 ? 7 : 0;
}

/* A name of the list as one below SOURCE; NULL when it lies elsewhere. */
static char *key_of_name(const struct rg_place *source, char *name)
{
    name += path_begin(name);
    char *key = below(name, source->text + path_begin(source->text));

    if (key == NULL)
        key = below(name, source->identity);
    if (key == NULL && (*name == '/' || strstr(name, "://") != NULL))
        return NULL;
    if (source->caps.is_local) {
        key = key != NULL ? key : name;
        return leads_up(key) ? NULL : tidy_path(key);
    }
    if (key != NULL)
        return key;
    while (strncmp(name, "./", 2) == 0)
        name += 2;
    return name;
}

/* Sorts the list's names; empty lines, and a CR at the end of one, come from editors. */
static enum rg_status split_list(struct rg_discover *discover, const struct rg_place *source,
                                 struct rg_error *err)
{
    char *text = (char *)discover->list.data;
    const size_t bytes = discover->list.bytes;
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++)
        count += text[i] == '\0';
    RG_TRY(check_room(discover, 2 * count * sizeof(char *), err)); /* qsort() has them, too. */
    discover->names = rg_arena_array(discover->run->arena, count, sizeof(char *));
    if (discover->names == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for %zu names", count);
    for (char *at = text; at < text + bytes;) {
        const size_t length = strlen(at);

        if (length > 0 && at[length - 1] == '\r' &&
            !discover->run->options->files_are_null_separated)
            at[length - 1] = '\0';
        const bool is_name = *at != '\0'; /* "./" and the like are SOURCE itself. */
        const char *key = key_of_name(source, at);
        if (key == NULL)
            return rg_fail(err, RG_ERR_INVALID, "--files-from names %s, which is not below %s", at,
                           source->text);
        if (is_name)
            discover->names[discover->name_count++] = key;
        at += length + 1;
    }
    qsort(discover->names, discover->name_count, sizeof(char *), compare_names);
    return RG_OK;
}

/* The first name whose partition is `partition` or comes behind it. */
static size_t find_partition(const struct rg_discover *discover, struct rg_span partition)
{
    size_t low = 0;
    size_t high = discover->name_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct rg_span found = rg_select_partition_of(rg_span_of(discover->names[middle]));

        if (rg_span_compare(found, partition) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is this prefix, or one above it, in the list? */
static bool is_below_listed(const struct rg_discover *discover, struct rg_span prefix)
{
    for (;;) {
        const size_t at = find_partition(discover, prefix);

        if (at < discover->name_count && rg_span_equal(rg_span_of(discover->names[at]), prefix))
            return true;
        if (prefix.bytes == 0)
            return false;
        prefix.bytes--; /* Its slash. */
        prefix = rg_select_partition_of(prefix);
    }
}

/* What the partitions of the names take while they wait. */
static uint64_t waiting_bytes(const struct rg_discover *discover)
{
    struct rg_span last = {NULL, 0};
    uint64_t bytes = 0;

    for (size_t i = 0; i < discover->name_count; i++) {
        const struct rg_span partition = rg_select_partition_of(rg_span_of(discover->names[i]));

        if (last.data == NULL || !rg_span_equal(partition, last))
            bytes += partition.bytes + waiting_bytes_each;
        last = partition;
    }
    return bytes;
}

/*
 * The partitions of the names; a name that ends in '/' is a prefix, walked as a whole: what is
 * below it is met there.
 */
static bool is_entry(const struct rg_discover *discover, struct rg_span partition)
{
    if (partition.bytes == 0)
        return true;
    partition.bytes--; /* Its slash. */
    return !is_below_listed(discover, rg_select_partition_of(partition));
}

static enum rg_status push_names(struct rg_discover *discover, struct rg_error *err)
{
    struct rg_span last = {NULL, 0};

    RG_TRY(check_room(discover, waiting_bytes(discover), err));
    for (size_t i = 0; i < discover->name_count; i++) {
        const struct rg_span partition = rg_select_partition_of(rg_span_of(discover->names[i]));

        if (last.data != NULL && rg_span_equal(partition, last))
            continue;
        last = partition;
        if (!is_entry(discover, partition))
            continue;
        RG_TRY(push_locked(discover, (const char *)partition.data, partition.bytes, err));
    }
    return RG_OK;
}

static enum rg_status begin(struct rg_discover *discover, const struct rg_place *source,
                            struct rg_error *err)
{
    const char *list = discover->run->options->files_from;

    if (source->only_file != NULL) {
        discover->names = rg_arena_array(discover->run->arena, 1, sizeof(char *));
        if (discover->names == NULL)
            return rg_fail(err, RG_ERR_NOMEM, "no memory for a name");
        discover->names[discover->name_count++] = source->only_file;
        discover->is_restricted = true;
    } else if (list != NULL) {
        RG_TRY(read_list(discover, list, err));
        RG_TRY(split_list(discover, source, err));
        discover->is_restricted = true;
    }
    if (discover->is_restricted)
        return push_names(discover, err);
    return push_locked(discover, "", 0, err);
}

enum rg_status rg_discover_new(struct rg_run *run, const struct rg_place *source,
                               struct rg_discover **ret_discover, struct rg_error *err)
{
    struct rg_discover *discover = rg_arena_array(run->arena, 1, sizeof *discover);

    if (discover == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory to look for partitions");
    discover->run = run;
    (void)pthread_mutex_init(&discover->lock, NULL);
    *ret_discover = discover; /* From here on freed by the caller. */
    return begin(discover, source, err);
}

enum rg_status rg_discover_start(struct rg_discover *discover, struct rg_error *err)
{
    if (weir_source_add(discover->run->weir, next, discover) != WEIR_OK)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for the engine");
    return RG_OK;
}

void rg_discover_free(struct rg_discover *discover)
{
    if (discover == NULL)
        return;
    const struct rg_allocator *allocator = discover->run->allocator;

    for (size_t i = 0; i < discover->waiting_count; i++)
        rg_release(allocator, discover->waiting[i], strlen(discover->waiting[i]) + 1);
    if (discover->waiting != NULL)
        rg_release(allocator, discover->waiting, discover->waiting_capacity * sizeof(char *));
    if (discover->list.allocator != NULL)
        rg_buffer_fini(&discover->list);
    (void)pthread_mutex_destroy(&discover->lock);
}

bool rg_discover_is_entry(const struct rg_discover *discover, const char *prefix)
{
    return discover->is_restricted && is_entry(discover, rg_span_of(prefix));
}

const char *const *rg_discover_names(const struct rg_discover *discover, const char *prefix,
                                     size_t *ret_count)
{
    const struct rg_span wanted = rg_span_of(prefix);

    *ret_count = 0;
    if (!discover->is_restricted || is_below_listed(discover, wanted))
        return NULL;
    const size_t first = find_partition(discover, wanted);
    size_t end = first;
    while (end < discover->name_count &&
           rg_span_equal(rg_select_partition_of(rg_span_of(discover->names[end])), wanted))
        end++;
    *ret_count = end - first;
    return discover->names + first;
}
