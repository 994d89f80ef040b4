// Finds HTTP/1.1 requests in the bytes from a client.
#pragma once
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// The maximum size of a request with its body.
enum { REQUEST_LIMIT = 16384 };

struct request {
    const char *method, *target;
    size_t method_length, target_length;
    // Including its body.
    size_t size;
    // The client wants no further response on this connection.
    bool ends;
};

enum parsed { PART, WHOLE, BAD };

static inline bool begins(const char *text, const char *word) {
    return !strncasecmp(text, word, strlen(word));
}

static inline const char *value_of(const char *field) {
    const char *value = strchr(field, ':') + 1;
    return value + strspn(value, " \t");
}

// The header fields: the text from the end of the request line to the end of the last field.
static inline bool parse_fields(const char *line, const char *last, size_t *body, bool *ends) {
    while (line < last) {
        const char *field = line + 2;
        if (line[1] != '\n' || begins(field, "transfer-encoding:")) return false;
        if (begins(field, "connection:")) *ends = begins(value_of(field), "close");
        if (begins(field, "content-length:")) {
            char *after = NULL;
            const char *value = value_of(field);
            if (!isdigit((unsigned char)*value)) return false;
            *body = strtoul(value, &after, 10);
            if (*after != '\r' || *body > REQUEST_LIMIT) return false;
        }
        line = memchr(field, '\r', (size_t)(last + 1 - field));
    }
    return true;
}

// Finds the first request of a text. A zero byte must follow its `size` bytes.
static inline enum parsed parse(const char *text, size_t size, struct request *request) {
    const char *last = memmem(text, size, "\r\n\r\n", 4);
    if (!last) return size < REQUEST_LIMIT ? PART : BAD;
    const char *line = memchr(text, '\r', size), *method_end = memchr(text, ' ', (size_t)(line - text));
    if (!method_end) return BAD;
    const char *target = method_end + 1, *target_end = memchr(target, ' ', (size_t)(line - target));
    if (!target_end || line - target_end != 9 || memcmp(target_end, " HTTP/1.", 8)) return BAD;
    size_t body = 0;
    bool ends = target_end[8] == '0';
    if (!parse_fields(line, last, &body, &ends)) return BAD;
    *request = (struct request){
        text, target, (size_t)(method_end - text), (size_t)(target_end - target), (size_t)(last + 4 - text) + body, ends};
    if (request->size > REQUEST_LIMIT) return BAD;
    return request->size <= size ? WHOLE : PART;
}

static inline bool is(const struct request *request, const char *method, const char *target) {
    return request->method_length == strlen(method) && !memcmp(request->method, method, request->method_length) &&
           request->target_length == strlen(target) && !memcmp(request->target, target, request->target_length);
}
