/* SPDX-License-Identifier: ISC */
/* Back to an older board: decisions that no record asks for. */
#include "promoter.h"
#include "rollback.h"

void
promoter_rollback(struct promoter *p, const char *symbol, const char *to)
{
	struct rollback b = {.act = &p->act, .symbol = symbol, .to = to};
	struct outcome o = {0};
	struct err e;

	act_start(&p->act, p->deadline_ms);
	if (rollback_apply(&b, &o, &e) < 0) {
		p->failed++;
		promoter_add_status(p, err_report(symbol, &e));
	} else {
		if (o.kind == OUTCOME_REJECTED)
			promoter_refuse(p, symbol, &o);
		*(o.kind == OUTCOME_NEW ? &p->fresh : &p->rejected) += 1;
		promoter_tell(p, b.now.now_ms, symbol, &b.s, &o);
	}
	rollback_free(&b);
}

void
promoter_unpin(struct promoter *p, const char *symbol)
{
	struct outcome o = {0};
	struct err e;
	int64_t now;
	int rc;

	act_start(&p->act, p->deadline_ms);
	rc = act_now(&p->act, &now, &e);
	if (rc == 0)
		rc = rollback_unpin(&p->act, symbol, &o, &e);
	if (rc < 0) {
		p->failed++;
		promoter_add_status(p, err_report(symbol, &e));
		return;
	}
	p->same++;
	o.reason = rc > 0 ? "unpinned" : NULL;
	promoter_tell(p, now, symbol, NULL, &o);
}
