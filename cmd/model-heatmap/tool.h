/* SPDX-License-Identifier: ISC */
/*
 * What the parts of model-heatmap share.
 */
#ifndef MODEL_HEATMAP_TOOL_H
#define MODEL_HEATMAP_TOOL_H

#include "heatmap.h"
#include "model.h"

/* develop.c: the model, for the frame; its conf is a struct heatmap_conf. */
extern const struct model_ops heatmap_ops;

#endif
