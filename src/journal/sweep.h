/* SPDX-License-Identifier: Apache-2.0 */

/* rg_commit_sweep() lives in a file of its own; its terms are in commit.h. */

#ifndef JOURNAL_SWEEP_H
#define JOURNAL_SWEEP_H

#include "journal/commit.h"

#endif
