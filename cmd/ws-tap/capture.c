/* SPDX-License-Identifier: ISC */
/* capture: see capture.h. */
#include <inttypes.h>
#include <unistd.h>

#include "capture.h"
#include "intake.h"
#include "rec.h"
#include "sig.h"
#include "stream.h"

#define WARNINGS 10 /* bad lines told of, before they are only counted */
#define FRAME_MAX (64 * 1024 * 1024)

struct capture {
	const struct capture_conf *conf;
	struct in in;
	struct out out;
	struct intake intake;
	struct buf text;  /* of lines we write */
	struct buf frame; /* of a message in several records */
	int64_t parts;    /* of it, so far */
	int64_t newest;   /* event time */
	uint64_t frames, written, passed, bad_lines;
};

static void
on_tick(void *ctx, const struct tick *t)
{
	struct capture *c = ctx;

	buf_clear(&c->text);
	tick_write(&c->text, t);
	out_write(&c->out, c->text.p, c->text.n);
	c->written++;
}

static void
read_message(struct capture *c, struct span text, int64_t ts)
{
	c->frames++;
	if (intake_message(&c->intake, text, ts))
		return;
	buf_clear(&c->text);
	report_gap(
	    &c->text, &c->conf->boards.symbols, ts, ts, ts, "bad_frame", 1);
	out_write(&c->out, c->text.p, c->text.n);
}

static void
on_bare(struct capture *c, struct span text)
{
	int64_t newest;

	intake_count(&c->intake, text, &newest);
	if (newest > c->newest)
		c->newest = newest;
	/* of what has no time nothing but the account is seen */
	read_message(c, text, c->newest > 0 ? c->newest : 1);
}

static int
on_frame(struct capture *c, const struct rec *r, struct err *e)
{
	const char *text = rec_str(r, "frame");
	int64_t part = 1;

	rec_int(r, "part", &part);
	if (text == NULL || part != c->parts + 1 ||
	    c->frame.n + strlen(text) > FRAME_MAX) {
		buf_clear(&c->frame);
		c->parts = 0;
		return err_set(e, EX_DATAERR, "BAD_RECORD",
		    "a ws_frame that cannot be read");
	}
	buf_str(&c->frame, text);
	c->parts = part;
	if (rec_has(r, "more"))
		return 0;
	read_message(c, buf_view(&c->frame), rec_ts(r));
	buf_clear(&c->frame);
	c->parts = 0;
	return 0;
}

static int
on_line(struct capture *c, struct span line, struct err *e)
{
	struct rec r = {0};
	int rc = 0;

	if (line.p[0] == '[') {
		on_bare(c, line);
		return 0;
	}
	if (rec_read(&r, line, e) != 0)
		return -1;
	if (strcmp(rec_type(&r), "ws_frame") == 0) {
		rc = on_frame(c, &r, e);
	} else {
		out_line(&c->out, line);
		c->passed++;
	}
	rec_free(&r);
	return rc;
}

static void
on_bad_line(struct capture *c, const struct err *why)
{
	if (c->bad_lines++ < WARNINGS)
		err_warn(c->in.name, why->code, "line %" PRIu64 ": %s",
		    c->in.line_no, why->text);
	else if (c->bad_lines == WARNINGS + 1)
		err_warn(c->in.name, why->code,
		    "further bad lines are counted only");
}

static int
read_all(struct capture *c)
{
	struct span line;
	struct err e;
	int r = 0;

	while (!c->out.failed && (r = in_next(&c->in, &line, &e)) > 0) {
		if (r == 2)
			err_set(&e, EX_DATAERR, "TOO_LONG",
			    "more than %zu bytes", c->in.max);
		if (r == 2 || on_line(c, line, &e) != 0)
			on_bad_line(c, &e);
	}
	if (r < 0)
		return err_report(c->in.name, &e);
	if (c->in.torn > 0 || c->parts > 0) {
		err_set(&e, EX_DATAERR, "TORN", "its end is missing");
		on_bad_line(c, &e);
	}
	if (c->bad_lines + c->intake.broken > 0)
		return err_fail(c->in.name, EX_DATAERR, "BAD_LINES",
		    "bad lines dropped: %" PRIu64
		    ", messages that cannot be read: %" PRIu64,
		    c->bad_lines, c->intake.broken);
	if (c->frames + c->passed == 0 && !sig_stop)
		return err_fail(
		    c->in.name, EX_DATAERR, "EMPTY", "no message in it");
	return 0;
}

static void
show(const struct capture *c)
{
	const struct intake *in = &c->intake;

	err_warn(NULL, "COUNTS",
	    "frames %" PRIu64 " received %" PRIu64 " written %" PRIu64
	    " filtered %" PRIu64 " unsupported %" PRIu64 " bad %" PRIu64
	    " passed %" PRIu64 " bad_lines %" PRIu64 " slow_events %" PRIu64
	    " odd_units %" PRIu64,
	    c->frames, in->received, c->written, in->filtered, in->unsupported,
	    in->bad, c->passed, c->bad_lines, in->frame.slow,
	    in->frame.odd_units);
}

/* Whose ticks pass: of boards that Redis knows, of contracts, of all. */
static int
open_filter(struct capture *c, struct err *e)
{
	struct filter *f = &c->intake.filter;
	struct boards_news *news = NULL;

	f->ids = c->conf->contracts;
	f->nids = c->conf->ncontracts;
	f->is_open = f->nids == 0 && c->conf->boards.symbols.n == 0;
	if (c->conf->boards.symbols.n == 0)
		return 0;
	if (boards_read(&c->conf->boards, &news, e) != 0)
		return -1;
	f->roots = news->roots;
	f->nroots = news->nroots;
	news->roots = NULL;
	for (size_t i = 0; i < c->conf->boards.symbols.n; i++)
		if (!news->is_known[i])
			err_set(e, EX_NO, "NO_EPOCH", "no active epoch of %s",
			    c->conf->boards.symbols.names[i]);
	boards_news_free(&news);
	return e->exit == 0 ? 0 : -1;
}

int
capture_run(const struct capture_conf *conf)
{
	struct capture c = {.conf = conf, .intake = {.on_tick = on_tick}};
	struct err e = {0};
	int rc;

	c.intake.ctx = &c;
	out_init(&c.out, STDOUT_FILENO);
	if (in_open(&c.in, conf->path, &c.out, &e) != 0)
		rc = err_report(conf->path, &e);
	else if (open_filter(&c, &e) != 0)
		rc = err_report(NULL, &e);
	else
		rc = read_all(&c);
	if (conf->is_verbose)
		show(&c);
	if (out_close(&c.out, &e) != 0)
		rc = err_worse(rc, err_report(NULL, &e));
	in_close(&c.in);
	intake_free(&c.intake);
	buf_free(&c.text);
	buf_free(&c.frame);
	return rc;
}
