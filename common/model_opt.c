/* SPDX-License-Identifier: ISC */
/* The options that every model has; part of model. */
#include <stdio.h>

#include "model.h"

int
model_option(struct model_conf *c, int val, const char *arg)
{
	int rc = 0;

	switch (val) {
	case MODEL_OPT_FOLLOW:
		c->mode = MODEL_FOLLOW;
		break;
	case MODEL_OPT_ONCE:
		c->mode = MODEL_ONCE;
		break;
	case MODEL_OPT_PRINT:
		c->mode = MODEL_PRINT;
		break;
	case MODEL_OPT_NAME:
		if (!model_name_valid(span_str(arg)))
			return -1;
		snprintf(c->name, sizeof(c->name), "%s", arg);
		break;
	case MODEL_OPT_POLL:
		rc = opt_seconds(arg, 1, 3600000, &c->poll_ms);
		break;
	case MODEL_OPT_PATIENCE:
		rc = opt_seconds(arg, 0, 86400000, &c->patience_ms);
		break;
	case 'r':
		c->redis = arg;
		break;
	case 't':
		rc = opt_seconds(arg, 1, 3600000, &c->timeout_ms);
		break;
	case 'v':
		c->verbose = true;
		break;
	default:
		return 0;
	}
	return rc < 0 ? -1 : 1;
}
