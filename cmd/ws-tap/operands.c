/* SPDX-License-Identifier: ISC */
/* operands: see operands.h. */
#include <stdlib.h>

#include "geom.h"
#include "operands.h"
#include "stream.h"

void
operands_free(struct operands *o)
{
	for (size_t i = 0; i < o->nsymbols; i++)
		free((void *)(uintptr_t)o->symbols[i]);
	for (size_t i = 0; i < o->ncontracts; i++)
		free((void *)(uintptr_t)o->contracts[i]);
	free(o->symbols);
	free(o->contracts);
	*o = (struct operands){0};
}

static void
append(const char ***list, size_t *n, struct span text)
{
	char *copy = mem_zalloc(text.n + 1);

	memcpy(copy, text.p, text.n);
	*list = mem_grow(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = copy;
}

static int
take(struct operands *o, struct span text, struct err *e)
{
	struct geom_id id;
	struct symbol s;

	if (geom_id_parse(text, &id) == 0) {
		if (o->ncontracts == OPERAND_CONTRACTS)
			return err_set(e, EX_USAGE, "USAGE",
			    "more than %d contracts", OPERAND_CONTRACTS);
		append(&o->contracts, &o->ncontracts, text);
		return 0;
	}
	if (symbol_parse(text, false, &s) != 0)
		return err_set(e, EX_USAGE, "USAGE",
		    "neither a symbol nor a contract: %.*s",
		    (int)(text.n > 80 ? 80 : text.n), text.p);
	for (size_t i = 0; i < o->nsymbols; i++)
		if (strcmp(o->symbols[i], s.name) == 0)
			return 0;
	append(&o->symbols, &o->nsymbols, span_str(s.name));
	return 0;
}

static int
take_file(struct operands *o, const char *path, struct err *e)
{
	struct span line;
	struct in in;
	int r, rc = 0;

	if (in_open(&in, path, NULL, e) != 0)
		return -1;
	while (rc == 0 && (r = in_next(&in, &line, e)) != 0)
		rc = r == 1 ? take(o, line, e) : -1;
	if (rc == 0 && in.torn > 0)
		rc = err_set(e, EX_DATAERR, "TORN",
		    "no newline at the end of %.200s", path);
	in_close(&in);
	return rc;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
operands_read(struct operands *o, char *argv[], struct err *e)
{
	size_t n = 0;
	int rc = 0;

	for (; rc == 0 && *argv != NULL; argv++)
		rc = **argv == '@' ? take_file(o, *argv + 1, e)
				   : take(o, span_str(*argv), e);
	if (o->ncontracts > 0)
		qsort(o->contracts, o->ncontracts, sizeof(*o->contracts),
		    by_text);
	for (size_t i = 0; i < o->ncontracts; i++) {
		if (n > 0 && strcmp(o->contracts[n - 1], o->contracts[i]) == 0)
			free((void *)(uintptr_t)o->contracts[i]);
		else
			o->contracts[n++] = o->contracts[i];
	}
	o->ncontracts = n;
	return rc;
}
