/* SPDX-License-Identifier: Apache-2.0 */

/* From the text of one option to its field. */

#ifndef PLAN_OPTION_VALUE_H
#define PLAN_OPTION_VALUE_H

#include "plan/options.h"

/*
 * Parses `value` and stores it in the option's field of `options`; a repeatable option has it
 * added to what is there. On failure the field is as before.
 *
 * Errors:  RG_ERR_INVALID, RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_option_value_set(struct rg_options *options,
                                                 const struct rg_option *option, const char *value,
                                                 struct rg_error *err);

/* Puts the field back to nothing: an empty list, a count of 0. */
void rg_option_value_clear(struct rg_options *options, const struct rg_option *option);

/* The word of --codec for an enum rg_codec or RG_CODEC_KEEP. */
const char *rg_option_codec_name(uint8_t codec);

#endif
