/* Setpoints: each is judged in the order of docs/reference/feslink.md, and waits or is refused. */

#include "internal.h"

/* A setpoint as the device reckons with it. */
struct judged {
    struct feslink_pulse pulse;
    uint16_t steps;
    uint64_t charge_pc; /* of the first phase */
    uint64_t square;    /* steps squared x us of both phases */
};

static uint8_t violated(struct feslink *device, uint8_t fault, uint8_t channel)
{
    feslink_latch(device, fault, channel);
    return FESLINK_REFUSED_LIMIT;
}

static bool is_asymmetric(const struct feslink_setpoint *setpoint)
{
    return (setpoint->waveform & FESLINK_ASYMMETRIC) != 0u;
}

static uint8_t against_capabilities(const struct feslink_table *table,
                                    const struct feslink_setpoint *setpoint)
{
    unsigned waveform_bit = is_asymmetric(setpoint) ? 2u : 1u;

    if (setpoint->channel >= table->channels) {
        return FESLINK_REFUSED_CHANNEL;
    }
    if (setpoint->waveform > (FESLINK_ASYMMETRIC | FESLINK_INVERTED)
        || (table->waveforms & waveform_bit) == 0u) {
        return FESLINK_REFUSED_WAVEFORM;
    }
    if (setpoint->steps == 0u
        || (is_asymmetric(setpoint) && setpoint->steps % FESLINK_ASYMMETRY != 0u)) {
        return FESLINK_REFUSED_STEP;
    }
    if (setpoint->width_us < table->width_min_us
        || setpoint->width_us % table->width_step_us != 0u) {
        return FESLINK_REFUSED_STEP;
    }
    return FESLINK_OK;
}

static uint8_t against_pulse_limits(const struct feslink_limits *limits,
                                    const struct judged *judged)
{
    if (judged->steps > limits->current_steps) {
        return FESLINK_FAULT_CURRENT;
    }
    if (judged->pulse.width_us > limits->width_us) {
        return FESLINK_FAULT_WIDTH;
    }
    if (judged->charge_pc > (uint64_t)limits->charge_nc * 1000u) {
        return FESLINK_FAULT_CHARGE;
    }
    return FESLINK_NO_FAULT;
}

static uint8_t against_totals(const struct feslink *device, const struct judged *judged)
{
    const struct feslink_limits *limits = &device->table->limits;
    uint64_t at_us = judged->pulse.at_us;

    if (device->dose_pc + judged->charge_pc > limits->dose_100mc * UINT64_C(100000000000)) {
        return FESLINK_FAULT_DOSE;
    }
    if (at_us > device->first_us
        && at_us - device->first_us > limits->session_min * UINT64_C(60000000)) {
        return FESLINK_FAULT_SESSION;
    }
    return FESLINK_NO_FAULT;
}

/* Where it lies in whole clock time: near the present, whatever the clock's upper half. */
static uint8_t find_instant(const struct feslink *device, uint32_t low_us, uint64_t *at_us)
{
    uint32_t ahead_us = low_us - (uint32_t)device->clock_us;

    if (ahead_us >= UINT32_C(0x80000000)) {
        return FESLINK_REFUSED_LATE;
    }
    if (ahead_us > device->dead_man_us) {
        return FESLINK_REFUSED_HORIZON;
    }
    *at_us = device->clock_us + ahead_us;
    return FESLINK_OK;
}

/* Refuses a pulse that comes too soon; the fifth within a second is too high a rate. */
static uint8_t refuse_too_soon(struct feslink *device, uint8_t channel)
{
    const uint8_t most = FESLINK_SOON_MOST - 1u;

    if (device->soon == most) {
        if (device->clock_us - device->soon_us[0] < FESLINK_SOON_US) {
            device->soon = 0;
            return violated(device, FESLINK_FAULT_RATE, channel);
        }
        for (uint8_t i = 1; i < most; i++) {
            device->soon_us[i - 1u] = device->soon_us[i];
        }
        device->soon--;
    }
    device->soon_us[device->soon++] = device->clock_us;
    return FESLINK_REFUSED_TOO_SOON;
}

