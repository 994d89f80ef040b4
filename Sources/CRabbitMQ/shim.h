#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <amqp_ssl_socket.h>

// Swift does not import variadic functions and macros that contain a cast.
static const amqp_method_number_t shim_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const amqp_method_number_t shim_connection_close_ok = AMQP_CONNECTION_CLOSE_OK_METHOD;
static const amqp_method_number_t shim_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const amqp_method_number_t shim_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const amqp_method_number_t shim_channel_open = AMQP_CHANNEL_OPEN_METHOD;
static const amqp_method_number_t shim_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const amqp_method_number_t shim_channel_close_ok = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const amqp_method_number_t shim_confirm_select = AMQP_CONFIRM_SELECT_METHOD;
static const amqp_method_number_t shim_confirm_select_ok = AMQP_CONFIRM_SELECT_OK_METHOD;
static const amqp_method_number_t shim_basic_qos = AMQP_BASIC_QOS_METHOD;
static const amqp_method_number_t shim_basic_consume = AMQP_BASIC_CONSUME_METHOD;
static const amqp_method_number_t shim_basic_consume_ok = AMQP_BASIC_CONSUME_OK_METHOD;
static const amqp_method_number_t shim_basic_cancel = AMQP_BASIC_CANCEL_METHOD;
static const amqp_method_number_t shim_basic_cancel_ok = AMQP_BASIC_CANCEL_OK_METHOD;
static const amqp_method_number_t shim_basic_publish = AMQP_BASIC_PUBLISH_METHOD;
static const amqp_method_number_t shim_basic_return = AMQP_BASIC_RETURN_METHOD;
static const amqp_method_number_t shim_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const amqp_method_number_t shim_basic_ack = AMQP_BASIC_ACK_METHOD;
static const amqp_method_number_t shim_basic_nack = AMQP_BASIC_NACK_METHOD;

static inline amqp_rpc_reply_t shim_login_plain(amqp_connection_state_t state, const char *vhost, int channel_max,
                                                int frame_max, int heartbeat, const amqp_table_t *properties,
                                                const char *user, const char *password) {
    return amqp_login_with_properties(state, vhost, channel_max, frame_max, heartbeat, properties, AMQP_SASL_METHOD_PLAIN,
                                      user, password);
}
