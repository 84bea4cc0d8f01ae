/* SPDX-License-Identifier: Apache-2.0 */

#include "api/report_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"

static const size_t path_bytes_max = (size_t)64 << 10;

/*
 * Only a file is replaced by another. Through a link (/dev/stdout, /dev/fd/63), into a pipe or a
 * device it is written as it comes: what was renamed would take their place.
 */
static bool is_replaced(const char *path)
{
    struct stat found;

    return lstat(path, &found) != 0 || S_ISREG(found.st_mode);
}

enum rg_status rg_report_file_open(struct rg_report_file *file, struct rg_arena *arena,
                                   const char *option, const char *path, struct rg_error *err)
{
    struct rg_buffer text;
    const bool has_part = is_replaced(path);

    rg_buffer_init(&text, &rg_allocator_system, path_bytes_max);
    rg_buffer_printf(&text, has_part ? "%s.part" : "%s", path);
    const char *part_path =
        text.failed ? NULL : (const char *)rg_arena_copy(arena, rg_buffer_span(&text)).data;
    rg_buffer_fini(&text);
    if (part_path == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a report");
    *file = (struct rg_report_file){
        .option = option,
        .path = path,
        .part_path = part_path,
        .has_part = has_part,
        .part = fopen(part_path, "wbe"),
    };
    if (file->part == NULL)
        return rg_fail(err, errno == ENOMEM ? RG_ERR_NOMEM : RG_ERR_INVALID, "%s: %s: %s", option,
                       part_path, strerror(errno));
    return RG_OK;
}

bool rg_report_file_write(void *user, const void *data, size_t bytes)
{
    struct rg_report_file *file = user;

    if (fwrite(data, 1, bytes, file->part) == bytes)
        return true;
    if (file->write_errno == 0)
        file->write_errno = errno;
    return false;
}

enum rg_status rg_report_file_finish(struct rg_report_file *file, enum rg_status content,
                                     struct rg_error *err)
{
    if (file->part == NULL)
        return RG_OK;
    const bool is_closed = fclose(file->part) == 0;
    file->part = NULL;
    if (content == RG_OK && is_closed &&
        (!file->has_part || rename(file->part_path, file->path) == 0))
        return RG_OK;
    if (content == RG_OK)
        (void)rg_fail(err, RG_ERR_IO, "%s", strerror(errno));
    else if (file->write_errno != 0)
        (void)rg_fail(err, content, "%s", strerror(file->write_errno));
    if (file->has_part)
        (void)remove(file->part_path);
    return rg_within(err, "%s: %s", file->option, file->path);
}

void rg_report_file_drop(struct rg_report_file *file)
{
    if (file->part == NULL)
        return;
    fclose(file->part);
    file->part = NULL;
    if (file->has_part)
        (void)remove(file->part_path);
}
