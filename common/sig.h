/* SPDX-License-Identifier: ISC */
/*
 * sig: signals as flags, and a sane start whoever the parent is.
 *
 * Handlers only set flags and are installed without SA_RESTART, so a blocked
 * read or poll returns with EINTR.  SIGPIPE is ignored: a dying server must
 * not kill a tool silently; stream_out.c gives a lost stdout its usual death.
 *
 * Layer: knows nobody.
 */
#ifndef EPOCH_SIG_H
#define EPOCH_SIG_H

#include <signal.h>
#include <stdatomic.h>

/* Atomic, not only volatile: a tool's threads look at them, too. */
extern atomic_int sig_stop; /* number of TERM, INT or HUP; 0 none */
extern atomic_int sig_usr1; /* set by USR1: show counters once */

/* Opens /dev/null on closed descriptors 0-2, installs the handlers. */
void sig_init(void);

/* The usual death of a filter whose reader has left. */
void sig_die_of_pipe(void);

/*
 * Last act of main: after INT and HUP die of that signal, so that a shell
 * loop stops; otherwise return rc.
 */
int sig_end(int rc);

#endif
