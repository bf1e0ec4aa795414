/* feslink 1.0, the device's side: docs/reference/feslink.md is what it does, state for state.
 *
 * Bytes and instants in, answers and pulses out through the five functions of hal.h. No memory is
 * allocated, nothing recurses, nothing is a float. One context calls it: where a timer's interrupt
 * calls feslink_tick, mask that interrupt around feslink_receive and feslink_button. */

#ifndef FESLINK_H
#define FESLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "hal.h"
#include "limits.h"

#define FESLINK_MAJOR 1u
#define FESLINK_MINOR 0u
#define FESLINK_FIRMWARE_MAJOR 1u
#define FESLINK_FIRMWARE_MINOR 0u
#define FESLINK_FIRMWARE_PATCH 0u

/* How much room there is; a table may ask for less. */
#ifndef FESLINK_CHANNELS_MAX
#define FESLINK_CHANNELS_MAX 8u
#endif
#ifndef FESLINK_QUEUE_MAX
#define FESLINK_QUEUE_MAX 8u
#endif

#define FESLINK_NEVER_US UINT64_MAX
#define FESLINK_BOOT_US 50000u
#define FESLINK_OFFER_US 1000000u /* a nonce that was offered is good for so long */
#ifndef FESLINK_LATE_US /* more is for a process on a pty only */
#define FESLINK_LATE_US 1000u /* a pulse that cannot begin within this is not given */
#endif
#define FESLINK_GAP_US 200u       /* between pulses of two channels: one stage serves them all */
#define FESLINK_SOON_US 1000000u
#define FESLINK_SOON_MOST 5u /* so many too soon in so long: too high a rate */
#define FESLINK_SHORT_OHM 100u
#define FESLINK_OPEN_OHM 65535u
#define FESLINK_NO_CHANNEL 255u
#define FESLINK_ASYMMETRY 4u
#define FESLINK_OUTPUT_PERCENT 10u /* current may differ by so much, and by one step */

enum feslink_state { FESLINK_BOOT, FESLINK_IDLE, FESLINK_ARMED, FESLINK_LATCHED };

enum feslink_type {
    FESLINK_IDENTIFY = 0x0B,
    FESLINK_CAPABILITIES = 0x15,
    FESLINK_LIMITS = 0x26,
    FESLINK_STATUS = 0x1E,
    FESLINK_OFFER = 0x2D,
    FESLINK_ARM = 0x47,
    FESLINK_CLEAR = 0x33,
    FESLINK_KEEP = 0x59,
    FESLINK_SETPOINT = 0x6A,
    FESLINK_STOP = 0x74,
    FESLINK_UNKNOWN = 0x7F,
    FESLINK_ANSWER = 0x80
};

enum feslink_waveform { FESLINK_ASYMMETRIC = 1, FESLINK_INVERTED = 2 };

enum feslink_result {
    FESLINK_OK,
    FESLINK_REFUSED_UNKNOWN,
    FESLINK_REFUSED_VERSION,
    FESLINK_REFUSED_STATE,
    FESLINK_REFUSED_NONCE,
    FESLINK_REFUSED_SEQUENCE,
    FESLINK_REFUSED_DEAD_MAN,
    FESLINK_REFUSED_CHANNEL,
    FESLINK_REFUSED_WAVEFORM,
    FESLINK_REFUSED_STEP,
    FESLINK_REFUSED_LATE,
    FESLINK_REFUSED_HORIZON,
    FESLINK_REFUSED_TOO_SOON,
    FESLINK_REFUSED_COLLISION,
    FESLINK_REFUSED_QUEUE,
    FESLINK_REFUSED_LIMIT,
    FESLINK_REFUSED_LATCHED,
    FESLINK_REFUSED_FAULT
};

