/* SPDX-License-Identifier: ISC */
/* Between the frame of models and the engine: a field a sheet, and the head
 * as `doc`. */
#include "tool.h"

static void *
develop_open(void *conf, const struct plate *p, struct err *e)
{
	return heatmap_open(conf, p->parts.symbol, p->id, p->ids, p->n, e);
}

static void
develop_take(void *state, size_t i, const struct contract *c)
{
	heatmap_take(state, i, c);
}

/* Spot's time, else the snapshot's. */
static int64_t
instant_of(const struct plate *p)
{
	int64_t ts;

	if (hash_int(&p->meta, "spot_ts", &ts) == 0 ||
	    hash_int(&p->meta, "snapshot_ts", &ts) == 0)
		return ts;
	return HEATMAP_NO_TS;
}

static void
add_head(struct model_docs *d, const struct heatmap *h, const struct plate *p)
{
	struct buf head = {0};

	heatmap_head(h, p->seq, hash_get(&p->meta, "geometry_hash"),
	    hash_get(&p->meta, "spot"), &head);
	words_str(&d->docs, "doc");
	words_span(&d->docs, (struct span){head.p, head.n - 1});
	words_span(&d->out, buf_view(&head));
	buf_free(&head);
}

/* A record goes to its field, without the newline, and to stdout. */
static int
add_sheet(
    struct model_docs *d, const char *field, struct span record, struct err *e)
{
	if (record.n > STREAM_LINE_MAX)
		return err_set(e, EX_DATAERR, "TOO_LONG",
		    "%s: a record of more than %d bytes (fewer --widths)",
		    field, STREAM_LINE_MAX);
	words_str(&d->docs, field);
	words_lend(&d->docs, (struct span){record.p, record.n - 1});
	words_lend(&d->out, record);
	return 0;
}

static int
develop_build(void *state, const struct plate *p, bool whole,
    struct model_docs *d, struct err *e)
{
	struct heatmap *h = state;
	int rc = 0;

	heatmap_compute(h, instant_of(p));
	add_head(d, h, p);
	for (size_t i = 0; i < h->n_sheets && rc == 0; i++) {
		const struct heatmap_sheet *s = h->sheets[i];

		if (whole || s->changed)
			rc = add_sheet(d, s->name, buf_view(&s->text), e);
	}
	for (size_t i = 0; i < h->n_gone; i++)
		words_str(&d->gone, h->gone[i]);
	d->contracts = (int64_t)h->contracts;
	d->ts = h->ts;
	return rc;
}

static void
develop_close(void *state)
{
	heatmap_close(state);
}

const struct model_ops heatmap_ops = {
    .fields = heatmap_fields,
    .n_fields = HEATMAP_FIELDS,
    .open = develop_open,
    .take = develop_take,
    .build = develop_build,
    .close = develop_close,
};
