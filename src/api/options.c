/* SPDX-License-Identifier: Apache-2.0 */

#include "api/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "plan/config.h"
#include "plan/options.h"

struct rg_options *rg_options_new(void)
{
    struct rg_error err;
    struct rg_options *options = rg_alloc(&rg_allocator_system, sizeof *options);

    if (options == NULL)
        return NULL;
    if (rg_options_init(options, &rg_allocator_system, &err) != RG_OK) {
        rg_release(&rg_allocator_system, options, sizeof *options);
        return NULL;
    }
    return options;
}

void rg_options_free(struct rg_options *options)
{
    if (options == NULL)
        return;
    rg_options_fini(options);
    rg_release(&rg_allocator_system, options, sizeof *options);
}

enum rg_status rg_options_read_config(struct rg_options *options, const char *path,
                                      struct rg_error *err)
{
    static const size_t room = (size_t)RG_CONFIG_BYTES_MAX + 1; /* One more tells "too long". */
    struct rg_error ignored;
    struct rg_error *error = err != NULL ? err : &ignored;
    enum rg_status status;
    FILE *file = fopen(path, "rbe");

    if (file == NULL)
        return rg_fail(error, RG_ERR_INVALID, "%s: %s", path, strerror(errno));

    char *text = rg_alloc(&rg_allocator_system, room);
    if (text == NULL) {
        fclose(file);
        return rg_fail(error, RG_ERR_NOMEM, "%s: no memory to read it", path);
    }
    const size_t bytes = fread(text, 1, room, file);
    if (ferror(file) != 0)
        status = rg_fail(error, RG_ERR_INVALID, "%s: %s", path, strerror(errno));
    else
        status = rg_options_set_config(options, text, bytes, path, error);
    rg_release(&rg_allocator_system, text, room);
    fclose(file);
    return status;
}
