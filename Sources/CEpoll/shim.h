#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <pthread.h>

// Swift imports EFD_* and EPOLL* as enums that it cannot combine.
static inline int shim_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int shim_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline void shim_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