enum feslink_fault {
    FESLINK_NO_FAULT,
    FESLINK_FAULT_DEAD_MAN,
    FESLINK_FAULT_CURRENT,
    FESLINK_FAULT_WIDTH,
    FESLINK_FAULT_CHARGE,
    FESLINK_FAULT_RATE,
    FESLINK_FAULT_BURST,
    FESLINK_FAULT_START,
    FESLINK_FAULT_LEVEL,
    FESLINK_FAULT_RAMP,
    FESLINK_FAULT_RMS,
    FESLINK_FAULT_DOSE,
    FESLINK_FAULT_SESSION,
    FESLINK_FAULT_OPEN,
    FESLINK_FAULT_SHORT,
    FESLINK_FAULT_COMPLIANCE,
    FESLINK_FAULT_OUTPUT,
    FESLINK_FAULT_OVERRUN,
    FESLINK_FAULT_SELF_TEST,
    FESLINK_FAULT_BUTTON
};

/* What the device can do, and what it refuses although it could: constants of a firmware. */
struct feslink_table {
    uint8_t channels;
    uint8_t waveforms; /* bit 0 symmetric, bit 1 asymmetric */
    uint16_t current_step_ua;
    uint16_t current_max_steps;
    uint8_t width_step_us;
    uint16_t width_min_us;
    uint16_t width_max_us;
    uint16_t min_interval_us;
    uint8_t dead_man_min_ms;
    uint8_t dead_man_max_ms;
    uint8_t queue;
    uint16_t detection_steps; /* from which current electrodes are judged */
    uint16_t clock_ppm;
    struct feslink_limits limits;
};

/* The bench's: 80 mA, 300 us, 24 uC a phase, 50 Hz, 2 s, from 30 mA in 5 mA, 20 C, eight hours. */
extern const struct feslink_table feslink_bench_table;

/* Everything a device knows. */
struct feslink {
    const struct feslink_table *table;
    const struct feslink_hal *hal;
    uint8_t serial[8];
    struct feslink_receiver receiver;
    uint64_t clock_us; /* as it was read last */
    uint64_t boot_us;
    bool self_test_passed;
    bool button_pressed;

    uint8_t state;
    uint8_t fault;
    uint8_t fault_channel;
    uint16_t refused; /* frames since boot */

    uint32_t offered; /* nonce, 0: none */
    uint32_t offered_last;
    uint64_t offered_us;
    uint32_t nonce; /* of the session, 0: none */
    uint32_t sequence;
    uint64_t alive_us; /* when the dead-man was fed */
    uint32_t dead_man_us;

    struct feslink_pulse queue[FESLINK_QUEUE_MAX]; /* by their instants */
    uint8_t queued;
    struct feslink_pulse active;
    bool giving;         /* a pulse is under way */
    bool giving_counts;  /* it is of the session that is armed */
    uint64_t end_us;     /* when it ends, or the last one ended */
    bool given;          /* there has been one */

    uint32_t pulses;
    uint64_t charge_pc;
    uint32_t last_sequence;
    uint16_t voltage_10mv;
    uint16_t ohm;

    struct feslink_channel channels[FESLINK_CHANNELS_MAX];
    uint64_t dose_pc;
    uint64_t first_us; /* first pulse since power-up or clearing */
    uint64_t soon_us[FESLINK_SOON_MOST - 1u]; /* when a pulse was too soon, the oldest first */
    uint8_t soon;
};

/* Begins at boot. `serial` is eight characters. A table that does not fit fails the self-test. */
void feslink_start(struct feslink *device, const struct feslink_table *table,
                   const struct feslink_hal *hal, const char *serial, bool self_test_passed);

/* Fires what is due, then takes bytes: in any pieces. */
void feslink_receive(struct feslink *device, const uint8_t *bytes, size_t length);

/* Fires what is due, in order. Called at feslink_wake_us at the latest. */
void feslink_tick(struct feslink *device);

/* When feslink_tick is to be called at the latest; FESLINK_NEVER_US: nothing is due. */
uint64_t feslink_wake_us(const struct feslink *device);

/* Tells whether the button at the device is pressed; pressing it latches. */
void feslink_button(struct feslink *device, bool pressed);

#endif
