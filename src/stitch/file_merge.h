/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a footer says of the file as a whole, merged: which files may share an output, key-value
 * metadata, sorting columns where they can be proven.
 */

#ifndef STITCH_FILE_MERGE_H
#define STITCH_FILE_MERGE_H

#include "stitch/file_shape.h"
#include "stitch/key_values.h"
#include "stitch/sorting.h"

#endif
