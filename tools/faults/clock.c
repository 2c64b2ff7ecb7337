/* Beneath the C library: the wall clock jumps ten years forth and back, every 64 readings; other clocks are let be.
   With FAULTS_CLOCK_YEARS it is that many years ahead, always. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    static unsigned readings;
    const char *years = getenv("FAULTS_CLOCK_YEARS");
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME) {
        int jump = years ? atoi(years) : ((int)(__sync_fetch_and_add(&readings, 1) / 64 % 3) - 1) * 10;
        now->tv_sec += (time_t)jump * 365 * 86400;
    }
    return result;
}
