/* SPDX-License-Identifier: Apache-2.0 */

#include "api/progress.h"

#include "api/sized.h"
#include "base/allocator.h"
#include "report/progress.h"

struct rg_progress *rg_progress_new(const struct rg_progress_style *given, const char *title)
{
    struct rg_progress_style style;
    struct rg_progress *progress;
    struct rg_error ignored;

    if (rg_sized_take(&style, sizeof style, given, &ignored) != RG_OK)
        return NULL;
    progress = rg_alloc(&rg_allocator_system, sizeof *progress);
    if (progress != NULL)
        rg_progress_init(progress, &style, title, &rg_allocator_system);
    return progress;
}

void rg_progress_free(struct rg_progress *progress)
{
    if (progress == NULL)
        return;
    rg_progress_fini(progress);
    rg_release(&rg_allocator_system, progress, sizeof *progress);
}
