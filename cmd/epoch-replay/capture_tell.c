/* SPDX-License-Identifier: ISC */
/* capture_tell: the replay records of captures. */
#include "capture_play.h"
#include "rec.h"

static void
add_ticks(struct buf *b, const struct inflow *f)
{
	for (int i = 0; f != NULL && i < COUNTS; i++)
		if (i != COUNT_HELD && f->total[i] != 0)
			rec_add_int(b, count_names[i], f->total[i]);
}

static void
tell_symbol(const struct capture_play *p, const struct capture_symbol *s,
    struct out *out)
{
	const struct inflow *f = NULL;
	struct buf b = {0};
	int64_t ts = s->last_ts;
	bool refused = p->keep.n == 0 && !p->only_check;

	for (size_t i = 1; i < p->keep.n; i++)
		if (strcmp(p->keep.flows[i]->listing.symbol, s->name) == 0)
			f = p->keep.flows[i];
	if (f != NULL && f->recv_ts > ts)
		ts = f->recv_ts;
	rec_begin(&b, "replay", ts);
	rec_add_str(&b, "symbol", s->name);
	rec_add_int(&b, "acts", refused ? 0 : (int64_t)s->acts);
	if (f != NULL) {
		rec_add_int(&b, "epochs", (int64_t)s->epochs);
		rec_add_str(&b, "epoch_id", s->id[0] != '\0' ? s->id : NULL);
		rec_add_int(&b, "same", (int64_t)s->same);
		rec_add_int(&b, "rejected", (int64_t)s->rejected);
	}
	rec_add_int(&b, "aborted", (int64_t)s->aborted);
	rec_add_int(&b, "gaps", (int64_t)s->gaps);
	add_ticks(&b, f);
	rec_end(&b);
	out_write(out, b.p, b.n);
	buf_free(&b);
}

void
capture_play_report(const struct capture_play *p, struct out *out)
{
	const struct inflow *nobody = p->keep.n > 0 ? p->keep.flows[0] : NULL;
	struct buf b = {0};

	for (size_t i = 0; i < p->c->n_symbols; i++)
		tell_symbol(p, &p->c->symbols[i], out);
	if (nobody == NULL ? p->c->ticks == 0 || !p->only_check
			   : nobody->total[COUNT_READ] == 0)
		return;
	rec_begin(&b, "replay", nobody == NULL ? p->last_ts : nobody->recv_ts);
	rec_add_int(&b, "acts", 0);
	if (nobody == NULL)
		rec_add_int(&b, "read", (int64_t)p->c->ticks);
	rec_add_int(&b, "gaps", (int64_t)p->c->gaps);
	add_ticks(&b, nobody);
	rec_end(&b);
	out_write(out, b.p, b.n);
	buf_free(&b);
}
