/* SPDX-License-Identifier: ISC */
/* stream: lines in, lines out. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "sig.h"
#include "stream.h"

/* All of an input as text: "L:line\n" for lines, "!\n" for skipped ones. */
struct seen {
	struct buf text;
	uint64_t lines, line_no, too_long, torn, bytes;
};

static void
read_all(struct in *in, struct seen *s)
{
	struct span line;
	struct err e;
	int r;

	while ((r = in_next(in, &line, &e)) > 0) {
		if (r == 2) {
			buf_str(&s->text, "!\n");
			continue;
		}
		CHECK(line.p[line.n] == '\0');
		buf_str(&s->text, "L:");
		buf_span(&s->text, line);
		buf_char(&s->text, '\n');
	}
	CHECK_INT(r, 0);
	s->lines = in->lines;
	s->line_no = in->line_no;
	s->too_long = in->too_long;
	s->torn = in->torn;
	s->bytes = in->bytes;
}

/* Text, by way of a file. */
static void
read_text(struct span text, size_t max, struct seen *s)
{
	char path[] = "/tmp/stream-test.XXXXXX";
	struct in in;
	struct err e;
	int fd = mkstemp(path);

	*s = (struct seen){0};
	CHECK(fd != -1 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
	CHECK_INT(in_open(&in, path, NULL, &e), 0);
	unlink(path);
	in.max = max;
	read_all(&in, s);
	in_close(&in);
}

static void
check_lines(struct span text, size_t max, const char *want, uint64_t torn)
{
	struct seen s;

	read_text(text, max, &s);
	CHECK_STR(buf_view(&s.text).p, want);
	CHECK_INT((int64_t)s.torn, (int64_t)torn);
	CHECK_INT((int64_t)s.bytes, (int64_t)text.n);
	buf_free(&s.text);
}

static void
test_lines(void)
{
	struct seen s;

	test_begin("lines, without newline and CR; empty ones skipped");
	check_lines(SPAN_LIT("a\nb\n"), 9, "L:a\nL:b\n", 0);
	check_lines(SPAN_LIT("a\r\nb\r\r\n\r\n\n"), 9, "L:a\nL:b\r\n", 0);
	check_lines(SPAN_LIT("\n\n\n"), 9, "", 0);
	check_lines(SPAN_LIT(""), 9, "", 0);
	check_lines(SPAN_LIT(" \f\n"), 9, "L: \f\n", 0);

	test_begin("an unfinished last line is counted, never handed out");
	check_lines(SPAN_LIT("a\nb"), 9, "L:a\n", 1);
	check_lines(SPAN_LIT("b"), 9, "", 1);
	check_lines(SPAN_LIT("a\n\r"), 9, "L:a\n", 1);
	check_lines(SPAN_LIT("a\n0123456789012"), 9, "L:a\n", 1);

	test_begin("a line over the limit is skipped whole, and told");
	check_lines(SPAN_LIT("123456789\n1234567890\nx\n"), 9,
	    "L:123456789\n!\nL:x\n", 0);
	check_lines(
	    SPAN_LIT("123456789\r\n123456789\r\r\n"), 9, "L:123456789\n!\n", 0);

	test_begin("NUL bytes are bytes");
	read_text(SPAN_LIT("a\0b\n\0\n"), 9, &s);
	CHECK(s.text.n == 10 &&
	      memcmp(s.text.p, "L:a\0b\nL:\0\n", s.text.n) == 0);
	buf_free(&s.text);

	test_begin("line numbers count skipped and empty lines too");
	read_text(SPAN_LIT("a\n\n0123456789\nb\n"), 9, &s);
	CHECK_INT((int64_t)s.lines, 2);
	CHECK_INT((int64_t)s.line_no, 4);
	CHECK_INT((int64_t)s.too_long, 1);
	buf_free(&s.text);
}

/* What read_all should see, by the plainest means. */
static void
expect(const char *p, size_t n, size_t max, struct buf *want)
{
	size_t from = 0, i, len;

	for (i = 0; i < n; i++) {
		if (p[i] != '\n')
			continue;
		len = i - from;
		if (len > 0 && p[i - 1] == '\r')
			len--;
		if (len > max) {
			buf_str(want, "!\n");
		} else if (len > 0) {
			buf_str(want, "L:");
			buf_add(want, p + from, len);
			buf_char(want, '\n');
		}
		from = i + 1;
	}
}

static void
test_long_inputs(void)
{
	struct buf text = {0}, want = {0};
	uint64_t seed = 3;
	struct seen s;
	size_t n;
	int i, round;

	test_begin("lines of any length around every boundary of the buffer");
	for (round = 0; round < 20; round++) {
		buf_clear(&text);
		buf_clear(&want);
		for (i = 0; i < 60; i++) {
			n = check_random(&seed) % (i % 7 == 0 ? 200000 : 5000);
			buf_reserve(&text, n + 2);
			memset(text.p + text.n, 'a' + i % 26, n);
			text.n += n;
			buf_str(&text, i % 3 == 0 ? "\r\n" : "\n");
		}
		expect(text.p, text.n, 70000, &want);
		read_text(buf_view(&text), 70000, &s);
		CHECK(span_eq(buf_view(&s.text), buf_view(&want)));
		buf_free(&s.text);
	}
	buf_free(&text);
	buf_free(&want);
}

static void
write_zeros(int fd)
{
	static char zeros[1 << 16];
	int i;

	for (i = 0; i < 1600; i++)
		if (write(fd, zeros, sizeof(zeros)) <= 0)
			_exit(1);
	_exit(write(fd, "\nx\n", 3) != 3);
}

static void
test_endless_line(void)
{
	struct in in = {.name = "-", .max = STREAM_LINE_MAX};
	struct seen s = {0};
	int p[2], status;
	size_t cap;
	pid_t pid;

	test_begin("a line of 100 MB is skipped in flat memory");
	CHECK_INT(pipe(p), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		write_zeros(p[1]);
	}
	close(p[1]);
	in.fd = p[0];
	read_all(&in, &s);
	cap = in.buf.cap;
	in_close(&in);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	CHECK_STR(buf_view(&s.text).p, "!\nL:x\n");
	CHECK_INT((int64_t)s.too_long, 1);
	CHECK(cap <= 4 * STREAM_LINE_MAX);
	buf_free(&s.text);
}

static void
test_chunks(void)
{
	char path[] = "/tmp/stream-test.XXXXXX";
	struct buf all = {0}, got = {0};
	struct span piece;
	struct err e;
	struct in in;
	int fd = mkstemp(path), i;

	test_begin("pieces are the input, whatever is in it");
	for (i = 0; i < 200000; i++)
		buf_char(&all, (char)(i * 7));
	CHECK(write(fd, all.p, all.n) == (ssize_t)all.n);
	close(fd);
	CHECK_INT(in_open(&in, path, NULL, &e), 0);
	while (in_chunk(&in, &piece, &e) == 1) {
		CHECK(piece.n > 0 && piece.n <= 65536);
		buf_span(&got, piece);
	}
	CHECK(span_eq(buf_view(&all), buf_view(&got)));
	in_close(&in);
	unlink(path);
	buf_free(&all);
	buf_free(&got);

	test_begin("what cannot be opened or read is 66");
	CHECK(in_open(&in, "/nonexistent/x", NULL, &e) == -1 && e.exit == 66);
	CHECK_INT(in_open(&in, "/", NULL, &e), 0);
	CHECK(in_next(&in, &piece, &e) == -1 && e.exit == 66);
	in_close(&in);
}

static void
test_flush_before_wait(void)
{
	struct in in = {.name = "-", .max = 100};
	int ip[2], op[2], n;
	struct span line;
	struct out out;
	struct err e;
	char text[64];

	test_begin("output is flushed exactly when the next read would wait");
	CHECK(pipe(ip) == 0 && pipe(op) == 0);
	fcntl(op[0], F_SETFL, O_NONBLOCK);
	out_init(&out, op[1]);
	in.fd = ip[0];
	in.tied = &out;
	CHECK(write(ip[1], "a\nb\n", 4) == 4);
	CHECK(in_next(&in, &line, &e) == 1);
	out_line(&out, line);
	CHECK(in_next(&in, &line, &e) == 1);
	out_line(&out, line);
	CHECK(read(op[0], text, sizeof(text)) == -1 && errno == EAGAIN);
	close(ip[1]); /* readable at once: nothing to wait for */
	CHECK(in_next(&in, &line, &e) == 0);
	CHECK(read(op[0], text, sizeof(text)) == -1 && errno == EAGAIN);
	CHECK_INT(out_close(&out, &e), 0);
	CHECK(read(op[0], text, sizeof(text)) == 4);
	in_close(&in);

	CHECK(pipe(ip) == 0);
	in = (struct in){.name = "-", .max = 100, .fd = ip[0], .tied = &out};
	out_init(&out, op[1]);
	out_line(&out, SPAN_LIT("early"));
	fflush(stdout);
	if (fork() == 0) { /* answers only what it has already read */
		fcntl(op[0], F_SETFL, 0);
		n = (int)read(op[0], text, sizeof(text));
		_exit(write(ip[1], "answer\n", n == 6 ? 7 : 0) != 7);
	}
	close(ip[1]);
	CHECK(in_next(&in, &line, &e) == 1 && line.n == 6);
	wait(&n);
	CHECK_INT(n, 0);
	in_close(&in);
	close(op[0]);
	close(op[1]);
	buf_free(&out.buf);
}

/* TERM, once the child sleeps in its read. */
static void
stop_when_asleep(pid_t pid)
{
	char path[64], state = 0, text[256];
	ssize_t n;
	int f, i;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (i = 0; i < 1000000 && state != 'S'; i++) {
		f = open(path, O_RDONLY);
		n = read(f, text, sizeof(text) - 1);
		close(f);
		text[n > 0 ? n : 0] = '\0';
		state = strrchr(text, ')') == NULL ? 0 : strrchr(text, ')')[2];
	}
	kill(pid, SIGTERM);
}

static void
test_stop(void)
{
	struct in in = {.name = "-", .max = 100};
	struct span line;
	struct err e;
	int p[2], status;
	pid_t pid;

	test_begin("a stop signal ends a waiting read, and what follows");
	CHECK_INT(pipe(p), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		sig_init();
		in.fd = p[0];
		if (in_next(&in, &line, &e) != 1)
			_exit(1);
		if (in_next(&in, &line, &e) != 0 || sig_stop != SIGTERM)
			_exit(2);
		if (in_next(&in, &line, &e) != 0 ||
		    in_chunk(&in, &line, &e) != 0)
			_exit(3);
		_exit(in.torn == 0 ? 9 : 4);
	}
	CHECK(write(p[1], "a\nhalf", 6) == 6);
	stop_when_asleep(pid);
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 9);
	close(p[0]);
	close(p[1]);
}

