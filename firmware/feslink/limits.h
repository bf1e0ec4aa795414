/* Limits over time: each channel keeps an account of the setpoints that were accepted. */

#ifndef FESLINK_LIMITS_H
#define FESLINK_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#define FESLINK_SHIFT_US 2000u   /* a late host may have shifted a burst's first pulse by so much */
#define FESLINK_PAUSE_US 100000u /* a burst is over after so long, unless it was as slow before */
#define FESLINK_TWITCH_US 500000u /* so far apart, each pulse is a burst */
#define FESLINK_SLICE_US 125000u
#define FESLINK_SLICES 9u /* the present one and the eight before it: a second at least */

struct feslink_limits {
    uint16_t current_steps;
    uint16_t width_us;
    uint16_t charge_nc; /* a phase */
    uint16_t interval_us;
    uint16_t burst_ms;
    uint16_t start_steps;
    uint16_t level_steps;
    uint16_t ramp_ms;
    uint16_t rms_steps;
    uint16_t dose_100mc;
    uint16_t session_min;
};

struct feslink_channel {
    bool begun;         /* there has been a pulse */
    uint64_t last_us;   /* when the last was */
    uint64_t burst_us;  /* when its burst began */
    uint32_t apart_us;  /* the gap before the last, 0 where it was a pause */
    uint32_t slice;     /* number of the newest slice */
    uint64_t squares[FESLINK_SLICES]; /* steps squared x us, by slice number modulo 9 */
    uint16_t level;     /* kept from burst to burst, 0: none yet */
    uint16_t peak;      /* of this burst */
    uint16_t held;      /* highest that two pulses running had */
    uint16_t last;      /* of the last pulse */
};

/* Forgets the strength: a session begins. */
void feslink_channel_restart(struct feslink_channel *channel);

/* Whether a pulse then is too close behind the last, or before it. */
bool feslink_channel_too_soon(const struct feslink_channel *channel, uint64_t at_us,
                              uint32_t interval_us);

/* Returns the fault that a pulse would be; where it is none, the pulse is in the account. `square` is
 * steps squared x us over both phases. */
uint8_t feslink_channel_enter(struct feslink_channel *channel, const struct feslink_limits *limits,
                              uint64_t at_us, uint16_t steps, uint64_t square);

#endif
