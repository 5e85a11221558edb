/* SPDX-License-Identifier: ISC */
#include "tapes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "clock.h"

#define DATE 10

static const char plain[] = ".ndjson", packed[] = ".zst";

void
tapes_free(struct tapes *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->names[i]);
	free(t->names);
	*t = (struct tapes){.n = 0};
}

/* dir NULL: name is all. */
static void
add(struct tapes *t, const char *dir, const char *name)
{
	struct buf b = {0};

	if (dir != NULL)
		buf_fmt(&b, "%s/", dir);
	buf_str(&b, name);
	t->names = mem_grow(t->names, t->n + 1, sizeof(*t->names));
	t->names[t->n++] = b.p;
}

/* SYMBOL-DATE.ndjson, also .zst: its symbol, and where the date begins. */
static bool
is_tape(const char *name, struct span *symbol, const char **date)
{
	size_t n = strlen(name), n_packed = sizeof(packed) - 1;
	size_t n_plain = sizeof(plain) - 1;

	if (n > n_packed && strcmp(name + n - n_packed, packed) == 0)
		n -= n_packed;
	if (n < n_plain + DATE + 2 ||
	    strncmp(name + n - n_plain, plain, n_plain) != 0)
		return false;
	n -= n_plain + DATE;
	*date = name + n;
	*symbol = (struct span){name, n - 1};
	return name[n - 1] == '-' && symbol_valid(*symbol) &&
	       clock_date_valid((struct span){*date, DATE});
}

static bool
is_wanted(const struct inspect *in, struct span symbol)
{
	for (size_t i = 0; i < in->n_operands; i++)
		if (span_eq(symbol, span_str(in->operands[i].symbol)))
			return true;
	return in->n_operands == 0;
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* A recorder that was killed while it compressed left both: the plain one is
 * the whole one. */
static void
drop_twins(struct tapes *t, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < t->n; i++) {
		const char *name = t->names[i];
		size_t n = kept == from ? 0 : strlen(t->names[kept - 1]);

		if (n > 0 && strncmp(t->names[kept - 1], name, n) == 0 &&
		    strcmp(name + n, packed) == 0)
			free(t->names[i]);
		else
			t->names[kept++] = t->names[i];
	}
	t->n = kept;
}

/* Also 0 when there are such tapes, and all begin later. */
static int
add_folder(const struct options *o, const struct inspect *in, const char *dir,
    struct tapes *t, struct err *e)
{
	DIR *d = opendir(dir);
	const struct dirent *f;
	size_t from = t->n, seen = 0;
	struct span symbol;
	const char *date;
	char today[20];

	if (d == NULL)
		return err_set(e, EX_NOINPUT, "OPEN", "%s", strerror(errno));
	clock_utc_text(o->at, today);
	while ((f = readdir(d)) != NULL) {
		if (!is_tape(f->d_name, &symbol, &date) ||
		    !is_wanted(in, symbol))
			continue;
		seen++;
		if (strncmp(date, today, DATE) <= 0)
			add(t, dir, f->d_name);
	}
	closedir(d);
	if (seen == 0)
		return err_set(e, EX_NOINPUT, "NO_TAPE",
		    "no tape of epoch-record in this folder%s",
		    in->n_operands == 0 ? "" : ", of these symbols");
	if (t->n > from)
		qsort(t->names + from, t->n - from, sizeof(*t->names), by_name);
	drop_twins(t, from);
	return 0;
}

int
tapes_find(const struct options *o, const struct inspect *in, struct tapes *t)
{
	struct stat st;
	struct err e;

	for (size_t i = 0; i < o->n_tapes; i++) {
		const char *path = o->tapes[i];

		if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			add(t, NULL, path);
		else if (add_folder(o, in, path, t, &e) < 0)
			return err_report(path, &e);
	}
	return t->n > 0 ? 0
			: err_fail(NULL, EX_NO, "NOTHING",
			      "the tapes there begin after that time");
}
