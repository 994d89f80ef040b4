// Scripts of two writes, EVALSHA by hiredis in pipelines: a pipeline is one write, and the next one follows after its replies.
//
// usage: redis PORT COUNT DEPTH [RATE]          DEPTH: scripts a pipeline; RATE: scripts a second, steadily;
// what has become due during a pipeline is the next one
#include <hiredis/hiredis.h>
#include <string.h>

#include "measure.h"

// The writes of rescheduling a job: its fields and its timer.
static const char SCRIPT[] =
    "redis.call('HSET', KEYS[1], 'version', ARGV[2], 'nextPollAt', ARGV[3])"
    "redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])"
    "return 1";
enum { JOBS = 10000, PARTITIONS = 16 };

static redisReply *answer(redisContext *redis) {
    redisReply *reply;
    if (redisGetReply(redis, (void **)&reply)) fail("Redis: %s", redis->errstr);
    if (reply->type == REDIS_REPLY_ERROR) fail("Redis: %s", reply->str);
    return reply;
}

static void append(redisContext *redis, const char *sha, long number) {
    char id[32], job[64], due[32], version[24], score[24];
    long partition = number % PARTITIONS;
    snprintf(id, sizeof id, "0d7f4c2e-%012ld", number % JOBS);
    snprintf(job, sizeof job, "{raw:%02ld}:job:%s", partition, id);
    snprintf(due, sizeof due, "{raw:%02ld}:due", partition);
    snprintf(version, sizeof version, "%ld", number);
    snprintf(score, sizeof score, "%ld", 1700000000000 + number);
    const char *words[] = {"EVALSHA", sha, "2", job, due, id, version, score};
    if (redisAppendCommandArgv(redis, sizeof words / sizeof *words, words, NULL)) fail("Redis: %s", redis->errstr);
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 5) fail("usage: redis PORT COUNT DEPTH [RATE]");
    long count = whole(argv[2]), depth = whole(argv[3]), rate = argc == 5 ? whole(argv[4]) : 0;
    redisContext *redis = redisConnect("127.0.0.1", (int)whole(argv[1]));
    if (!redis || redis->err) fail("cannot connect to Redis");
    redisAppendCommand(redis, "SCRIPT LOAD %s", SCRIPT);
    redisReply *loaded = answer(redis);

    struct stopwatch since = start();
    for (long done = 0; done < count;) {
        long batch = pace(since, rate, done);
        if (batch > depth) batch = depth;
        if (batch > count - done) batch = count - done;
        for (long position = 0; position < batch; position++) append(redis, loaded->str, done + position);
        for (long position = 0; position < batch; position++) freeReplyObject(answer(redis));
        done += batch;
    }
    report(since, count);
    freeReplyObject(loaded);
    redisFree(redis);
}
