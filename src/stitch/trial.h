/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What other encodings would make of a column, by trial: values from the beginning, the middle and
 * the end of its sources are encoded in every way and compressed. No clock has a say, so that the
 * same inputs always give the same bytes.
 */

#ifndef STITCH_TRIAL_H
#define STITCH_TRIAL_H

#include "base/error.h"
#include "stitch/dict_union.h"
#include "stitch/encode_page.h"
#include "stitch/join.h"

/* What a trial says. Neither: values stay PLAIN. */
struct rg_trial_choice {
    bool is_dictionary; /* All values into one dictionary, as far as its cap allows. */
    bool is_delta;      /* Without a dictionary, or behind it: deltas instead of PLAIN. */
};

/* Memory that a trial uses, all of it as good as new when it is over. */
struct rg_trial_room {
    struct rg_bench *bench;
    struct rg_page_encoder *encoder;
    struct rg_dict_union *united; /* Empty, with its cap; so it is afterwards. */
    struct rg_joiner *joiner;     /* Between two pages. */
};

/* What was tried, per value of the sample; sizes are compressed. */
struct rg_trial_figures {
    uint64_t value_count; /* Of the column, without nulls, by the sample. */
    uint64_t plain_bytes; /* Of all those values. */
    uint64_t delta_bytes; /* UINT64_MAX: cannot be. */
    uint64_t dictionary_bytes;
};

/*
 * Takes samples and chooses.
 *
 * Errors:  RG_ERR_CORRUPT, *ret_culprit tells whose pages; RG_ERR_NOMEM.
 */
RG_MUST_CHECK enum rg_status rg_trial_run(struct rg_trial_room *room,
                                          const struct rg_survey *surveys, size_t survey_count,
                                          struct rg_trial_choice *ret_choice, size_t *ret_culprit,
                                          struct rg_error *err);

/* Of several sizes the smallest, unless what it saves is not worth a change. */
struct rg_trial_choice rg_trial_choose(const struct rg_trial_figures *figures);

/*
 * How many different values there are among `value_count`, if the first sample of `first_count` had
 * `first_distinct`, and all samples together, `sample_count` of them, `sample_distinct`.
 */
double rg_trial_distinct(double first_count, double first_distinct, double sample_count,
                         double sample_distinct, double value_count);

/*
 * From how many values n `draws` yield d `distinct` ones, if all are equally likely: the solution
 * of d = P (1 - exp(-n / P)).
 */
double rg_trial_population(double draws, double distinct);

#endif
