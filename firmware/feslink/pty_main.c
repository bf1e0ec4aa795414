/* The device as a process on a pseudo-terminal, in real time: what a port looks like on POSIX.
 *
 *     feslink-pty
 *
 * Prints one JSON line with the port, then one for each pulse and each change of state; their
 * t_us is CLOCK_MONOTONIC. Ends with its standard input. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "feslink.h"

#define LOAD_OHM 1000u
#define AWAKE_US 200u /* a process is woken so much before its time, and waits awake */
#define LONGEST_US 100000u

struct bench {
    int port;
    int random;
    uint64_t start_us;
    struct feslink_pulse last;
};

static uint64_t monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* -- the five functions ------------------------------------------------------------------------- */

static uint64_t time_us(void *context)
{
    const struct bench *bench = context;

    return monotonic_us() - bench->start_us;
}

/* What the line does not take at once is lost, as on a full one. */
static void send_bytes(void *context, const uint8_t *bytes, size_t length)
{
    const struct bench *bench = context;

    if (write(bench->port, bytes, length) < 0 && errno != EAGAIN) {
        perror("write");
    }
}

static bool give_pulse(void *context, const struct feslink_pulse *pulse)
{
    struct bench *bench = context;
    uint64_t now_us = monotonic_us();

    bench->last = *pulse;
    printf("{\"t_us\": %" PRIu64 ", \"late_us\": %" PRIu64
           ", \"channel\": %u, \"current_ua\": %s%" PRIu32 ", \"width_us\": %" PRIu32 "}\n",
           now_us, now_us - bench->start_us - pulse->at_us, (unsigned)pulse->channel,
           pulse->inverted ? "-" : "", pulse->current_ua, pulse->width_us);
    fflush(stdout);
    return true;
}

static void measure(void *context, struct feslink_measurement *found)
{
    const struct bench *bench = context;

    found->current_ua = bench->last.current_ua;
    found->voltage_10mv = (uint16_t)((uint64_t)bench->last.current_ua * LOAD_OHM / 10000u);
    found->ohm = LOAD_OHM;
    found->at_its_end = false;
}

static uint32_t nonce(void *context)
{
    const struct bench *bench = context;
    uint32_t number = 0;

    return read(bench->random, &number, sizeof number) == (ssize_t)sizeof number ? number : 0u;
}

/* -- the process -------------------------------------------------------------------------------- */

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void make_raw(int fd)
{
    struct termios mode;

    if (tcgetattr(fd, &mode) != 0) {
        fail("tcgetattr");
    }
    mode.c_iflag = 0;
    mode.c_oflag = 0;
    mode.c_lflag = 0;
    mode.c_cflag = CS8 | CREAD | CLOCAL;
    if (tcsetattr(fd, TCSANOW, &mode) != 0) {
        fail("tcsetattr");
    }
}

/* The device's end; the other is held open too, so that hosts may come and go. */
static int open_port(void)
{
    int port = posix_openpt(O_RDWR | O_NOCTTY);
    int other;

    if (port < 0 || grantpt(port) != 0 || unlockpt(port) != 0) {
        fail("posix_openpt");
    }
    other = open(ptsname(port), O_RDWR | O_NOCTTY);
    if (other < 0) {
        fail("open");
    }
    make_raw(other);
    if (fcntl(port, F_SETFL, O_NONBLOCK) != 0) {
        fail("fcntl");
    }
    return port;
}

/* Where it is allowed to, ahead of everything else; no matter where it is not. */
static void hurry(void)
{
    struct sched_param priority = {0};

    priority.sched_priority = sched_get_priority_min(SCHED_FIFO);
    (void)sched_setscheduler(0, SCHED_FIFO, &priority);
}

static uint64_t until_wake_us(const struct feslink *device, const struct bench *bench)
{
    uint64_t wake_us = feslink_wake_us(device);
    uint64_t now_us = monotonic_us() - bench->start_us;

    if (wake_us <= now_us + AWAKE_US) {
        return 0;
    }
    wake_us -= now_us + AWAKE_US;
    return wake_us < LONGEST_US ? wake_us : LONGEST_US;
}

/* Waits for bytes or for the wake; false at the end of standard input. */
static bool wait_and_take(struct feslink *device, const struct bench *bench)
{
    uint64_t wait_us = until_wake_us(device, bench);
    struct timespec wait = {0};
    uint8_t bytes[256];
    ssize_t length;
    fd_set files;

    wait.tv_nsec = (long)(wait_us * 1000u);
    FD_ZERO(&files);
    FD_SET(bench->port, &files);
    FD_SET(STDIN_FILENO, &files);
    if (pselect(bench->port + 1, &files, NULL, NULL, &wait, NULL) <= 0) {
        return true;
    }
    if (FD_ISSET(STDIN_FILENO, &files) && read(STDIN_FILENO, bytes, sizeof bytes) <= 0) {
        return false;
    }
    length = read(bench->port, bytes, sizeof bytes);
    if (length > 0) {
        feslink_receive(device, bytes, (size_t)length);
    }
    return true;
}

static void tell_state(const struct feslink *device, uint8_t *told)
{
    if (device->state != *told) {
        printf("{\"t_us\": %" PRIu64 ", \"state\": %u, \"fault\": %u}\n", monotonic_us(),
               (unsigned)device->state, (unsigned)device->fault);
        fflush(stdout);
        *told = device->state;
    }
}

int main(void)
{
    static struct feslink device;
    static struct bench bench;
    struct feslink_hal hal = {&bench, time_us, send_bytes, give_pulse, measure, nonce};
    uint8_t told = FESLINK_BOOT;

    bench.port = open_port();
    bench.random = open("/dev/urandom", O_RDONLY);
    if (bench.random < 0) {
        fail("/dev/urandom");
    }
    bench.start_us = monotonic_us();
    hurry();
    feslink_start(&device, &feslink_bench_table, &hal, "PTYC0001", true);
    printf("{\"port\": \"%s\"}\n", ptsname(bench.port));
    fflush(stdout);
    while (wait_and_take(&device, &bench)) {
        feslink_tick(&device);
        tell_state(&device, &told);
    }
    return 0;
}
