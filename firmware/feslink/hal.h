/* The five functions that a port has to write. */

#ifndef FESLINK_HAL_H
#define FESLINK_HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One pulse, both phases: they carry the same charge, for the device makes the second itself. */
struct feslink_pulse {
    uint64_t at_us;             /* when it was asked to begin */
    uint32_t sequence;          /* of the setpoint that asked for it */
    uint32_t current_ua;        /* of the first phase */
    uint32_t second_current_ua; /* of the second, in the other direction */
    uint32_t width_us;
    uint32_t second_width_us;
    uint8_t channel;
    bool inverted;              /* the first phase is the negative one */
};

/* How the last pulse went. */
struct feslink_measurement {
    uint32_t current_ua;   /* what really flowed in the first phase */
    uint16_t voltage_10mv; /* 65 535: so much or more */
    uint16_t ohm;          /* 65 535: so much or more, the electrode is open */
    bool at_its_end;       /* the output voltage could not rise further */
};

/* Every function gets `context` and returns at once: none waits, none calls the device back. */
struct feslink_hal {
    void *context;

    /* Microseconds since power-up, 64 bits, never less than before. */
    uint64_t (*time_us)(void *context);

    /* Takes all bytes of an answer, 39 at most, into a buffer of its own. */
    void (*send)(void *context, const uint8_t *bytes, size_t length);

    /* Starts both phases in hardware, now. False: it could not, and nothing flows. */
    bool (*give_pulse)(void *context, const struct feslink_pulse *pulse);

    /* Reads electrode, voltage and current of the pulse that has just ended. */
    void (*measure)(void *context, struct feslink_measurement *found);

    /* A number that was never given before, over power cycles too. 0: there is none. */
    uint32_t (*nonce)(void *context);
};

#endif
