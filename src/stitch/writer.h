/* SPDX-License-Identifier: Apache-2.0 */

/* Who wrote a file: parquet/writer.h, where decoding needs it too. */

#ifndef STITCH_WRITER_H
#define STITCH_WRITER_H

#include "parquet/writer.h"

#endif
