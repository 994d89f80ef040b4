// The exports of the stub and its responses.
#pragma once
#include <stdint.h>

#include "request.h"

enum { OUT_LIMIT = 65536, ANSWER_LIMIT = 16384, TOGETHER = 200, EXPORTS = 5000000, FILE_BYTES = 1000 };
_Static_assert(TOGETHER * 64 + 64 < ANSWER_LIMIT - 512, "an answer has room for many exports");
_Static_assert(FILE_BYTES + 512 < ANSWER_LIMIT, "an answer has room for a file and its fields");
// The number of letters x.
#define FILE_SHA256 "44f8354494a5ba03ba1792a8d3e9c534c47a9181980fde7a3f44b06ef2ae7c7f"
// As long as a signature of the simulated API. Nothing checks it.
#define SIGNATURE "expires=4102444800&signature=" FILE_SHA256

struct answers {
    char text[OUT_LIMIT];
    size_t length;
    bool ends;
};

// Settings of the server: whether exports are ready at once, and the port in the links to their files.
static struct {
    bool is_ready;
    int port;
} stub;

static struct {
    long create, status, together, files, download, stats, other, exports, asked, asked_again;
} count;
// The number of status requests for each export; 2 means two or more.
static uint8_t asked[EXPORTS];

static void put(struct answers *answers, const char *status, const char *fields, const char *body) {
    answers->length += (size_t)snprintf(
        answers->text + answers->length, ANSWER_LIMIT, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n%s\r\n%s", status, fields, strlen(body),
        answers->ends ? "Connection: close\r\n" : "", body);
}

static void put_json(struct answers *answers, const char *status, const char *fields, const char *body) {
    char all[128];
    snprintf(all, sizeof all, "Content-Type: application/json\r\n%s", fields);
    put(answers, status, all, body);
}

static void put_error(struct answers *answers, const char *status, const char *code, const char *message) {
    char body[256];
    snprintf(body, sizeof body, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code, message);
    put_json(answers, status, "", body);
}

static const char *state(void) { return stub.is_ready ? "\"DONE\",\"percent\":100" : "\"IN_PROGRESS\",\"percent\":0"; }

static void put_export(struct answers *answers, const char *status, const char *fields, long number) {
    char body[128];
    snprintf(body, sizeof body, "{\"id\":\"ex-%016lx\",\"status\":%s}", number, state());
    put_json(answers, status, fields, body);
}

static void create(struct answers *answers) {
    char location[64];
    count.create++;
    if (count.exports == EXPORTS) return put_error(answers, "503 Service Unavailable", "full", "there is no room for another export");
    snprintf(location, sizeof location, "Location: /v2/exports/ex-%016lx\r\n", count.exports);
    put_export(answers, "202 Accepted", location, count.exports++);
}

static void note_asked(long number) {
    count.status++;
    if (asked[number] == 0) count.asked++;
    if (asked[number] == 1) count.asked_again++;
    if (asked[number] < 2) asked[number]++;
}

