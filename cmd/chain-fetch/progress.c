/* SPDX-License-Identifier: ISC */
/* progress: see progress.h. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "err.h"
#include "progress.h"

#define BEAT_MS 100
#define CLEAR "\r\033[K"

void
progress_start(struct progress *p, const char *symbol, bool quiet)
{
	*p = (struct progress){
	    .shown = !quiet && isatty(STDERR_FILENO) == 1,
	    .symbol = symbol,
	    .begin = clock_mono_ms(),
	};
}

void
progress_show(struct progress *p, int64_t pages, size_t contracts)
{
	int64_t now = clock_mono_ms(), ms = now - p->begin;
	char line[160];
	int n;

	if (!p->shown || now - p->last < BEAT_MS)
		return;
	p->last = now;
	n = snprintf(line, sizeof(line),
	    CLEAR "%s: %s: %" PRId64 " pages, %zu contracts, %" PRId64
		  ".%" PRId64 " s",
	    err_tool(), p->symbol, pages, contracts, ms / 1000,
	    ms % 1000 / 100);
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

void
progress_end(struct progress *p)
{
	if (p->shown && p->last != 0)
		(void)!write(STDERR_FILENO, CLEAR, sizeof(CLEAR) - 1);
	p->shown = false;
}
