/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What went wrong, in the terms a caller acts on.
 *
 * A status is chosen by what the caller does next, never by which module noticed the problem; the
 * text says the rest.
 */

#ifndef REGROUP_ERROR_H
#define REGROUP_ERROR_H

#if defined(__GNUC__)
#define RG_API                        __attribute__((visibility("default")))
#define RG_MUST_CHECK                 __attribute__((warn_unused_result))
#define RG_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#else
#define RG_API
#define RG_MUST_CHECK
#define RG_PRINTF(format_at, args_at)
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum rg_status {
    RG_OK = 0,
    RG_ERR_AGAIN,       /* Passing fault (throttled, reset, timed out): retry with backoff. */
    RG_ERR_CHANGED,     /* An input or output changed under us: plan anew. */
    RG_ERR_CORRUPT,     /* Input bytes break the format: leave the file alone. */
    RG_ERR_UNSUPPORTED, /* Legal input that this build cannot handle: leave the file alone. */
    RG_ERR_LIMIT,       /* Input exceeds one of our caps (docs/limits.md): leave the file alone. */
    RG_ERR_NOMEM,       /* The system or the budget has no memory to give. */
    RG_ERR_DENIED,      /* Credentials or permissions: stop the run, or the partition. */
    RG_ERR_INVALID,     /* The caller's argument or configuration is wrong: stop the run. */
    RG_ERR_EXISTS,      /* Create-if-absent found the name taken: look again. */
    RG_ERR_ABSENT,      /* The named thing is not there. */
    RG_ERR_CANCELLED,   /* Somebody asked us to stop. */
    RG_ERR_IO,          /* The store failed in a way that a retry does not mend (disk full). */
    RG_ERR_BUG,         /* Our own invariant failed: stop the run and report it. */
};

/*
 * Fixed size, no allocation; each thread of work owns one. Filled in by what fails, and of no
 * meaning after RG_OK. Whoever wants the status alone passes NULL.
 */
struct rg_error {
    enum rg_status status;
    char text[508]; /* Outermost context first: "bin 7: a/b.parquet: column 3: ...". */
};

/* The name of a status in lower case ("corrupt", "unsupported", ...); static. */
RG_API const char *rg_status_name(enum rg_status status);

#ifdef __cplusplus
}
#endif

#endif
