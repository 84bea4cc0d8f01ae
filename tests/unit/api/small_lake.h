/* SPDX-License-Identifier: Apache-2.0 */

/* Parquet files without a writer, and their end. */

#ifndef UNIT_API_SMALL_LAKE_H
#define UNIT_API_SMALL_LAKE_H

#include <stdbool.h>

/* A column "a" of INT32, REQUIRED, with the values 1 and 2 in one PLAIN page. */
bool rg_small_file_write(const char *path);

/* Removes a folder and all below it; aborts where it cannot. */
void rg_tree_remove(const char *path);

#endif