static void
test_output(void)
{
	struct buf text = {0};
	struct out out;
	struct err e;
	int status, p[2], i;
	pid_t pid;

	test_begin("a full disk is an error that is kept until close");
	out_init(&out, open("/dev/full", O_WRONLY));
	for (i = 0; i < 100000; i++)
		out_line(&out, SPAN_LIT("some line"));
	CHECK(out.failed && out.buf.n == 0);
	CHECK(out_flush(&out) == -1);
	CHECK(out_close(&out, &e) == -1 && e.exit == 74);
	close(out.fd);

	test_begin("output arrives whole, and is counted");
	CHECK_INT(pipe(p), 0);
	out_init(&out, p[1]);
	out_write(&out, "a\n", 2);
	out_line(&out, SPAN_LIT("bc"));
	CHECK_INT(out_close(&out, &e), 0);
	CHECK(out.lines == 2 && out.bytes == 5);
	buf_reserve(&text, 16);
	CHECK(read(p[0], text.p, 16) == 5 && memcmp(text.p, "a\nbc\n", 5) == 0);
	buf_free(&text);

	test_begin("a pipe nobody reads: SIGPIPE on stdout, else an error");
	close(p[0]);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		sig_init();
		dup2(p[1], STDOUT_FILENO);
		out_init(&out, STDOUT_FILENO);
		out_line(&out, SPAN_LIT("x"));
		out_flush(&out);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	out_init(&out, p[1]);
	out_line(&out, SPAN_LIT("x"));
	CHECK(out_close(&out, &e) == -1 && e.exit == 74);
	close(p[1]);
}

