/* SPDX-License-Identifier: Apache-2.0 */

/* <regroup/file.h>. */

#ifndef API_FILE_H
#define API_FILE_H

#include <regroup/file.h>

#endif
