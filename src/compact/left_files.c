/* SPDX-License-Identifier: Apache-2.0 */

#include "compact/left_files.h"

#include <string.h>

#include "base/hash.h"

static const size_t buckets_first = 16;

void rg_left_files_fini(struct rg_left_files *files)
{
    for (size_t i = 0; i < files->bucket_count; i++) {
        while (files->buckets[i] != NULL) {
            struct rg_left_file *file = files->buckets[i];

            files->buckets[i] = file->next;
            rg_release(files->allocator, file,
                       sizeof *file + strlen(file->name) + 1 + strlen(file->id.tag) + 1);
        }
    }
    if (files->buckets != NULL)
        rg_release(files->allocator, files->buckets, files->bucket_count * sizeof(void *));
    *files = (struct rg_left_files){.allocator = files->allocator};
}

static void put(struct rg_left_file **buckets, size_t bucket_count, struct rg_left_file *file)
{
    struct rg_left_file **bucket = &buckets[file->hash & (bucket_count - 1)];

    file->next = *bucket;
    *bucket = file;
}

/* About one file in each bucket. What a name's files are to one another stays. */
static bool make_room(struct rg_left_files *files)
{
    const size_t count = files->bucket_count == 0 ? buckets_first : files->bucket_count * 2;

    if (files->count < files->bucket_count)
        return true;
    struct rg_left_file **buckets = rg_alloc(files->allocator, count * sizeof(void *));
    if (buckets == NULL)
        return false;
    memset(buckets, 0, count * sizeof(void *));
    for (size_t i = 0; i < files->bucket_count; i++) {
        struct rg_left_file *first_added = NULL;

        while (files->buckets[i] != NULL) {
            struct rg_left_file *file = files->buckets[i];

            files->buckets[i] = file->next;
            file->next = first_added;
            first_added = file;
        }
        while (first_added != NULL) {
            struct rg_left_file *file = first_added;

            first_added = file->next;
            put(buckets, count, file);
        }
    }
    if (files->buckets != NULL)
        rg_release(files->allocator, files->buckets, files->bucket_count * sizeof(void *));
    files->buckets = buckets;
    files->bucket_count = count;
    return true;
}

struct rg_left_file *rg_left_files_add(struct rg_left_files *files, const char *name,
                                       const struct rg_object_id *id)
{
    const size_t name_bytes = strlen(name) + 1;
    const size_t tag_bytes = strlen(id->tag) + 1;

    if (!make_room(files))
        return NULL;
    struct rg_left_file *file = rg_alloc(files->allocator, sizeof *file + name_bytes + tag_bytes);
    if (file == NULL)
        return NULL;
    char *text = (char *)(file + 1);
    memcpy(text, name, name_bytes);
    memcpy(text + name_bytes, id->tag, tag_bytes);
    *file = (struct rg_left_file){
        .name = text,
        .id = *id,
        .hash = rg_hash_name(rg_span_of(name)),
    };
    file->id.tag = text + name_bytes;
    put(files->buckets, files->bucket_count, file);
    files->count++;
    return file;
}

static struct rg_left_file *first_of(struct rg_left_file *file, uint64_t hash, const char *name)
{
    while (file != NULL && (file->hash != hash || strcmp(file->name, name) != 0))
        file = file->next;
    return file;
}

struct rg_left_file *rg_left_files_find(const struct rg_left_files *files, const char *name)
{
    const uint64_t hash = rg_hash_name(rg_span_of(name));

    if (files->bucket_count == 0)
        return NULL;
    return first_of(files->buckets[hash & (files->bucket_count - 1)], hash, name);
}

struct rg_left_file *rg_left_files_next(const struct rg_left_file *file)
{
    return first_of(file->next, file->hash, file->name);
}
