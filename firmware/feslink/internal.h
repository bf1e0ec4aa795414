/* What the files of the device share among themselves. */

#ifndef FESLINK_INTERNAL_H
#define FESLINK_INTERNAL_H

#include "feslink.h"

/* output.c */
void feslink_be_quiet(struct feslink *device);
void feslink_latch(struct feslink *device, uint8_t fault, uint8_t channel);
void feslink_fire(struct feslink *device);

/* session.c: each returns a result */
uint8_t feslink_offer(struct feslink *device, uint32_t *nonce);
uint8_t feslink_arm(struct feslink *device, uint32_t nonce, uint8_t dead_man_ms);
uint8_t feslink_clear(struct feslink *device, uint32_t nonce, uint8_t fault);
uint8_t feslink_alive(struct feslink *device, uint32_t nonce, uint32_t sequence);
void feslink_stop(struct feslink *device);

/* setpoint.c */
struct feslink_setpoint {
    uint32_t nonce;
    uint32_t sequence;
    uint32_t at_us; /* low 32 bits of the device's clock */
    uint8_t channel;
    uint8_t waveform;
    uint16_t steps;
    uint16_t width_us;
};
uint8_t feslink_take_setpoint(struct feslink *device, const struct feslink_setpoint *setpoint);

/* messages.c */
void feslink_carry_out(struct feslink *device, const uint8_t *body, size_t length);

#endif
