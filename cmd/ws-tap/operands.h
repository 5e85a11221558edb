/* SPDX-License-Identifier: ISC */
/*
 * operands: symbols, contracts, and files that hold one of either a line.
 */
#ifndef WS_TAP_OPERANDS_H
#define WS_TAP_OPERANDS_H

#include "err.h"
#include "symbol.h"

#define OPERAND_CONTRACTS 20000

struct operands {
	const char **symbols; /* distinct, in their order; owned, as theirs */
	size_t nsymbols;
	const char **contracts; /* distinct, sorted bytewise */
	size_t ncontracts;
};

/* -1 and *e: 64, 66 for a file. */
int operands_read(struct operands *o, char *argv[], struct err *e);
void operands_free(struct operands *o);

#endif
