/* SPDX-License-Identifier: Apache-2.0 */

/* The "ARROW:schema" key: base64 of an Arrow IPC message, a flatbuffer (Arrow's Schema.fbs). */

#ifndef STITCH_ARROW_SCHEMA_H
#define STITCH_ARROW_SCHEMA_H

#include "base/span.h"

/*
 * Whether some field, however deep, is dictionary-encoded. True also for text that cannot be made
 * out: nothing can be said for it.
 */
bool rg_arrow_schema_may_have_dictionary(struct rg_span base64);

#endif
