/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Places where a test may kill the process: RG_FAILPOINT("journal.after_intent").
 *
 * With REGROUP_FAILPOINT=name:N in the environment of a build that has them (Meson option
 * failpoints), the N-th passing of that place ends the process at once, as kill -9 would; N
 * defaults to 1. With REGROUP_FAILPOINT_LOG=FILE every passing appends its name, which is how the
 * crash driver learns what there is. Otherwise they compile to nothing.
 */

#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#ifdef RG_FAILPOINTS
void rg_failpoint_pass(const char *name);
#define RG_FAILPOINT(name) rg_failpoint_pass(name)
#else
#define RG_FAILPOINT(name) ((void)0)
#endif

#endif