static void
test_stalled_reader(void)
{
	struct out out;
	struct err e;
	int p[2], i;

	test_begin("told to stop, a reader that stalls is not waited for");
	CHECK_INT(pipe(p), 0);
	out_init(&out, p[1]);
	out.patience_ms = 20;
	sig_stop = SIGTERM;
	for (i = 0; i < 20000 && !out.failed; i++)
		out_line(&out, SPAN_LIT("0123456789012345678901234567890"));
	CHECK(out.failed);
	CHECK(out_close(&out, &e) == -1 && e.exit == 74);
	sig_stop = 0;
	close(p[0]);
	close(p[1]);
}

/* What can be read without waiting. */
static void
drain(int fd, struct buf *into)
{
	ssize_t n;

	do {
		buf_reserve(into, 65536);
		n = read(fd, into->p + into->n, 65536);
		if (n > 0)
			into->n += (size_t)n;
	} while (n > 0);
}

/* Lines of all lengths, some of them longer than what a pipe takes at once. */
static void
add_line(struct out *out, struct buf *want, int i)
{
	struct buf line = {0};

	buf_fmt(&line, "%d:%*s", i, i % 97 == 96 ? 9000 : i % 300, "");
	out_line(out, buf_view(&line));
	buf_span(want, buf_view(&line));
	buf_char(want, '\n');
	buf_free(&line);
}

