// A lean export API that does not bound the measurement. Its responses to compose/providers/sandbox.yaml are those of `longhaul sandbox`,
// with the same bytes, except for ids (a counter), links, files and errors. Exports never become ready, or are ready at once, with one file
// each. It ignores idempotency keys: a create that is sent again makes another export. GET /_sandbox/stats also shows how many exports had a
// status request, and how many had more than one.
//
// usage: stub PORT [ready]          (0: any free port); prints the port
#define _GNU_SOURCE  // memmem, accept4
#include <sys/epoll.h>

#include "listen.h"
#include "request.h"
#include "exports.h"

enum { DESCRIPTORS = 4096, EVENTS = 64 };

// While responses wait for space in the socket, nothing more is read.
static struct connection {
    char in[REQUEST_LIMIT + 1];
    size_t in_length;
    struct answers out;
    bool waits;
} *connections[DESCRIPTORS];
static int set;

// Responds to the complete requests while there is space for responses.
static void take(struct connection *connection) {
    size_t used = 0;
    while (!connection->out.ends && connection->out.length + ANSWER_LIMIT <= OUT_LIMIT) {
        struct request request;
        enum parsed parsed = parse(connection->in + used, connection->in_length - used, &request);
        if (parsed == PART) break;
        connection->out.ends = parsed == BAD || request.ends;
        if (parsed == WHOLE) answer(&connection->out, &request);
        else put_error(&connection->out, "400 Bad Request", "bad-request", "no request that is understood here");
        used += parsed == WHOLE ? request.size : 0;
    }
    connection->in_length -= used;
    memmove(connection->in, connection->in + used, connection->in_length + 1);
}

static void end(int descriptor) {
    free(connections[descriptor]);
    connections[descriptor] = NULL;
    close(descriptor);
}

static void watch(int descriptor, bool waits) {
    if (connections[descriptor]->waits == waits) return;
    connections[descriptor]->waits = waits;
    epoll_ctl(set, EPOLL_CTL_MOD, descriptor, &(struct epoll_event){.events = waits ? EPOLLOUT : EPOLLIN, .data.fd = descriptor});
}

static void serve(int descriptor) {
    struct connection *connection = connections[descriptor];
    if (!connection->waits) {
        ssize_t got = recv(descriptor, connection->in + connection->in_length, REQUEST_LIMIT - connection->in_length, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) return end(descriptor);
        connection->in_length += (size_t)got;
        connection->in[connection->in_length] = 0;
    }
    struct answers *out = &connection->out;
    for (take(connection); out->length; take(connection)) {
        ssize_t sent = send(descriptor, out->text, out->length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return watch(descriptor, true);
        if (sent < 0) return end(descriptor);
        out->length -= (size_t)sent;
        memmove(out->text, out->text + sent, out->length);
    }
    if (out->ends) end(descriptor);
    else watch(descriptor, false);
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "ready"))) fail("usage: stub PORT [ready]");
    int listener = listen_at(strcmp(argv[1], "0") ? (int)whole(argv[1]) : 0);
    set = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(set, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    stub.is_ready = argc == 3;
    stub.port = port_of(listener);
    printf("%d\n", stub.port);
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS];
        int number = epoll_wait(set, events, EVENTS, -1);
        for (int position = 0; position < number; position++) {
            if (events[position].data.fd != listener) {
                serve(events[position].data.fd);
                continue;
            }
            int accepted = accept_below(DESCRIPTORS, listener);
            if (accepted < 0) continue;
            if (!(connections[accepted] = calloc(1, sizeof **connections))) fail("no memory");
            epoll_ctl(set, EPOLL_CTL_ADD, accepted, &(struct epoll_event){.events = EPOLLIN, .data.fd = accepted});
        }
    }
}
