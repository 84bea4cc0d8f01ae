/* SPDX-License-Identifier: Apache-2.0 */

#ifndef PARQUET_CODEC_LZ4_H
#define PARQUET_CODEC_LZ4_H

#include "parquet/codec/codec_impl.h"

extern const struct rg_codec_ops rg_codec_ops_lz4;

#endif
