/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/ledger.h>. */

#ifndef API_LEDGER_H
#define API_LEDGER_H

#include <regroup/ledger.h>

#endif
