/* SPDX-License-Identifier: Apache-2.0 */

#ifndef PARQUET_CODEC_NONE_H
#define PARQUET_CODEC_NONE_H

#include "parquet/codec/codec_impl.h"

extern const struct rg_codec_ops rg_codec_ops_none;

#endif
