/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Samples of a running job or verification as text: a line, a block that is drawn over itself, or
 * JSON.
 *
 * Threads: a handle is used by one thread at a time.
 */

#ifndef REGROUP_PROGRESS_H
#define REGROUP_PROGRESS_H

#include <regroup/job.h>
#include <regroup/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rg_progress_form {
    RG_PROGRESS_FORM_LINE,  /* One line that can be searched with grep. */
    RG_PROGRESS_FORM_BLOCK, /* Several lines; each text begins by moving up over the last one. */
    RG_PROGRESS_FORM_JSON,  /* One object in one line, with "v":1. */
};

struct rg_progress_style {
    size_t size; /* sizeof(struct rg_progress_style) of the caller's header. */
    enum rg_progress_form form;
    uint32_t column_count; /* BLOCK: of the terminal; 0: 80. */
    uint32_t line_count;   /* BLOCK: of the terminal; 0: 24. */
    bool has_color;        /* BLOCK. */
    bool is_utf8;          /* BLOCK: else bars are made of '#', ':' and '.'. */
};

struct rg_progress;

/* `title` ("compact lake -> lake_c") is copied. NULL without memory, or without style->size. */
RG_API struct rg_progress *rg_progress_new(const struct rg_progress_style *style,
                                           const char *title);
/* NULL is fine. */
RG_API void rg_progress_free(struct rg_progress *progress);

/* The terminal's size has changed. */
RG_API void rg_progress_resize(struct rg_progress *progress, uint32_t column_count,
                               uint32_t line_count);

/*
 * The text for `sample`, as rg_job_sample() of the same library filled it, later than all before
 * it. `clock` ("22:13:12") begins a line, and `explanation` (from rg_job_explain()) ends a block;
 * both may be NULL. The text is valid until the next call; NULL without memory.
 */
RG_API const char *rg_progress_text(struct rg_progress *progress,
                                    const struct rg_job_sample *sample, const char *clock,
                                    const char *explanation);

/* The same of a verification; a handle is for the one or the other. */
RG_API const char *rg_progress_verify_text(struct rg_progress *progress,
                                           const struct rg_verify_sample *sample,
                                           const char *clock);

/*
 * JSON: an event, or the job's end, as one object in one line, so that all of an output is JSON.
 * Valid until the next call; NULL without memory.
 */
RG_API const char *rg_progress_event(struct rg_progress *progress, const struct rg_event *event);
RG_API const char *rg_progress_finish(struct rg_progress *progress, const struct rg_report *report,
                                      enum rg_status status, const char *text);

/* BLOCK: what removes the block that was drawn last, "" when there is none. Static or as above. */
RG_API const char *rg_progress_erase(struct rg_progress *progress);

#ifdef __cplusplus
}
#endif

#endif
