/* Sessions: offering, arming, clearing, being alive, stopping. */

#include "internal.h"

uint8_t feslink_offer(struct feslink *device, uint32_t *nonce)
{
    *nonce = 0;
    if (device->state != FESLINK_IDLE && device->state != FESLINK_LATCHED) {
        return FESLINK_REFUSED_STATE;
    }
    *nonce = device->hal->nonce(device->hal->context);
    if (*nonce == device->offered_last) { /* a source that is stuck must not make sessions alike */
        *nonce = 0;
    }
    device->offered = *nonce;
    device->offered_us = device->clock_us;
    if (*nonce == 0u) {
        return FESLINK_REFUSED_STATE;
    }
    device->offered_last = *nonce;
    return FESLINK_OK;
}

static bool was_offered(const struct feslink *device, uint32_t nonce)
{
    return nonce != 0u && nonce == device->offered
        && device->clock_us - device->offered_us <= FESLINK_OFFER_US;
}

static void begin_session(struct feslink *device, uint32_t nonce, uint8_t dead_man_ms)
{
    feslink_be_quiet(device);
    for (uint8_t i = 0; i < device->table->channels; i++) {
        feslink_channel_restart(&device->channels[i]);
    }
    device->nonce = nonce;
    device->sequence = 0;
    device->dead_man_us = dead_man_ms * 1000u;
    device->alive_us = device->clock_us;
    device->pulses = 0;
    device->charge_pc = 0;
    device->last_sequence = 0;
    device->voltage_10mv = 0;
    device->ohm = 0;
    device->giving_counts = false;
    device->state = FESLINK_ARMED;
}

uint8_t feslink_arm(struct feslink *device, uint32_t nonce, uint8_t dead_man_ms)
{
    if (device->state == FESLINK_LATCHED) {
        return FESLINK_REFUSED_LATCHED;
    }
    if (device->state != FESLINK_IDLE) {
        return FESLINK_REFUSED_STATE;
    }
    if (!was_offered(device, nonce)) {
        return FESLINK_REFUSED_NONCE;
    }
    if (dead_man_ms < device->table->dead_man_min_ms
        || dead_man_ms > device->table->dead_man_max_ms) {
        return FESLINK_REFUSED_DEAD_MAN;
    }
    begin_session(device, nonce, dead_man_ms);
    return FESLINK_OK;
}

static bool stays_latched(const struct feslink *device)
{
    return device->fault == FESLINK_FAULT_SELF_TEST
        || (device->fault == FESLINK_FAULT_BUTTON && device->button_pressed);
}

uint8_t feslink_clear(struct feslink *device, uint32_t nonce, uint8_t fault)
{
    if (device->state != FESLINK_LATCHED) {
        return FESLINK_REFUSED_STATE;
    }
    if (!was_offered(device, nonce)) {
        return FESLINK_REFUSED_NONCE;
    }
    if (fault != device->fault) {
        return FESLINK_REFUSED_FAULT;
    }
    if (stays_latched(device)) {
        return FESLINK_REFUSED_STATE;
    }
    if (fault == FESLINK_FAULT_DOSE) {
        device->dose_pc = 0;
    } else if (fault == FESLINK_FAULT_SESSION) {
        device->first_us = FESLINK_NEVER_US;
    }
    device->offered = 0;
    device->state = FESLINK_IDLE;
    device->fault = FESLINK_NO_FAULT;
    device->fault_channel = FESLINK_NO_CHANNEL;
    return FESLINK_OK;
}

/* Whether a frame is of this session and newer than every one before it; feeds the dead-man. */
uint8_t feslink_alive(struct feslink *device, uint32_t nonce, uint32_t sequence)
{
    if (device->state == FESLINK_LATCHED) {
        return FESLINK_REFUSED_LATCHED;
    }
    if (device->state != FESLINK_ARMED) {
        return FESLINK_REFUSED_STATE;
    }
    if (nonce != device->nonce) {
        return FESLINK_REFUSED_NONCE;
    }
    if (sequence <= device->sequence) {
        return FESLINK_REFUSED_SEQUENCE;
    }
    device->sequence = sequence;
    device->alive_us = device->clock_us;
    return FESLINK_OK;
}

void feslink_stop(struct feslink *device)
{
    feslink_be_quiet(device);
    if (device->state == FESLINK_ARMED) {
        device->state = FESLINK_IDLE;
    }
}
