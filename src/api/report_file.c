/* SPDX-License-Identifier: Apache-2.0 */

#include "api/report_file.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"

static const size_t path_bytes_max = (size_t)64 << 10;

enum rg_status rg_report_file_open(struct rg_report_file *file, struct rg_arena *arena,
                                   const char *option, const char *path, struct rg_error *err)
{
    struct rg_buffer text;

    rg_buffer_init(&text, &rg_allocator_system, path_bytes_max);
    rg_buffer_printf(&text, "%s.part", path);
    const char *part_path =
        text.failed ? NULL : (const char *)rg_arena_copy(arena, rg_buffer_span(&text)).data;
    rg_buffer_fini(&text);
    if (part_path == NULL)
        return rg_fail(err, RG_ERR_NOMEM, "no memory for a report");
    *file = (struct rg_report_file){
        .option = option,
        .path = path,
        .part_path = part_path,
        .part = fopen(part_path, "wbe"),
    };
    if (file->part == NULL)
        return rg_fail(err, RG_ERR_INVALID, "%s: %s: %s", option, part_path, strerror(errno));
    return RG_OK;
}

bool rg_report_file_write(void *user, const void *data, size_t bytes)
{
    struct rg_report_file *file = user;

    return fwrite(data, 1, bytes, file->part) == bytes;
}

enum rg_status rg_report_file_finish(struct rg_report_file *file, enum rg_status content,
                                     struct rg_error *err)
{
    if (file->part == NULL)
        return RG_OK;
    const bool is_closed = fclose(file->part) == 0;
    file->part = NULL;
    if (content == RG_OK && is_closed && rename(file->part_path, file->path) == 0)
        return RG_OK;
    if (content == RG_OK)
        (void)rg_fail(err, RG_ERR_IO, "%s", strerror(errno));
    (void)remove(file->part_path);
    return rg_within(err, "%s: %s", file->option, file->path);
}

void rg_report_file_drop(struct rg_report_file *file)
{
    if (file->part == NULL)
        return;
    fclose(file->part);
    file->part = NULL;
    (void)remove(file->part_path);
}
