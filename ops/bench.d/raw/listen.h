// Shared by the raw servers: a socket that listens on the loopback address, and accepting its connections.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

static inline int listen_at(int port) {
    int yes = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) || listen(descriptor, 512)) fail("cannot listen at port %d", port);
    return descriptor;
}

static inline int port_of(int descriptor) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &size)) fail("getsockname");
    return ntohs(address.sin_port);
}

// Returns -1 if the client has gone, or if the descriptor would not be below the limit.
static inline int accept_below(int limit, int listener) {
    int yes = 1, descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    // Otherwise the listener would stay ready forever.
    if (descriptor < 0 && (errno == EMFILE || errno == ENFILE)) fail("too many connections");
    if (descriptor >= limit) {
        close(descriptor);
        return -1;
    }
    if (descriptor >= 0) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return descriptor;
}
