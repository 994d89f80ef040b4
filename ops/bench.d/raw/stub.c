// A lean export API whose exports never become ready, so that it is not the API that bounds what is measured. Until an export is ready
// it answers compose/providers/sandbox.yaml as `longhaul sandbox` does, byte for byte but for the ids, which are counted. It knows no
// idempotency keys: an order that comes again makes another export. GET /_sandbox/stats also tells how many exports were asked for
// their status, and how many more than once.
//
// usage: stub PORT          (0: any free one); prints the port
#define _GNU_SOURCE  // memmem, accept4
#include <stdint.h>
#include <sys/epoll.h>

#include "listen.h"
#include "request.h"

enum { DESCRIPTORS = 4096, EVENTS = 64, OUT_LIMIT = 16384, ANSWER_LIMIT = 1024, EXPORTS = 5000000 };

// While answers wait for room in the socket, nothing more is read.
static struct connection {
    char in[REQUEST_LIMIT + 1], out[OUT_LIMIT];
    size_t in_length, out_length;
    bool ends, waits;
} *connections[DESCRIPTORS];
static int set;

static struct {
    long create, status, stats, other, exports, asked, asked_again;
} count;
// How often each export was asked for its status; 2 stands for more, too.
static uint8_t asked[EXPORTS];

static void put(struct connection *connection, const char *status, const char *fields, const char *body) {
    connection->out_length += (size_t)snprintf(
        connection->out + connection->out_length, ANSWER_LIMIT,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n%s\r\n%s", status, fields, strlen(body),
        connection->ends ? "Connection: close\r\n" : "", body);
}

static void put_error(struct connection *connection, const char *status, const char *code, const char *message) {
    char body[256];
    snprintf(body, sizeof body, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code, message);
    put(connection, status, "", body);
}

static void put_export(struct connection *connection, const char *status, const char *fields, long number) {
    char body[128];
    snprintf(body, sizeof body, "{\"id\":\"ex-%016lx\",\"status\":\"IN_PROGRESS\",\"percent\":0}", number);
    put(connection, status, fields, body);
}

static void create(struct connection *connection) {
    char location[64];
    count.create++;
    if (count.exports == EXPORTS) return put_error(connection, "503 Service Unavailable", "full", "there is no room for another export");
    snprintf(location, sizeof location, "Location: /v2/exports/ex-%016lx\r\n", count.exports);
    put_export(connection, "202 Accepted", location, count.exports++);
}

// -1 if there is no export of this id: `ex-` and 16 hexadecimal digits.
static long number_of(const char *id, size_t length) {
    unsigned long number = 0;
    if (length != 19 || memcmp(id, "ex-", 3)) return -1;
    for (const char *digit = id + 3; digit < id + length; digit++) {
        if (!isdigit((unsigned char)*digit) && (*digit < 'a' || *digit > 'f')) return -1;
        number = number << 4 | (unsigned long)(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
    }
    return number < (unsigned long)count.exports ? (long)number : -1;
}

static void tell_status(struct connection *connection, const char *id, size_t length) {
    long number = number_of(id, length);
    count.status++;
    if (number < 0) return put_error(connection, "404 Not Found", "no-such-export", "there is no export of this id");
    if (asked[number] == 0) count.asked++;
    if (asked[number] == 1) count.asked_again++;
    if (asked[number] < 2) asked[number]++;
    put_export(connection, "200 OK", "", number);
}

static void tell_stats(struct connection *connection) {
    char body[512];
    count.stats++;
    snprintf(
        body, sizeof body,
        "{\"requests\":{\"create\":%ld,\"status\":%ld,\"stats\":%ld,\"other\":%ld},"
        "\"exports\":{\"created\":%ld,\"asked\":%ld,\"askedAgain\":%ld}}",
        count.create, count.status, count.stats, count.other, count.exports, count.asked, count.asked_again);
    put(connection, "200 OK", "", body);
}

static void answer(struct connection *connection, const struct request *request) {
    static const char export[] = "/v2/exports/";
    size_t prefix = sizeof export - 1;
    if (request->method_length == 3 && !memcmp(request->method, "GET", 3) && request->target_length > prefix &&
        !memcmp(request->target, export, prefix) && !memchr(request->target + prefix, '/', request->target_length - prefix))
        return tell_status(connection, request->target + prefix, request->target_length - prefix);
    if (is(request, "POST", "/v2/exports")) return create(connection);
    if (is(request, "GET", "/_sandbox/stats")) return tell_stats(connection);
    count.other++;
    put_error(connection, "404 Not Found", "no-such-path", "there is nothing at this path");
}

// Answers the requests that have come whole, as far as there is room for answers.
static void take(struct connection *connection) {
    size_t used = 0;
    while (!connection->ends && connection->out_length + ANSWER_LIMIT <= OUT_LIMIT) {
        struct request request;
        enum parsed parsed = parse(connection->in + used, connection->in_length - used, &request);
        if (parsed == PART) break;
        connection->ends = parsed == BAD || request.ends;
        if (parsed == WHOLE) answer(connection, &request);
        else put_error(connection, "400 Bad Request", "bad-request", "no request that is understood here");
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
    for (take(connection); connection->out_length; take(connection)) {
        ssize_t sent = send(descriptor, connection->out, connection->out_length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return watch(descriptor, true);
        if (sent < 0) return end(descriptor);
        connection->out_length -= (size_t)sent;
        memmove(connection->out, connection->out + sent, connection->out_length);
    }
    if (connection->ends) end(descriptor);
    else watch(descriptor, false);
}

int main(int argc, char **argv) {
    if (argc != 2) fail("usage: stub PORT");
    int listener = listen_at(strcmp(argv[1], "0") ? (int)whole(argv[1]) : 0);
    set = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(set, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    printf("%d\n", port_of(listener));
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
