/* SPDX-License-Identifier: ISC */
/*
 * socket: what the library offers no way to: to reset a connection, and to
 * see that the other side has left while nothing is read.
 *
 * A reset: SO_LINGER 0, then another file is put in the socket's place, which
 * closes it at once; what the library later closes is that file.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "standin.h"

void
wire_reset(struct lws *wsi)
{
	struct linger now = {1, 0};
	int fd = lws_get_socket_fd(wsi), other = open("/dev/null", O_RDWR);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (other >= 0) {
		dup2(other, fd);
		close(other);
	}
}

bool
wire_is_gone(struct lws *wsi)
{
	char byte;

	return recv(lws_get_socket_fd(wsi), &byte, 1,
		   MSG_PEEK | MSG_DONTWAIT) == 0;
}
