// Object storage that accepts everything and stores nothing: responds to each request with 200, and to GET /_count with the number of PUTs.
//
// usage: s3 PORT
#define _GNU_SOURCE  // strcasestr, accept4
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "listen.h"

enum { DESCRIPTORS = 4096, HEAD_LIMIT = 16384, PIECE = 65536, EVENTS = 64 };

// The part of a request received so far: its head, and the size of the missing rest of its body.
static struct connection {
    char head[HEAD_LIMIT + 1];
    size_t length, body;
} *connections[DESCRIPTORS];
static long puts_seen;

static void answer(int descriptor, const char *head) {
    char body[128] = "", text[512];
    if (!strncmp(head, "PUT ", 4)) puts_seen++;
    if (!strncmp(head, "GET /_count ", 12)) snprintf(body, sizeof body, "%ld", puts_seen);
    // A worker lists partial uploads when it starts.
    else if (!strncmp(head, "GET ", 4)) strcpy(body, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>");
    int length = snprintf(
        text, sizeof text, "HTTP/1.1 200 OK\r\nETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    // The empty send buffer of a socket always has room for this.
    if (send(descriptor, text, (size_t)length, MSG_NOSIGNAL) != length) perror("send");
}

static size_t body_length(const char *head) {
    const char *field = strcasestr(head, "\r\ncontent-length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

static void end(int descriptor) {
    free(connections[descriptor]);
    connections[descriptor] = NULL;
    close(descriptor);
}

// Consumes bytes and responds to each complete request.
static void take(int descriptor, const char *data, size_t size) {
    struct connection *connection = connections[descriptor];
    while (size) {
        if (!connection->body) {
            size_t room = HEAD_LIMIT - connection->length, taken = size < room ? size : room;
            memcpy(connection->head + connection->length, data, taken);
            size_t before = connection->length;
            connection->length += taken;
            connection->head[connection->length] = 0;
            char *blank = strstr(connection->head, "\r\n\r\n");
            if (!blank && connection->length == HEAD_LIMIT) return end(descriptor);
            if (!blank) return;
            size_t head = (size_t)(blank + 4 - connection->head), used = head - before;
            blank[2] = 0;
            data += used, size -= used;
            connection->length = 0;
            connection->body = body_length(connection->head);
        }
        size_t taken = size < connection->body ? size : connection->body;
        connection->body -= taken;
        data += taken, size -= taken;
        if (!connection->body) answer(descriptor, connection->head);
    }
}

static void serve(int descriptor) {
    static char piece[PIECE];
    ssize_t got = recv(descriptor, piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) end(descriptor);
    else take(descriptor, piece, (size_t)got);
}

int main(int argc, char **argv) {
    if (argc != 2) fail("usage: s3 PORT");
    int listener = listen_at((int)whole(argv[1])), set = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(set, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        struct epoll_event events[EVENTS];
        int number = epoll_wait(set, events, EVENTS, -1);
        for (int position = 0; position < number; position++) {
            int descriptor = events[position].data.fd;
            if (descriptor != listener) {
                serve(descriptor);
                continue;
            }
            int accepted = accept_below(DESCRIPTORS, listener);
            if (accepted < 0) continue;
            if (!(connections[accepted] = calloc(1, sizeof **connections))) fail("no memory");
            epoll_ctl(set, EPOLL_CTL_ADD, accepted, &(struct epoll_event){.events = EPOLLIN, .data.fd = accepted});
        }
    }
}
