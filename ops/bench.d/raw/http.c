// GET requests for one URL over persistent connections, with libcurl's multi interface on epoll.
//
// usage: http URL COUNT CONNECTIONS [RATE]          RATE: with one connection, requests a second, steadily, instead of as many as possible
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "measure.h"

enum { DESCRIPTORS = 4096, EVENTS = 64 };

static CURLM *multi;
static int epoll;
// The events watched on each descriptor. A descriptor that libcurl removes stays in the set, because its next request comes soon.
static uint32_t watched[DESCRIPTORS];
static long timeout_ms = -1;
static long rate;
static struct stopwatch since;

static int watch(CURL *easy, curl_socket_t descriptor, int what, void *context, void *unused) {
    (void)easy, (void)context, (void)unused;
    uint32_t wanted = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    if (descriptor >= DESCRIPTORS) fail("too many descriptors");
    if (what == CURL_POLL_REMOVE || wanted == watched[descriptor]) return 0;
    struct epoll_event event = {.events = wanted, .data.fd = descriptor};
    if (epoll_ctl(epoll, watched[descriptor] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
    watched[descriptor] = wanted;
    return 0;
}

// A closed descriptor leaves the set by itself, and its number may be reused.
static int forget(void *context, curl_socket_t descriptor) {
    (void)context;
    watched[descriptor] = 0;
    return close(descriptor);
}

static int set_timer(CURLM *handle, long milliseconds, void *context) {
    (void)handle, (void)context;
    timeout_ms = milliseconds;
    return 0;
}

static size_t discard(char *data, size_t size, size_t number, void *context) {
    (void)data, (void)context;
    return size * number;
}

static CURL *request(const char *url) {
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, forget);
    return easy;
}

static void turn(void) {
    struct epoll_event events[EVENTS];
    int running, number = epoll_wait(epoll, events, EVENTS, timeout_ms < 0 ? 1000 : (int)timeout_ms);
    if (number == 0 && timeout_ms >= 0) {
        timeout_ms = -1;
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int position = 0; position < number; position++) {
        uint32_t got = events[position].events;
        int what = (got & EPOLLIN ? CURL_CSELECT_IN : 0) | (got & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (got & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(multi, events[position].data.fd, what, &running);
    }
}

// Counts what has ended and begins again with the same handles, as long as there is more to do.
static long renew(long begun, long to_begin) {
    long ended = 0;
    int left, running;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        CURL *easy = message->easy_handle;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result || status != 200) fail("GET: %s, status %ld", curl_easy_strerror(message->data.result), status);
        curl_multi_remove_handle(multi, easy);
        if (ended < to_begin) {
            pace(since, rate, begun + ended);
            curl_multi_add_handle(multi, easy);
        } else {
            curl_easy_cleanup(easy);
        }
        ended++;
    }
    // New handles start when libcurl next checks its timers.
    if (ended) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    return ended;
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 5) fail("usage: http URL COUNT CONNECTIONS [RATE]");
    long count = whole(argv[2]), connections = whole(argv[3]);
    rate = argc == 5 ? whole(argv[4]) : 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);

    since = start();
    long begun = count < connections ? count : connections, ended = 0;
    for (long number = 0; number < begun; number++) curl_multi_add_handle(multi, request(argv[1]));
    while (ended < count) {
        turn();
        long now = renew(begun, count - begun);
        ended += now;
        begun = begun + now < count ? begun + now : count;
    }
    report(since, count);
    curl_multi_cleanup(multi);
}
