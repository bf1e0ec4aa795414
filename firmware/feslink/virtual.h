/* Hardware whose time is handed in: for differential tests and for fuzzing. No part of a port. */

#ifndef FESLINK_VIRTUAL_H
#define FESLINK_VIRTUAL_H

#include "feslink.h"

#define VIRTUAL_OUT_MAX 65536u
#define VIRTUAL_PULSES_MAX 1024u
#define VIRTUAL_NONCES_MAX 1024u

struct virtual_pulse {
    uint64_t begun_us;
    struct feslink_pulse pulse;
};

struct virtual_bench {
    struct feslink device;
    struct feslink_table table;
    struct feslink_hal hal;
    uint64_t now_us;

    /* The electrodes, all alike, and the output stage. */
    uint32_t ohm;
    uint32_t compliance_v;
    bool fails;            /* the stage does not start */
    uint32_t lacks_ua;     /* so much less flows than was asked for, unnoticed by its voltage */
    struct virtual_pulse last;
    uint32_t last_ohm;     /* that it met */

    /* What came out since it was taken. */
    uint8_t out[VIRTUAL_OUT_MAX];
    size_t out_length;
    struct virtual_pulse pulses[VIRTUAL_PULSES_MAX];
    size_t pulse_count;

    uint32_t nonces[VIRTUAL_NONCES_MAX];
    size_t nonce_count;
    size_t nonce_next;

    /* Called at each pulse, where one is set. */
    void (*watch)(struct virtual_bench *bench, const struct feslink_pulse *pulse);
};

size_t virtual_size(void);
void virtual_start(struct virtual_bench *bench, const struct feslink_table *table,
                   const char *serial, uint64_t boot_us, bool self_test_passed);
void virtual_nonce(struct virtual_bench *bench, uint32_t nonce);
void virtual_stage(struct virtual_bench *bench, uint32_t ohm, uint32_t compliance_v, bool fails,
                   uint32_t lacks_ua);

/* A timer that is never late: ticks whenever something is due, up to and at `to_us`. */
void virtual_advance(struct virtual_bench *bench, uint64_t to_us);

/* A timer that is: the next tick is at `at_us`, whatever was due. */
void virtual_tick_late(struct virtual_bench *bench, uint64_t at_us);

void virtual_receive(struct virtual_bench *bench, uint64_t at_us, const uint8_t *bytes,
                     size_t length);
void virtual_button(struct virtual_bench *bench, uint64_t at_us, bool pressed);

size_t virtual_take_out(struct virtual_bench *bench, uint8_t *bytes);
size_t virtual_take_pulses(struct virtual_bench *bench, struct virtual_pulse *pulses);
uint8_t virtual_state(const struct virtual_bench *bench);
uint8_t virtual_fault(const struct virtual_bench *bench);
uint64_t virtual_wake_us(const struct virtual_bench *bench);

#endif