static uint64_t end_of(const struct feslink_pulse *pulse)
{
    return pulse->at_us + pulse->width_us + pulse->second_width_us;
}

static bool collides(const struct feslink *device, const struct feslink_pulse *pulse)
{
    if (device->given && pulse->at_us < device->end_us + FESLINK_GAP_US) {
        return true;
    }
    for (uint8_t i = 0; i < device->queued; i++) {
        const struct feslink_pulse *other = &device->queue[i];
        if (pulse->at_us < end_of(other) + FESLINK_GAP_US
            && other->at_us < end_of(pulse) + FESLINK_GAP_US) {
            return true;
        }
    }
    return false;
}

static void put_in_queue(struct feslink *device, const struct feslink_pulse *pulse)
{
    uint8_t place = device->queued++;

    while (place > 0u && device->queue[place - 1u].at_us > pulse->at_us) {
        device->queue[place] = device->queue[place - 1u];
        place--;
    }
    device->queue[place] = *pulse;
}

static void reckon(const struct feslink_table *table, const struct feslink_setpoint *setpoint,
                   struct judged *judged)
{
    uint32_t parts = is_asymmetric(setpoint) ? FESLINK_ASYMMETRY : 1u;
    uint64_t square = (uint64_t)setpoint->steps * setpoint->steps * setpoint->width_us;

    judged->steps = setpoint->steps;
    judged->square = square + square / parts;
    judged->pulse.sequence = setpoint->sequence;
    judged->pulse.channel = setpoint->channel;
    judged->pulse.inverted = (setpoint->waveform & FESLINK_INVERTED) != 0u;
    judged->pulse.current_ua = (uint32_t)setpoint->steps * table->current_step_ua;
    judged->pulse.second_current_ua = judged->pulse.current_ua / parts;
    judged->pulse.width_us = setpoint->width_us;
    judged->pulse.second_width_us = setpoint->width_us * parts;
    judged->charge_pc = (uint64_t)judged->pulse.current_ua * setpoint->width_us;
}

/* Accepts what none of the limits over time is against. */
static uint8_t accept(struct feslink *device, const struct judged *judged)
{
    const struct feslink_pulse *pulse = &judged->pulse;
    uint8_t fault = against_totals(device, judged);

    if (fault == FESLINK_NO_FAULT) {
        fault = feslink_channel_enter(&device->channels[pulse->channel], &device->table->limits,
                                      pulse->at_us, judged->steps, judged->square);
    }
    if (fault != FESLINK_NO_FAULT) {
        return violated(device, fault, pulse->channel);
    }
    device->dose_pc += judged->charge_pc;
    if (pulse->at_us < device->first_us) {
        device->first_us = pulse->at_us;
    }
    put_in_queue(device, pulse);
    feslink_fire(device); /* it may be due at once */
    return FESLINK_OK;
}

uint8_t feslink_take_setpoint(struct feslink *device, const struct feslink_setpoint *setpoint)
{
    const struct feslink_table *table = device->table;
    const uint8_t channel = setpoint->channel;
    struct judged judged;
    uint8_t fault;
    uint8_t result = feslink_alive(device, setpoint->nonce, setpoint->sequence);

    if (result == FESLINK_OK) {
        result = against_capabilities(table, setpoint);
    }
    if (result != FESLINK_OK) {
        return result;
    }
    reckon(table, setpoint, &judged);
    fault = against_pulse_limits(&table->limits, &judged);
    if (fault != FESLINK_NO_FAULT) {
        return violated(device, fault, channel);
    }
    result = find_instant(device, setpoint->at_us, &judged.pulse.at_us);
    if (result != FESLINK_OK) {
        return result;
    }
    if (feslink_channel_too_soon(&device->channels[channel], judged.pulse.at_us,
                                 table->limits.interval_us)) {
        return refuse_too_soon(device, channel);
    }
    if (collides(device, &judged.pulse)) {
        return FESLINK_REFUSED_COLLISION;
    }
    if (device->queued >= table->queue) {
        return FESLINK_REFUSED_QUEUE;
    }
    return accept(device, &judged);
}