static void
test_offer(void)
{
	struct buf want = {0}, got = {0};
	struct out out;
	size_t most = 0;
	int p[2], i;

	test_begin("offered output: never waits, nothing is lost, none kept");
	CHECK_INT(pipe(p), 0);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	out_init(&out, p[1]);
	out.room = SIZE_MAX;
	for (i = 0; i < 2000; i++) { /* nobody reads: it would block */
		add_line(&out, &want, i);
		out_offer(&out);
	}
	CHECK(out_queued(&out) > 0 && out_queued(&out) < want.n);
	for (; i < 40000; i++) { /* the queue is never empty, and never long */
		add_line(&out, &want, i);
		if (i % 100 == 0)
			drain(p[0], &got);
		out_offer(&out);
		if (out.buf.cap > most)
			most = out.buf.cap;
	}
	CHECK(most < 4 * 1024 * 1024);
	while (out_queued(&out) > 0) {
		drain(p[0], &got);
		out_offer(&out);
	}
	drain(p[0], &got);
	CHECK(span_eq(buf_view(&got), buf_view(&want)));
	CHECK(!(fcntl(p[1], F_GETFL) & O_NONBLOCK));

	test_begin("dropped: nothing waits, though a part of it was written");
	for (i = 0; i < 2000; i++)
		add_line(&out, &want, i);
	out_offer(&out);
	CHECK(out_queued(&out) > 0 && out.done > 0);
	out_drop(&out);
	CHECK(out_queued(&out) == 0 && out_flush(&out) == 0);

	test_begin("offered to nobody: noticed without a line");
	out_offer(&out);
	CHECK(!out.failed);
	close(p[0]);
	out_offer(&out);
	CHECK(out.failed && out.err.exit == 74);
	close(p[1]);
	buf_free(&want);
	buf_free(&got);
	buf_free(&out.buf);
}

