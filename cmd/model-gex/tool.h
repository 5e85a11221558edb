/* SPDX-License-Identifier: ISC */
/*
 * What the parts of model-gex share.
 */
#ifndef MODEL_GEX_TOOL_H
#define MODEL_GEX_TOOL_H

#include "gex.h"
#include "model.h"

enum tool_show { SHOW_RECORD, SHOW_SHARES, SHOW_COMPARE, SHOW_EXPLAIN };

struct tool {
	struct gex_conf gex;
	enum tool_show show;
	int32_t explain; /* SHOW_EXPLAIN: a strike in thousandths */
};

/* options.c: -1 to go on, with all that makes another record of the same epoch
 * in m->options; else the status to end with. */
int options_read(int argc, char *argv[], struct model_conf *m, struct tool *t);

/* develop.c: the model, for the frame; its conf is a struct tool. */
extern const struct model_ops gex_ops;

/* text.c: for people. */
void text_compare(struct gex *g, const struct plate *p, struct buf *b);
void text_explain(
    const struct gex *g, const struct plate *p, int32_t strike, struct buf *b);

#endif
