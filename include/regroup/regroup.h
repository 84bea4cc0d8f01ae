/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libregroup: merges small Parquet files into few with large row groups, at page level, inside a
 * memory limit. Version 0.x: nothing here is stable yet.
 *
 * Option and information structs begin with `size`, so that they can grow: a caller sets it to the
 * sizeof of its own header where a struct goes into the library, and looks at it where one comes
 * out.
 */

#ifndef REGROUP_REGROUP_H
#define REGROUP_REGROUP_H

#include <regroup/error.h>
#include <regroup/file.h>
#include <regroup/job.h>
#include <regroup/ledger.h>
#include <regroup/moves.h>
#include <regroup/options.h>
#include <regroup/plan.h>
#include <regroup/progress.h>
#include <regroup/report.h>
#include <regroup/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header. The library that is linked may be another: rg_version() is its own. */
#define RG_VERSION_MAJOR 0
#define RG_VERSION_MINOR 1
#define RG_VERSION_PATCH 0

/* "0.1.0"; static. */
RG_API const char *rg_version(void);

/*
 * Version and commit, codecs and their libraries' versions, libcurl and its TLS, what the processor
 * offers: several lines, cut to `bytes` with their NUL. Returns the length of what was written.
 */
RG_API size_t rg_version_describe(char *text, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
