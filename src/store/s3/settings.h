/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the AWS environment and files say: AWS_* variables, ~/.aws/config, ~/.aws/credentials. They
 * are read again whenever credentials are got, since others write them anew.
 */

#ifndef STORE_S3_SETTINGS_H
#define STORE_S3_SETTINGS_H

#include "base/arena.h"
#include "store/s3/ini.h"

struct rg_settings {
    struct rg_arena arena;
    struct rg_ini config;
    struct rg_ini credentials;
    const char *profile;    /* Its name; "default" if none was named. */
    bool is_profile_given;  /* By an option: then the environment's keys are not used. */
    bool must_have_profile; /* Named by option or environment. */
};

/*
 * Reads the files. `profile` is an option's, or NULL.
 *
 * Errors:  RG_ERR_INVALID when a named profile is in neither file, or a file cannot be read;
 *          RG_ERR_NOMEM; RG_ERR_LIMIT.
 */
RG_MUST_CHECK enum rg_status rg_settings_init(struct rg_settings *settings, const char *profile,
                                              const struct rg_allocator *allocator,
                                              struct rg_error *err);
void rg_settings_fini(struct rg_settings *settings);

/* A variable of the environment that is set and not empty; else NULL. */
const char *rg_settings_variable(const char *name);

/* True of "true", in capitals too; false of NULL and all else. As botocore has it. */
bool rg_settings_is_true(const char *value);

/* True when a value is the one of these words that is wanted, in capitals too; false of NULL. */
bool rg_settings_is(const char *value, const char *wanted);

/* A key of a profile: of the credentials file, else of the config file; NULL if in neither. */
const char *rg_settings_find(const struct rg_settings *settings, const char *profile,
                             const char *key);

/* True when either file knows the profile. */
bool rg_settings_has_profile(const struct rg_settings *settings, const char *profile);

/* Of the profile in use: the first that is there of two variables (NULL: none) and a key. */
const char *rg_settings_choose(const struct rg_settings *settings, const char *variable,
                               const char *other_variable, const char *key);

/*
 * The endpoint of a service ("s3", "sts"): AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the
 * profile's `services` section, its endpoint_url; NULL for Amazon's.
 */
const char *rg_settings_endpoint(const struct rg_settings *settings, const char *service);

/* A whole file of at most rg_ini_bytes_max, NUL-terminated; data is NULL when it is not there.
   Errors: RG_ERR_INVALID, RG_ERR_LIMIT, RG_ERR_NOMEM. */
RG_MUST_CHECK enum rg_status rg_settings_read_file(const char *path, struct rg_arena *arena,
                                                   struct rg_span *ret_text, struct rg_error *err);

#endif
