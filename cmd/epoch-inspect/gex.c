/* SPDX-License-Identifier: ISC */
/* --gex: what model-gex has published of an epoch, as a picture. */
#include <math.h>

#include "profile.h"
#include "published.h"

static int show_epoch(
    struct inspect *in, const struct target *t, int64_t seq, struct err *e);

static const struct published gex = {"gex", show_epoch};

static int
show_epoch(
    struct inspect *in, const struct target *t, int64_t seq, struct err *e)
{
	struct screen screen = screen_of(in->out.fd);
	struct profile p = {.screen = &screen};
	struct buf b = {0};
	int rc = published_record(
	    in, &gex, t->id, SPAN_LIT("doc"), "gex", &p.rec, e);

	if (rc == 0)
		rc = err_set(e, EX_NO, "NO_MODEL",
		    "no model has published there (model-gex does)");
	else if (rc > 0 && isnan(published_number(p.rec.value, "spot")))
		rc = err_set(
		    e, EX_NO, "NO_SPOT", "it was computed without a spot");
	if (rc > 0) {
		profile_draw(&p, in->near_bp, seq, &b);
		out_write(&in->out, b.p, b.n);
	}
	rec_free(&p.rec);
	buf_free(&b);
	return rc;
}

int
view_gex(struct inspect *in, struct err *e)
{
	return published_show(in, &gex, e);
}
