/* SPDX-License-Identifier: Apache-2.0 */

#include "api/report.h"

#include "base/allocator.h"
#include "base/error.h"
#include "plan/options.h"
#include "report/report_json.h"
#include "report/report_text.h"

struct rg_report_writer {
    struct rg_report_json document;
};

enum rg_status rg_report_text(const struct rg_report *report, bool is_verbose, rg_write_fn *write,
                              void *user, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_outlet outlet;
    enum rg_status status;

    rg_outlet_init(&outlet, &rg_allocator_system, write, user);
    rg_report_text_write(report, is_verbose, &outlet.buffer);
    status = rg_outlet_flush(&outlet, err != NULL ? err : &ignored);
    rg_outlet_fini(&outlet);
    return status;
}

struct rg_report_writer *rg_report_writer_new(rg_write_fn *write, void *user)
{
    struct rg_report_writer *writer = rg_alloc(&rg_allocator_system, sizeof *writer);

    if (writer != NULL)
        rg_report_json_init(&writer->document, &rg_allocator_system, write, user);
    return writer;
}

void rg_report_writer_free(struct rg_report_writer *writer)
{
    if (writer == NULL)
        return;
    rg_report_json_fini(&writer->document);
    rg_release(&rg_allocator_system, writer, sizeof *writer);
}

enum rg_status rg_report_writer_batch(struct rg_report_writer *writer,
                                      const struct rg_report_batch *batch, struct rg_error *err)
{
    struct rg_error ignored;

    return rg_report_json_batch(&writer->document, batch, err != NULL ? err : &ignored);
}

static const char *origin_name(enum rg_origin origin)
{
    switch (origin) {
    case RG_ORIGIN_DEFAULT:
        return "default";
    case RG_ORIGIN_FILE:
        return "file";
    case RG_ORIGIN_ENVIRONMENT:
        return "environment";
    case RG_ORIGIN_FLAG:
        return "flag";
    }
    return "?";
}

size_t rg_report_settings(const struct rg_options *options,
                          struct rg_setting settings[RG_OPTION_TABLE_MAX])
{
    const struct rg_option_info *option;
    size_t count = 0;

    for (size_t i = 0; (option = rg_option_at(i)) != NULL; i++)
        if ((option->commands & RG_COMMAND_COMPACT) != 0 && !option->has_no_setting)
            settings[count++] = (struct rg_setting){
                .name = option->name,
                .value = rg_options_get(options, option->name),
                .origin = origin_name(rg_options_origin(options, option->name)),
            };
    return count;
}

enum rg_status rg_report_writer_finish(struct rg_report_writer *writer,
                                       const struct rg_report *report,
                                       const struct rg_options *options, struct rg_error *err)
{
    struct rg_error ignored;
    struct rg_setting settings[RG_OPTION_TABLE_MAX];
    const size_t count = options != NULL ? rg_report_settings(options, settings) : 0;

    return rg_report_json_finish(&writer->document, report, settings, count,
                                 err != NULL ? err : &ignored);
}
