/* SPDX-License-Identifier: ISC */
/* compare: what entered and what left between two saved snapshots. */
#ifndef GEOM_HASH_COMPARE_H
#define GEOM_HASH_COMPARE_H

#include "stream.h"

/*
 * Each file holds a snapshot as chain-fetch or geom-hash write it; only its
 * first one is read.  Writes the text of diff.h to out.  Returns the exit
 * status: 0 also when they differ, 66 when a file cannot be read, 65 when it
 * has no whole snapshot or the symbols differ; errors are reported.
 */
int compare_files(const char *a, const char *b, struct out *out);

#endif
