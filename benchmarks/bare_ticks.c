/* Ticks by absolute deadlines in C: what the machine does to a program that does nothing else.
 *
 *     bare_ticks COUNT PERIOD_US PRIORITY
 *
 * PRIORITY 0 is ordinary; above, SCHED_FIFO with all memory locked where that is allowed. One JSON
 * line: how many ticks rang more than 2 ms late, and the latest.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

int main(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    const long count = atol(argv[1]);
    const long period_ns = atol(argv[2]) * 1000L;
    const struct sched_param asked = { .sched_priority = atoi(argv[3]) };
    int got = 0;
    if (asked.sched_priority > 0) {
        got = sched_setscheduler(0, SCHED_FIFO, &asked) == 0 && mlockall(MCL_CURRENT) == 0;
    }
    struct timespec due, now;
    long beyond = 0;
    double most_ms = 0.0;
    clock_gettime(CLOCK_MONOTONIC, &due);
    for (long number = 0; number < count; number++) {
        due.tv_nsec += period_ns;
        while (due.tv_nsec >= 1000000000L) {
            due.tv_nsec -= 1000000000L;
            due.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        const double late_ms = (double)(now.tv_sec - due.tv_sec) * 1e3
            + (double)(now.tv_nsec - due.tv_nsec) / 1e6;
        beyond += late_ms > 2.0;
        most_ms = late_ms > most_ms ? late_ms : most_ms;
    }
    printf("{\"beyond_2_ms\": %ld, \"max_ms\": %.3f, \"priority\": %s}\n", beyond, most_ms,
        got ? "true" : "false");
    return 0;
}
