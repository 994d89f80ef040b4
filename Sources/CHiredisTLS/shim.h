#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// The module CHiredis defines this type.
typedef struct redisContext redisContext;
#include <hiredis/hiredis_ssl.h>

// Swift cannot pass a pointer to a type that another module defines.
static inline int shim_tls_start(void *context, SSL *ssl) { return redisInitiateSSL((redisContext *)context, ssl); }

// Swift does not import macros that contain a call or a cast.
static inline int shim_tls_require_1_2(SSL_CTX *context) { return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); }
static inline void shim_tls_refuse_renegotiation(SSL_CTX *context) { SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION); }
static inline int shim_tls_set_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }
static inline int shim_tls_is_waiting(const SSL *ssl) { return SSL_want_read(ssl) || SSL_want_write(ssl); }

// Since OpenSSL 3, a peer that closes without notice is a separate error.
static inline int shim_tls_is_end(unsigned long error) {
#ifdef SSL_R_UNEXPECTED_EOF_WHILE_READING
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
#else
    return 0;
#endif
}
