/* SPDX-License-Identifier: ISC */
#include "coverage.h"

#include <stdio.h>
#include <stdlib.h>

#include "geom.h"

static void
forget_board(struct coverage *c)
{
	buf_free(&c->geometry);
	free(c->ids);
	free(c->c);
	free(c->classes);
	c->ids = NULL;
	c->c = NULL;
	c->classes = NULL;
	c->n = c->n_classes = 0;
	c->epoch[0] = '\0';
	c->scanning = c->scanned = false;
}

void
coverage_free(struct coverage *c)
{
	forget_board(c);
	*c = (struct coverage){0};
}

static int
class_cmp(const void *a, const void *b)
{
	const struct coverage_class *x = a, *y = b;
	int r = strcmp(x->expiration, y->expiration);

	return r != 0 ? r : x->right - y->right;
}

static struct coverage_class *
find_class(struct coverage *c, const struct coverage_class *key)
{
	return c->n_classes == 0 ? NULL
				 : bsearch(key, c->classes, c->n_classes,
				       sizeof(*c->classes), class_cmp);
}

/* All classes of the board: ids of one root lie together by expiration, so
 * there are few that follow one another and are the same. */
static void
list_classes(struct coverage *c)
{
	struct coverage_class k = {0}, last = {0};
	struct geom_id id;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (geom_id_parse(c->ids[i], &id) == -1)
			continue;
		memcpy(k.expiration, id.expiration, sizeof(k.expiration));
		k.right = id.right;
		if (n > 0 && class_cmp(&k, &last) == 0)
			continue;
		c->classes = mem_grow(c->classes, n + 1, sizeof(k));
		c->classes[n++] = last = k;
	}
	if (n > 0)
		qsort(c->classes, n, sizeof(k), class_cmp);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || class_cmp(&c->classes[i],
				  &c->classes[c->n_classes - 1]) != 0)
			c->classes[c->n_classes++] = c->classes[i];
	for (size_t i = 0; i < c->n; i++) {
		if (geom_id_parse(c->ids[i], &id) == -1)
			continue;
		memcpy(k.expiration, id.expiration, sizeof(k.expiration));
		k.right = id.right;
		c->c[i].class = (size_t)(find_class(c, &k) - c->classes);
	}
}

/* What is known of the last ticks goes over to the contracts that stay. */
static void
take_over(struct coverage *new, const struct coverage *old)
{
	struct coverage_class *k;
	size_t i = 0, j = 0;
	int r;

	while (i < new->n && j < old->n) {
		r = span_cmp(new->ids[i], old->ids[j]);
		if (r == 0)
			new->c[i].tick_ts = old->c[j].tick_ts;
		i += r <= 0;
		j += r >= 0;
	}
	for (i = 0; i < old->n_classes; i++)
		if ((k = find_class(new, &old->classes[i])) != NULL)
			k->dead = old->classes[i].dead;
}

static int
load_board(
    struct coverage *c, const struct view *v, const char *epoch, struct err *e)
{
	struct coverage new = {.newest = c->newest};
	long n;
	int r = view_geometry(v, span_str(epoch), &new.geometry, e);

	if (r == 1) {
		n = geom_split(buf_view(&new.geometry), &new.ids);
		new.n = n < 0 ? 0 : (size_t)n;
	}
	if (new.n == 0) {
		coverage_free(&new);
		return r < 0 ? -1 : 0;
	}
	snprintf(new.epoch, sizeof(new.epoch), "%s", epoch);
	new.c = mem_zalloc(new.n * sizeof(*new.c));
	list_classes(&new);
	if (new.n_classes == 0) {
		coverage_free(&new);
		return 0;
	}
	take_over(&new, c);
	forget_board(c);
	*c = new;
	return 1;
}

int
coverage_begin(
    struct coverage *c, const struct view *v, const char *epoch, struct err *e)
{
	int r = 1;

	if (strcmp(c->epoch, epoch) != 0)
		r = load_board(c, v, epoch, e);
	c->at = 0;
	c->scanning = r == 1;
	return r;
}

static void
on_contract(size_t i, const struct contract *contract, void *ctx)
{
	static const enum contract_group groups[] = {
	    CG_QUOTE, CG_TRADE, CG_VOLUME};
	struct coverage *c = ctx;
	int64_t ts;

	for (size_t g = 0; g < 3 && contract != NULL; g++) {
		const struct contract_group_info *info =
		    &contract_groups[groups[g]];

		if (contract->f[info->seq].p == NULL ||
		    span_int(contract->f[info->ts], &ts) == -1)
			continue;
		if (ts > c->c[c->at + i].tick_ts)
			c->c[c->at + i].tick_ts = ts;
		if (ts > c->newest)
			c->newest = ts;
	}
}

int
coverage_step(struct coverage *c, const struct view *v, struct err *e)
{
	size_t n = c->n - c->at;

	if (n > COVERAGE_SLICE)
		n = COVERAGE_SLICE;
	if (view_contracts(v, span_str(c->epoch), c->ids + c->at, n,
		on_contract, c, e) < 0) {
		c->scanning = false;
		return -1;
	}
	c->at += n;
	c->scanning = c->at < c->n;
	c->scanned = c->scanned || !c->scanning;
	return c->scanning;
}

void
coverage_count(struct coverage *c, int64_t ref, int64_t quiet_ms)
{
	for (size_t i = 0; i < c->n_classes; i++)
		c->classes[i].active = c->classes[i].quiet = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct coverage_class *k = &c->classes[c->c[i].class];
		int64_t age = ref - c->c[i].tick_ts;

		if (c->c[i].tick_ts == 0 || age > COVERAGE_QUIETS * quiet_ms)
			continue;
		k->active++;
		k->quiet += age > quiet_ms;
	}
}

size_t
coverage_judge(struct coverage *c, bool *changed)
{
	size_t dead = 0;

	*changed = false;
	for (size_t i = 0; i < c->n_classes; i++) {
		struct coverage_class *k = &c->classes[i];
		/* One that died stays dead until it ticks, also when it was
		 * active too long ago to count. */
		bool is_dead = k->quiet == k->active &&
			       (k->dead || k->active >= COVERAGE_CLASS_MIN);

		*changed = *changed || is_dead != k->dead;
		k->dead = is_dead;
		dead += is_dead;
	}
	return dead;
}

void
coverage_json(const struct coverage *c, struct buf *b)
{
	const char *comma = "";

	buf_char(b, '[');
	for (size_t i = 0; i < c->n_classes; i++) {
		const struct coverage_class *k = &c->classes[i];

		if (k->quiet == 0 && !k->dead)
			continue;
		buf_fmt(b,
		    "%s{\"expiration\":\"%s\",\"right\":\"%s\","
		    "\"active\":%zu,\"quiet\":%zu}",
		    comma, k->expiration, k->right == 'C' ? "call" : "put",
		    k->active, k->quiet);
		comma = ",";
	}
	buf_char(b, ']');
}
