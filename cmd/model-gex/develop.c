/* SPDX-License-Identifier: ISC */
/* Between the frame of models and the engine: one document, `doc`. */
#include <stdlib.h>

#include "tool.h"

struct developed {
	const struct tool *tool;
	struct gex *g;
	struct buf record, text; /* of the last build */
};

static void *
develop_open(void *conf, const struct plate *p, struct err *e)
{
	const struct tool *tool = conf;
	struct developed *d;
	struct gex *g = gex_open(&tool->gex, p->parts.symbol, p->ids, p->n, e);

	if (g == NULL)
		return NULL;
	d = mem_zalloc(sizeof(*d));
	d->tool = tool;
	d->g = g;
	gex_expect(
	    g, hash_get(&p->meta, "spot"), hash_get(&p->meta, "spot_ts"));
	return d;
}

static void
develop_take(void *state, size_t i, const struct contract *c)
{
	struct developed *d = state;

	gex_take(d->g, i, c);
}

static struct span
develop_show(struct developed *d, const struct plate *p)
{
	buf_clear(&d->text);
	switch (d->tool->show) {
	case SHOW_RECORD:
		return buf_view(&d->record);
	case SHOW_SHARES:
		gex_shares_per_point(d->g, &d->text);
		break;
	case SHOW_COMPARE:
		text_compare(d->g, p, &d->text);
		break;
	case SHOW_EXPLAIN:
		text_explain(d->g, p, d->tool->explain, &d->text);
		break;
	}
	return buf_view(&d->text);
}

static int
develop_build(void *state, const struct plate *p, bool whole,
    struct model_docs *docs, struct err *e)
{
	struct developed *d = state;
	struct gex_epoch ep = {p->id, p->seq,
	    hash_get(&p->meta, "geometry_hash"), hash_get(&p->meta, "spot")};
	struct buf *record = &d->record;

	(void)whole;
	buf_clear(record);
	gex_compute(d->g, ep.spot, hash_get(&p->meta, "spot_ts"));
	gex_record(d->g, &ep, record);
	if (record->n > STREAM_LINE_MAX)
		return err_set(e, EX_DATAERR, "TOO_LONG",
		    "a record of more than %d bytes", STREAM_LINE_MAX);
	words_str(&docs->docs, "doc");
	words_lend(&docs->docs, (struct span){record->p, record->n - 1});
	docs->contracts = (int64_t)d->g->sums.contracts;
	docs->ts = d->g->sums.ts;
	words_lend(&docs->out, develop_show(d, p));
	return 0;
}

static void
develop_close(void *state)
{
	struct developed *d = state;

	gex_close(d->g);
	buf_free(&d->record);
	buf_free(&d->text);
	free(d);
}

const struct model_ops gex_ops = {
    .fields = gex_fields,
    .n_fields = GEX_FIELDS,
    .open = develop_open,
    .take = develop_take,
    .build = develop_build,
    .close = develop_close,
};
