/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where credentials come from, in the order of the AWS command line: keys of the environment; the
 * profile's role (with its source profile, or what `credential_source` names); web identity of the
 * environment; the profile's keys or its credential_process; a container's endpoint; the instance's
 * (IMDSv2 only). With a profile that was named by an option the environment is not asked.
 *
 * Not here: IAM Identity Center ("sso_..."): its error tells the way through credential_process.
 */

#ifndef STORE_S3_CREDENTIALS_H
#define STORE_S3_CREDENTIALS_H

#include "store/s3/keeper.h"

/* The `user` of rg_credentials_load(). */
struct rg_credentials_source {
    const char *profile; /* Of an option, or NULL. */
    const char *region;  /* For the token service. */
    const char *ca_file; /* NULL: the system's. */
    const struct rg_allocator *allocator;
};

/*
 * A rg_credentials_load_fn: gets credentials, whatever it takes. Blocks: files, programs, HTTP.
 *
 * Errors:  RG_ERR_DENIED when there are none, or the source refuses; RG_ERR_AGAIN when it was not
 *          reached; RG_ERR_INVALID (configuration); RG_ERR_CORRUPT (an answer); RG_ERR_NOMEM.
 */
enum rg_status rg_credentials_load(void *user, struct rg_credentials *ret_credentials,
                                   struct rg_error *err);

#endif
