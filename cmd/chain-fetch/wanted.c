/* SPDX-License-Identifier: ISC */
/* wanted: see wanted.h. */
#include "wanted.h"
#include "clock.h"

struct wanted *
wanted_find(struct wanted *wanted, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(wanted[i].symbol.name, name) == 0)
			return &wanted[i];
	return NULL;
}

int
wanted_abort(struct wanted *wanted, size_t n, const struct chain_conf *conf,
    const struct err *e, int rc)
{
	for (size_t i = 0; i < n; i++) {
		if (wanted[i].answered)
			continue;
		wanted[i].answered = true;
		rc = err_worse(rc, chain_abort(conf, wanted[i].symbol.name,
				       clock_now_ms(), e));
	}
	return rc;
}
