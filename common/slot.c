/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "slot.h"

#define ACT_MS 30000 /* for one script */

void
slot_close(const struct slot_worker *w, struct slot *s)
{
	if (s->state != NULL)
		w->ops->close(s->state);
	s->state = NULL;
	s->published = 0;
	plate_forget(&s->plate);
}

/* ---- reading ---- */

struct work {
	struct slot_worker *w;
	struct slot *s;
	bool whole;
};

static int
on_begin(void *ctx, const struct plate *p, struct err *e)
{
	struct work *k = ctx;

	/* Not slot_close: the plate is being read. */
	if (k->s->state != NULL)
		k->w->ops->close(k->s->state);
	k->s->published = 0;
	k->whole = true;
	k->s->state = k->w->ops->open(k->w->conf, p, e);
	return k->s->state == NULL ? -1 : 0;
}

static void
on_take(void *ctx, size_t i, const struct contract *c)
{
	struct work *k = ctx;

	k->w->ops->take(k->s->state, i, c);
}

/* Take in what changed.  1, 0 gone, -1 and *e. */
static int
slot_read(struct slot_worker *w, struct slot *s, struct err *e)
{
	struct work k = {w, s, false};
	struct plate_reader r = {
	    w->ops->fields, w->ops->n_fields, on_begin, on_take, &k};
	size_t taken = 0;
	int rc;

	if (s->state == NULL)
		plate_forget(&s->plate);
	rc = plate_read(&s->plate, &w->act.view, &r, &taken, e);
	w->contracts += taken;
	*(k.whole ? &w->whole : &w->changed) += 1;
	if (rc <= 0)
		slot_close(w, s);
	return rc;
}

/* ---- publishing ---- */

void
slot_worker_free(struct slot_worker *w)
{
	words_free(&w->docs.docs);
	words_free(&w->docs.gone);
	words_free(&w->docs.out);
}

static int
build(struct slot_worker *w, struct slot *s, bool whole, struct model_docs *d,
    struct err *e)
{
	words_clear(&d->docs);
	words_clear(&d->gone);
	words_clear(&d->out);
	d->contracts = d->ts = 0;
	return w->ops->build(s->state, &s->plate, whole, d, e);
}

static enum ack_result
publish(struct slot_worker *w, struct slot *s, bool whole, struct model_docs *d,
    struct err *e)
{
	struct ack a = {
	    .model = &w->model,
	    .symbol = s->symbol,
	    .id = s->plate.id,
	    .incarnation = hash_get(&s->plate.meta, "incarnation"),
	    .seq = s->plate.seq,
	    .base = whole ? 0 : s->published,
	    .by = w->by,
	    .gone = &d->gone,
	    .docs = &d->docs,
	};
	enum ack_result r;
	int64_t now;

	if (build(w, s, whole, d, e) < 0)
		return ACK_FAILED;
	a.contracts = d->contracts;
	a.ts = d->ts;
	act_start(&w->act, ACT_MS);
	r = ack_publish(&w->act, &a, &now, e);
	s->published = r == ACK_DONE ? a.seq : 0;
	return r;
}

static int
settle(struct slot_worker *w, struct slot *s, enum ack_result r, struct err *e)
{
	switch (r) {
	case ACK_DONE:
		w->published++;
		return SLOT_DONE;
	case ACK_OLDER:
		slot_close(w, s);
		return SLOT_DONE;
	case ACK_UNKNOWN:
		slot_close(w, s);
		return err_set(e, EX_NO, "FORGOTTEN",
		    "%s is not registered any more", w->model.name);
	case ACK_FAILED:
		slot_close(w, s);
		return -1;
	default:
		/* Another life, gone: the next look sees what is. */
		slot_close(w, s);
		return SLOT_LOST;
	}
}

static bool
is_acked(const struct slot_worker *w, const struct plate *p)
{
	char field[sizeof("ack:") + MODEL_NAME_MAX];
	int64_t acked;

	snprintf(field, sizeof(field), "ack:%s", w->model.name);
	return hash_int(&p->meta, field, &acked) == 0 && acked == p->seq;
}

static void
show(struct model_docs *d, struct out *out)
{
	const struct span *text = words_view(&d->out);

	for (size_t i = 0; i < d->out.n; i++)
		out_write(out, text[i].p, text[i].n);
}

int
slot_work(struct slot_worker *w, struct slot *s, struct out *out, struct err *e)
{
	struct model_docs *d = &w->docs;
	int rc = plate_look(&s->plate, &w->act.view, s->id, e);
	enum ack_result r;

	if (rc > 0 && is_acked(w, &s->plate))
		return SLOT_NOTHING;
	if (rc > 0)
		rc = slot_read(w, s, e);
	if (rc <= 0)
		return rc < 0 ? -1 : SLOT_LOST;
	r = publish(w, s, s->published == 0, d, e);
	if (r == ACK_BASE) { /* what is stored is not ours: all of it */
		w->again++;
		r = publish(w, s, true, d, e);
	}
	if (r == ACK_DONE)
		show(d, out);
	return settle(w, s, r, e);
}

int
slot_show(struct slot_worker *w, struct slot *s, struct out *out, struct err *e)
{
	struct model_docs *d = &w->docs;
	int rc = plate_look(&s->plate, &w->act.view, s->id, e);

	if (rc > 0)
		rc = slot_read(w, s, e);
	if (rc > 0 && build(w, s, true, d, e) < 0)
		rc = -1;
	if (rc > 0)
		show(d, out);
	return rc;
}
