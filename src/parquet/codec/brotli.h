/* SPDX-License-Identifier: Apache-2.0 */

#ifndef PARQUET_CODEC_BROTLI_H
#define PARQUET_CODEC_BROTLI_H

#include "parquet/codec/codec_impl.h"

extern const struct rg_codec_ops rg_codec_ops_brotli;

#endif
