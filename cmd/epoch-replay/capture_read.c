/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "capture_read.h"
#include "sig.h"

/* --- snapshots --- */

/* What comes of one in the making. */
struct making {
	struct snapshot *s;
	struct line_reader reader;
	bool whole;
	struct err aborted; /* exit != 0: it says so itself */
};

static void
on_abort(struct making *m, const struct rec *r)
{
	const char *error = rec_str(r, "error"), *detail = rec_str(r, "detail");
	int64_t status;

	if (rec_int(r, "exit", &status) < 0 || status < 1 || status > 255)
		status = EX_DATAERR;
	err_set(&m->aborted, (int)status, error == NULL ? "ABORTED" : error,
	    "the snapshot of %s that begins here: %s", rec_str(r, "symbol"),
	    detail == NULL ? "it fails" : detail);
}

static int
on_board_line(struct making *m, struct span line, struct err *e)
{
	struct contract c;
	struct rec r = {0};
	int rc = 0;

	if (span_eq(rec_peek_type(line), SPAN_LIT("contract")))
		return line_read(&m->reader, line, &c, e) < 0
			   ? -1
			   : snapshot_add(m->s, &c, line, e);
	if (rec_read(&r, line, e) < 0)
		return -1;
	if (strcmp(rec_type(&r), "geometry") == 0) {
		rc = snapshot_begin(m->s, &r, e);
	} else if (strcmp(rec_type(&r), "chain_end") == 0) {
		rc = snapshot_finish(m->s, &r, e);
		m->whole = rc == 0;
	} else if (strcmp(rec_type(&r), "chain_abort") == 0) {
		on_abort(m, &r);
	}
	rec_free(&r);
	return rc;
}

static int
read_board(struct making *m, struct in *in, struct err *e)
{
	struct span line;
	int got;

	while ((got = in_next(in, &line, e)) > 0) {
		if (got == 2)
			return err_set(e, EX_SOFTWARE, "TOO_LONG",
			    "geom-hash wrote too long a line");
		if (on_board_line(m, line, e) < 0)
			return -1;
	}
	if (got == 0 && sig_stop != 0)
		return err_set(e, EX_TEMPFAIL, "INTERRUPTED",
		    "stopped by signal %d", (int)sig_stop);
	return got;
}

int
shot_read(const struct captures *c, const struct shot *shot, struct snapshot *s,
    struct err *e)
{
	const char *const fetch[] = {
	    "chain-fetch", "-q", "--from", "-", shot->symbol, NULL};
	static const char *const hash[] = {"geom-hash", "-q", NULL};
	struct making m = {.s = s};
	struct decoder d;
	int rc, fd;

	*s = (struct snapshot){0};
	fd = captures_open(c, &shot->pages, e);
	rc = fd < 0 ? -1 : decoder_start(&d, fd, fetch, hash, e);
	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		rc = read_board(&m, &d.in, e);
		if (rc < 0)
			decoder_stop(&d);
		else
			rc = decoder_end(&d, e);
		if (m.aborted.exit != 0) {
			*e = m.aborted;
			rc = -1;
		} else if (rc == 0 && !m.whole) {
			rc = err_set(e, EX_DATAERR, "INCOMPLETE",
			    "no snapshot comes of these pages");
		}
	}
	line_reader_free(&m.reader);
	if (rc < 0)
		snapshot_free(s);
	return rc;
}

/* --- ticks --- */

static int
start(const struct captures *c, struct flow *f, struct err *e)
{
	static const char *const tap[] = {"ws-tap", "--from", "-", NULL};
	int fd = captures_open(c, &f->tap->text, e), rc;

	if (fd < 0)
		return -1;
	rc = decoder_start(&f->decoder, fd, tap, NULL, e);
	close(fd);
	f->started = rc == 0;
	f->ts = f->tap->first_ts;
	return rc;
}

/* A line that is no tick: only gaps matter. */
static int
pass(struct span line, const struct passed *passed, struct err *e)
{
	struct rec r = {0};

	if (!span_eq(rec_peek_type(line), SPAN_LIT("gap")))
		return 0;
	if (rec_read(&r, line, e) < 0)
		return -1;
	passed->gap(passed->ctx, &r);
	rec_free(&r);
	return 0;
}

static int
end(struct flow *f, struct err *e)
{
	f->ended = true;
	if (sig_stop != 0) {
		decoder_stop(&f->decoder);
		return err_set(e, EX_TEMPFAIL, "INTERRUPTED",
		    "stopped by signal %d", (int)sig_stop);
	}
	return decoder_end(&f->decoder, e);
}

static int
on_tick_line(
    const struct captures *c, struct flow *f, struct span line, struct err *e)
{
	if (tick_read(line, &f->own, &f->tick, e) < 0)
		return -1;
	if (f->tick.recv_ts > f->ts)
		f->ts = f->tick.recv_ts;
	f->full = f->ts <= c->until;
	f->ended = !f->full;
	if (f->ended)
		decoder_stop(&f->decoder);
	return 0;
}

int
flow_fill(const struct captures *c, struct flow *f, const struct passed *passed,
    struct err *e)
{
	struct span line;
	int got, rc = 0;

	if (!f->started && !f->ended && start(c, f, e) < 0) {
		f->ended = true;
		return -1;
	}
	while (rc == 0 && !f->full && !f->ended) {
		got = in_next(&f->decoder.in, &line, e);
		if (got == 0)
			return end(f, e);
		if (got == 2)
			rc = err_set(e, EX_SOFTWARE, "TOO_LONG",
			    "ws-tap wrote too long a line");
		else if (got < 0)
			rc = -1;
		else if (span_eq(rec_peek_type(line), SPAN_LIT("tick")))
			rc = on_tick_line(c, f, line, e);
		else
			rc = pass(line, passed, e);
	}
	if (rc < 0) {
		decoder_stop(&f->decoder);
		f->ended = true;
		return -1;
	}
	return f->full ? 1 : 0;
}

void
flow_free(struct flow *f)
{
	if (f->started && !f->ended)
		decoder_stop(&f->decoder);
	buf_free(&f->own);
}
