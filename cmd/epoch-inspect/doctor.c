/* SPDX-License-Identifier: ISC */
/* --doctor: is the server set up so that epochs are safe in it?  One line a
 * fact: SEVERITY NAME: VALUE, and what to change and why. */
#include "doctor.h"

#define VALUE_MAX 120

static void
print_finding(struct inspect *in, const struct rule *r, enum severity severity,
    struct span value)
{
	static const char *const words[] = {"", "OK", "ADVICE", "WRONG"};
	struct buf line = {0};

	if (value.n > VALUE_MAX)
		value.n = VALUE_MAX;
	buf_fmt(&line, "%-6s %s: ", words[severity], r->name);
	text_vis(&line, value.n > 0 ? value : SPAN_LIT("none"));
	if (severity != OK)
		buf_fmt(&line, "; %s", r->what);
	out_line(&in->out, buf_view(&line));
	buf_free(&line);
}

/* False when something is wrong. */
static bool
apply(struct inspect *in, const struct facts *f, const struct rule *r)
{
	struct span value = fact_get(f, r->name);
	enum severity severity;

	if (value.p == NULL && r->other != NULL)
		value = fact_get(f, r->other);
	if (value.p == NULL)
		return true;
	severity = r->test(f, value);
	if (severity != SKIP)
		print_finding(in, r, severity, value);
	return severity != WRONG;
}

static bool
apply_all(struct inspect *in, const struct facts *f, const struct rule *r)
{
	bool well = true;

	for (; r->name != NULL; r++)
		well &= apply(in, f, r);
	return well;
}

int
view_doctor(struct inspect *in, struct err *e)
{
	struct facts f = {0};
	int rc = facts_read(in, &f, e);

	if (rc == 0) {
		rc = facts_read_staging(in, &f, e);
		if (!apply_all(in, &f, doctor_server))
			in->rc = EX_CONFIG;
		if (!apply_all(in, &f, doctor_clients))
			in->rc = EX_CONFIG;
	}
	buf_free(&f.text);
	return rc;
}
