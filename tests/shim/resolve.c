/* SPDX-License-Identifier: ISC */
/*
 * resolve: a library for LD_PRELOAD that is all there is of name service.
 *
 *	FAULT_HOSTS="NAME=ADDRESS[,ADDRESS]... NAME=hang ..."
 *
 * A name that is not in it does not exist, one that hangs is never answered.
 * Nothing leaves the machine.  Addresses are addresses, as ever.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*resolver)(
    const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* The addresses of a name, up to the next blank; NULL: it does not exist. */
static const char *
find(const char *name)
{
	const char *at = getenv("FAULT_HOSTS");
	size_t n = strlen(name);

	for (; at != NULL && *at != '\0'; at = strchr(at, ' ')) {
		at += strspn(at, " ");
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return at + n + 1;
	}
	return NULL;
}

static int
numeric(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	struct addrinfo h = {0};
	resolver next;

	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints != NULL)
		h = *hints;
	h.ai_flags |= AI_NUMERICHOST;
	return next(host, service, &h, out);
}

int
getaddrinfo(const char *restrict host, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	struct addrinfo **end = out;
	const char *at;
	char text[64];
	size_t n;
	int rc;

	rc = numeric(host, service, hints, out);
	if (host == NULL || rc != EAI_NONAME || (at = find(host)) == NULL)
		return rc;
	while (strncmp(at, "hang", 4) == 0)
		pause();
	for (*out = NULL;; at += n + 1) {
		n = strcspn(at, ", ");
		if (n < sizeof(text)) {
			memcpy(text, at, n);
			text[n] = '\0';
			/* of another family: not asked for */
			if (numeric(text, service, hints, end) != 0)
				*end = NULL;
		}
		while (*end != NULL)
			end = &(*end)->ai_next;
		if (at[n] != ',')
			return *out == NULL ? EAI_NONAME : 0;
	}
}
