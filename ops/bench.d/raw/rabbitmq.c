// Publishes, consumes and acknowledges messages with librabbitmq: one connection and thread publishes, another consumes.
//
// usage: rabbitmq PORT transient|confirmed COUNT BYTES [RATE]
//   transient  into a classic queue, without confirms
//   confirmed  persistent, into a quorum queue, with publisher confirms, two batches of which are on their way at most
//   RATE       messages a second, steadily, each acknowledged by itself, instead of as many as possible
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

// Messages per acknowledgement, messages per check of the confirms, and the publisher's maximum lead over the consumer.
enum { CHANNEL = 1, BATCH = 200, PREFETCH = 2000, LEAD = 20000 };

static int port;
static long count, rate;
static size_t size;
static int is_confirmed;
static amqp_bytes_t queue;
static atomic_long delivered;
static struct stopwatch since;

static void check(amqp_rpc_reply_t reply, const char *what) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) fail("%s: %s", what, amqp_error_string2(reply.library_error));
    fail("%s: the broker closed the channel or connection", what);
}

static amqp_connection_state_t connect_to_broker(void) {
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_tcp_socket_new(connection);
    if (!socket || amqp_socket_open(socket, "127.0.0.1", port)) fail("cannot connect to port %d", port);
    check(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(connection, CHANNEL);
    check(amqp_get_rpc_reply(connection), "channel.open");
    return connection;
}

static void declare(amqp_connection_state_t connection) {
    amqp_table_entry_t kind = {
        .key = amqp_cstring_bytes("x-queue-type"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(is_confirmed ? "quorum" : "classic")}};
    amqp_queue_declare(connection, CHANNEL, queue, 0, 1, 0, 0, (amqp_table_t){.num_entries = 1, .entries = &kind});
    check(amqp_get_rpc_reply(connection), "queue.declare");
}

static void *consume(void *argument) {
    amqp_connection_state_t connection = argument;
    for (long received = 1; received <= count; received++) {
        amqp_envelope_t envelope;
        struct timeval patience = {.tv_sec = 30};
        amqp_maybe_release_buffers(connection);
        check(amqp_consume_message(connection, &envelope, &patience, 0), "delivery");
        if (rate || received % BATCH == 0 || received == count) amqp_basic_ack(connection, CHANNEL, envelope.delivery_tag, 1);
        amqp_destroy_envelope(&envelope);
        atomic_store_explicit(&delivered, received, memory_order_relaxed);
    }
    return NULL;
}

// Reads confirms until at most the given number of messages is unconfirmed. Tags start at 1; all below `first` are confirmed.
static void await_confirms(amqp_connection_state_t connection, char *confirmed, uint64_t published, uint64_t *first, uint64_t allowed) {
    while (published + 1 - *first > allowed) {
        amqp_frame_t frame;
        amqp_maybe_release_buffers(connection);
        if (amqp_simple_wait_frame(connection, &frame)) fail("the connection broke while confirms were awaited");
        if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("the broker refused a message");
        amqp_basic_ack_t *ack = frame.payload.method.decoded;
        if (ack->multiple) memset(confirmed + *first, 1, ack->delivery_tag + 1 - *first);
        else confirmed[ack->delivery_tag] = 1;
        while (*first <= published && confirmed[*first]) ++*first;
    }
}

static void publish(amqp_connection_state_t connection) {
    amqp_bytes_t body = {.len = size, .bytes = malloc(size)};
    char *confirmed = calloc((size_t)count + 2, 1);
    uint64_t first = 1;
    memset(body.bytes, 'x', size);
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG, .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = is_confirmed ? 2 : 1};
    for (long sent = 1; sent <= count; sent++) {
        pace(since, rate, sent - 1);
        if (amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes, queue, 0, 0, &properties, body)) fail("cannot publish");
        if (sent % BATCH) continue;
        if (is_confirmed) await_confirms(connection, confirmed, (uint64_t)sent, &first, BATCH);
        while (sent - atomic_load_explicit(&delivered, memory_order_relaxed) > LEAD) usleep(1000);
    }
    if (is_confirmed) await_confirms(connection, confirmed, (uint64_t)count, &first, 0);
}

int main(int argc, char **argv) {
    if (argc < 5 || argc > 6) fail("usage: rabbitmq PORT transient|confirmed COUNT BYTES [RATE]");
    port = (int)whole(argv[1]);
    is_confirmed = strcmp(argv[2], "confirmed") == 0;
    count = whole(argv[3]);
    size = (size_t)whole(argv[4]);
    rate = argc == 6 ? whole(argv[5]) : 0;
    queue = amqp_cstring_bytes(is_confirmed ? "bench.raw.quorum" : "bench.raw.classic");

    amqp_connection_state_t publisher = connect_to_broker(), consumer = connect_to_broker();
    declare(consumer);
    if (is_confirmed) {
        amqp_confirm_select(publisher, CHANNEL);
        check(amqp_get_rpc_reply(publisher), "confirm.select");
    }
    amqp_basic_qos(consumer, CHANNEL, 0, PREFETCH, 0);
    amqp_basic_consume(consumer, CHANNEL, queue, amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(consumer), "basic.consume");

    since = start();
    pthread_t thread;
    if (pthread_create(&thread, NULL, consume, consumer)) fail("no thread");
    publish(publisher);
    pthread_join(thread, NULL);
    report(since, count);
    amqp_connection_close(publisher, AMQP_REPLY_SUCCESS);
    amqp_connection_close(consumer, AMQP_REPLY_SUCCESS);
}
