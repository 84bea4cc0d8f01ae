/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libcurl, loaded when the first S3 store is opened.
 *
 * It brings some thirty libraries with it (TLS, Kerberos, LDAP, SSH), which cost every start 7 ms
 * where linked: more than merging a small folder takes. Who has local files only needs none of it.
 *
 * Threads: any.
 */

#ifndef STORE_S3_LIBCURL_H
#define STORE_S3_LIBCURL_H

#include <curl/curl.h>

#include "base/error.h"

/* libcurl defines these as macros that check types, and are in the way of a pointer's name. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

/* Every function that is used: X(its name without "curl_"). */
#define RG_LIBCURL_FUNCTIONS(X)                                                                    \
    X(easy_cleanup)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_init)                                                                                   \
    X(easy_perform)                                                                                \
    X(easy_reset)                                                                                  \
    X(easy_setopt)                                                                                 \
    X(easy_strerror)                                                                               \
    X(global_init)                                                                                 \
    X(multi_add_handle)                                                                            \
    X(multi_cleanup)                                                                               \
    X(multi_info_read)                                                                             \
    X(multi_init)                                                                                  \
    X(multi_perform)                                                                               \
    X(multi_poll)                                                                                  \
    X(multi_remove_handle)                                                                         \
    X(multi_setopt)                                                                                \
    X(multi_wakeup)                                                                                \
    X(slist_append)                                                                                \
    X(slist_free_all)                                                                              \
    X(version)

struct rg_libcurl {
#define RG_LIBCURL_MEMBER(name) __typeof__(curl_##name) *name;
    RG_LIBCURL_FUNCTIONS(RG_LIBCURL_MEMBER)
#undef RG_LIBCURL_MEMBER
};

/*
 * Loads libcurl and sets it up, once in a process; it stays until the end.
 *
 * Errors:  RG_ERR_ABSENT when it is not installed or too old.
 */
RG_MUST_CHECK enum rg_status rg_libcurl_load(struct rg_error *err);

/* Its functions, after rg_libcurl_load() succeeded. */
const struct rg_libcurl *rg_libcurl(void);

/*
 * The status with which a proxy refused to connect to the host, or 0. libcurl's own code is only
 * that of a connection that broke.
 */
long rg_libcurl_proxy_refusal(CURL *easy);

#endif