/* Where lines are shorter than a pipe's atom, the last one is whole. */
static void
test_offer_whole(void)
{
	struct buf want = {0}, got = {0};
	struct out out;
	int p[2];

	test_begin("told to stop, what a stalled reader got ends in a newline");
	CHECK_INT(pipe(p), 0);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	out_init(&out, p[1]);
	out.room = SIZE_MAX;
	out.patience_ms = 5;
	for (int i = 0; i < 90; i++)
		for (int k = 0; k < 20; k++)
			add_line(&out, &want, i);
	out_offer(&out);
	sig_stop = SIGTERM;
	CHECK_INT(out_flush(&out), -1);
	sig_stop = 0;
	drain(p[0], &got);
	CHECK(got.n > 4096 && got.n < want.n);
	CHECK(got.n > 0 && got.p[got.n - 1] == '\n');
	CHECK(memcmp(got.p, want.p, got.n) == 0);
	close(p[0]);
	close(p[1]);
	buf_free(&want);
	buf_free(&got);
}

static void
test_nowait(void)
{
	struct span line;
	struct err e;
	struct in in;
	int p[2];

	test_begin(
	    "a reader that does not wait says that there is nothing yet");
	CHECK_INT(pipe(p), 0);
	CHECK_INT(in_open(&in, "-", NULL, &e), 0);
	in.fd = p[0];
	in.nowait = true;
	CHECK_INT(in_next(&in, &line, &e), 3);
	CHECK(write(p[1], "a\nb", 3) == 3);
	CHECK_INT(in_next(&in, &line, &e), 1);
	CHECK(span_eq(line, SPAN_LIT("a")));
	CHECK_INT(in_next(&in, &line, &e), 3);
	CHECK_INT(in_next(&in, &line, &e), 3);
	CHECK(write(p[1], "c\n\nd", 4) == 4);
	CHECK_INT(in_next(&in, &line, &e), 1);
	CHECK(span_eq(line, SPAN_LIT("bc")));
	CHECK_INT(in_next(&in, &line, &e), 3);
	close(p[1]);
	CHECK_INT(in_next(&in, &line, &e), 0);
	CHECK_INT((int64_t)in.torn, 1);
	in_close(&in);
}

static void
test_placed(void)
{
	char path[] = "/tmp/unit-stream.XXXXXX";
	int fd = mkstemp(path);
	struct in a = {.fd = fd, .max = 100, .placed = true, .end = 6};
	struct in b = {
	    .fd = fd, .max = 100, .placed = true, .at = 4, .end = 11};
	struct in c = {.fd = fd, .max = 100, .placed = true, .end = 12};
	struct span line;
	struct err e;

	test_begin("stretches of a file are read side by side, to their ends");
	unlink(path);
	CHECK(write(fd, "one\ntwo\nsix", 11) == 11);
	CHECK_INT(in_next(&a, &line, &e), 1);
	CHECK(span_eq(line, SPAN_LIT("one")));
	CHECK_INT(in_next(&b, &line, &e), 1);
	CHECK(span_eq(line, SPAN_LIT("two")));
	CHECK_INT(in_next(&a, &line, &e), 0);
	CHECK_INT((int64_t)a.torn, 1);
	CHECK_INT(in_next(&b, &line, &e), 0);
	CHECK_INT((int64_t)b.torn, 1);
	CHECK_INT((int64_t)b.bytes, 7);
	CHECK_INT(in_next(&c, &line, &e), 1);
	CHECK_INT(in_next(&c, &line, &e), 1);
	CHECK_INT(in_next(&c, &line, &e), -1); /* it became shorter */
	CHECK_INT(e.exit, EX_NOINPUT);
	buf_free(&a.buf);
	buf_free(&b.buf);
	in_close(&c);
}

int
main(void)
{
	test_lines();
	test_long_inputs();
	test_endless_line();
	test_chunks();
	test_flush_before_wait();
	test_stop();
	test_output();
	test_stalled_reader();
	test_offer();
	test_offer_whole();
	test_nowait();
	test_placed();
	return test_done();
}
