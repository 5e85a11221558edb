/* SPDX-License-Identifier: ISC */
/* The options that every model has; part of model. */
#include <stdio.h>

#include "model.h"

int
model_option(struct model_conf *c, int val, const char *arg)
{
	switch (val) {
	case MODEL_OPT_FOLLOW:
		c->mode = MODEL_FOLLOW;
		return 0;
	case MODEL_OPT_ONCE:
		c->mode = MODEL_ONCE;
		return 0;
	case MODEL_OPT_PRINT:
		c->mode = MODEL_PRINT;
		return 0;
	case MODEL_OPT_NAME:
		if (!model_name_valid(span_str(arg)))
			return -1;
		snprintf(c->name, sizeof(c->name), "%s", arg);
		return 0;
	case MODEL_OPT_POLL:
		return opt_seconds(arg, 1, 3600000, &c->poll_ms);
	case MODEL_OPT_PATIENCE:
		return opt_seconds(arg, 0, 86400000, &c->patience_ms);
	case 'v':
		c->verbose = true;
		return 0;
	default:
		return opt_redis(&c->redis, val, arg);
	}
}