// `ex-` and 16 hexadecimal digits; -1 if that is no export.
static long number_at(const char *text) {
    unsigned long number = 0;
    if (memcmp(text, "ex-", 3)) return -1;
    for (const char *digit = text + 3; digit < text + 19; digit++) {
        if (!isdigit((unsigned char)*digit) && (*digit < 'a' || *digit > 'f')) return -1;
        number = number << 4 | (unsigned long)(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
    }
    return number < (unsigned long)count.exports ? (long)number : -1;
}

static void tell_status(struct answers *answers, long number) {
    note_asked(number);
    put_export(answers, "200 OK", "", number);
}

// Of the exports behind `ids=`, separated by commas.
static void tell_together(struct answers *answers, const struct request *request, size_t at) {
    static char body[ANSWER_LIMIT - 512];
    size_t length = (size_t)snprintf(body, sizeof body, "{\"exports\":[");
    int told = 0;
    count.together++;
    // A comma, or %2C.
    for (; at + 19 <= request->target_length && told < TOGETHER; at += request->target[at + 19] == '%' ? 22 : 20, told++) {
        long number = number_at(request->target + at);
        if (number < 0) break;
        note_asked(number);
        length += (size_t)snprintf(
            body + length, sizeof body - length, "%s{\"id\":\"ex-%016lx\",\"status\":%s}", told ? "," : "", number, state());
    }
    snprintf(body + length, sizeof body - length, "]}");
    put_json(answers, "200 OK", "", body);
}

static void tell_files(struct answers *answers, long number) {
    char body[512];
    count.files++;
    if (!stub.is_ready) return put_error(answers, "409 Conflict", "not-ready", "the export is not ready");
    snprintf(
        body, sizeof body,
        "{\"files\":[{\"name\":\"orders-0001.csv\",\"url\":\"http://127.0.0.1:%d/v2/files/ex-%016lx/0/orders-0001.csv?" SIGNATURE
        "\",\"bytes\":%d,\"sha256\":\"" FILE_SHA256 "\",\"expires\":4102444800}],\"nextPage\":null}",
        stub.port, number, FILE_BYTES);
    put_json(answers, "200 OK", "", body);
}

static void give_file(struct answers *answers) {
    static char body[FILE_BYTES + 1];
    if (!*body) memset(body, 'x', FILE_BYTES);
    count.download++;
    put(answers, "200 OK", "Content-Type: text/csv\r\nAccept-Ranges: bytes\r\nETag: \"" FILE_SHA256 "\"\r\n", body);
}

static void tell_stats(struct answers *answers) {
    char body[512];
    count.stats++;
    snprintf(
        body, sizeof body,
        "{\"requests\":{\"create\":%ld,\"status\":%ld,\"together\":%ld,\"files\":%ld,\"download\":%ld,\"stats\":%ld,\"other\":%ld},"
        "\"exports\":{\"created\":%ld,\"asked\":%ld,\"askedAgain\":%ld}}",
        count.create, count.status, count.together, count.files, count.download, count.stats, count.other, count.exports, count.asked, count.asked_again);
    put_json(answers, "200 OK", "", body);
}

// The number of the export in a target after the prefix: `ex-` and 16 hexadecimal digits, then `rest`, or the end if there is no `rest`.
// -1 if the target names no export.
static long export_at(const struct request *request, const char *prefix, const char *rest) {
    size_t before = strlen(prefix), id = before + 19;
    const char *target = request->target;
    if (request->target_length < id + strlen(rest) || memcmp(target, prefix, before)) return -1;
    bool is_whole = *rest ? !memcmp(target + id, rest, strlen(rest)) : request->target_length == id;
    return is_whole ? number_at(target + before) : -1;
}

static void answer(struct answers *answers, const struct request *request) {
    if (is(request, "POST", "/v2/exports")) return create(answers);
    if (is(request, "GET", "/_sandbox/stats")) return tell_stats(answers);
    if (request->method_length == 3 && !memcmp(request->method, "GET", 3)) {
        static const char TOGETHER_TARGET[] = "/v2/exports?ids=";
        size_t prefix = sizeof TOGETHER_TARGET - 1;
        long number;
        if (request->target_length > prefix && !memcmp(request->target, TOGETHER_TARGET, prefix))
            return tell_together(answers, request, prefix);
        if ((number = export_at(request, "/v2/exports/", "")) >= 0) return tell_status(answers, number);
        if ((number = export_at(request, "/v2/exports/", "/files")) >= 0) return tell_files(answers, number);
        if (stub.is_ready && export_at(request, "/v2/files/", "/0/orders-0001.csv?" SIGNATURE) >= 0) return give_file(answers);
    }
    count.other++;
    put_error(answers, "404 Not Found", "not-found", "there is nothing at this path");
}
