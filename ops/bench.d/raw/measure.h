// Shared by the raw programs: clocks, failing, and the JSON line of the report.
#pragma once
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double clock_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static inline long whole(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (*end || number <= 0) fail("%s is no positive whole number", text);
    return number;
}

struct stopwatch {
    double wall, cpu;
};

static inline struct stopwatch start(void) {
    return (struct stopwatch){clock_seconds(CLOCK_MONOTONIC), clock_seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

// Sleeps until the operation of this number is due at `rate` operations a second, counted from 0, and returns how many are due by then:
// more than one if the program is late. Of the rate 0 all are due.
static inline long pace(struct stopwatch since, long rate, long number) {
    if (!rate) return LONG_MAX;
    double due = since.wall + (double)number / (double)rate;
    struct timespec at = {.tv_sec = (time_t)due, .tv_nsec = (long)((due - (double)(time_t)due) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {}
    long passed = (long)((clock_seconds(CLOCK_MONOTONIC) - since.wall) * (double)rate) + 1;
    return passed > number ? passed - number : 1;
}

// CPU time is that of all threads of this process.
static inline void report(struct stopwatch since, long operations) {
    struct stopwatch now = start();
    printf("{\"operations\": %ld, \"seconds\": %.6f, \"cpu\": %.6f}\n", operations, now.wall - since.wall, now.cpu - since.cpu);
}
