/* Pulses: when they begin, what they met when they end, and what ends them all. */

#include "internal.h"

void feslink_be_quiet(struct feslink *device)
{
    device->queued = 0;
    device->nonce = 0;
    device->offered = 0;
}

/* The first fault stays until it is cleared. A pulse that has begun goes on to its end: broken off,
 * it would leave charge. */
void feslink_latch(struct feslink *device, uint8_t fault, uint8_t channel)
{
    feslink_be_quiet(device);
    if (device->state != FESLINK_LATCHED) {
        device->state = FESLINK_LATCHED;
        device->fault = fault;
        device->fault_channel = channel;
    }
}

static struct feslink_pulse take_first(struct feslink *device)
{
    struct feslink_pulse first = device->queue[0];

    device->queued--;
    for (uint8_t i = 0; i < device->queued; i++) {
        device->queue[i] = device->queue[i + 1u];
    }
    return first;
}

static void begin_pulse(struct feslink *device)
{
    struct feslink_pulse pulse = take_first(device);

    if (device->clock_us - pulse.at_us > FESLINK_LATE_US) {
        feslink_latch(device, FESLINK_FAULT_OVERRUN, pulse.channel);
        return;
    }
    if (!device->hal->give_pulse(device->hal->context, &pulse)) {
        feslink_latch(device, FESLINK_FAULT_OUTPUT, pulse.channel);
        return;
    }
    device->active = pulse;
    device->giving = true;
    device->giving_counts = true;
    device->given = true;
    device->end_us = device->clock_us + pulse.width_us + pulse.second_width_us;
}

static bool is_what_was_asked(const struct feslink *device,
                              const struct feslink_measurement *found)
{
    uint32_t asked_ua = device->active.current_ua;
    uint32_t off_ua = found->current_ua > asked_ua ? found->current_ua - asked_ua
                                                   : asked_ua - found->current_ua;

    return off_ua <= asked_ua / 100u * FESLINK_OUTPUT_PERCENT + device->table->current_step_ua;
}

static uint8_t fault_of(const struct feslink *device, const struct feslink_measurement *found)
{
    uint32_t least_ua =
        (uint32_t)device->table->detection_steps * device->table->current_step_ua;

    if (device->active.current_ua < least_ua) {
        return FESLINK_NO_FAULT;
    }
    if (found->ohm >= FESLINK_OPEN_OHM) {
        return FESLINK_FAULT_OPEN;
    }
    if (found->ohm < FESLINK_SHORT_OHM) {
        return FESLINK_FAULT_SHORT;
    }
    if (found->at_its_end) {
        return FESLINK_FAULT_COMPLIANCE;
    }
    return is_what_was_asked(device, found) ? FESLINK_NO_FAULT : FESLINK_FAULT_OUTPUT;
}

static void end_pulse(struct feslink *device)
{
    struct feslink_measurement found;
    uint8_t fault;

    device->hal->measure(device->hal->context, &found);
    device->giving = false;
    if (device->giving_counts) {
        device->pulses++;
        device->charge_pc += (uint64_t)found.current_ua * device->active.width_us;
        device->last_sequence = device->active.sequence;
        device->voltage_10mv = found.voltage_10mv;
        device->ohm = found.ohm;
    }
    fault = fault_of(device, &found);
    if (fault != FESLINK_NO_FAULT) {
        feslink_latch(device, fault, device->active.channel);
    }
}

static void end_boot(struct feslink *device)
{
    device->state = FESLINK_IDLE;
    if (!device->self_test_passed) {
        feslink_latch(device, FESLINK_FAULT_SELF_TEST, FESLINK_NO_CHANNEL);
    } else if (device->button_pressed) {
        feslink_latch(device, FESLINK_FAULT_BUTTON, FESLINK_NO_CHANNEL);
    }
}

/* When the next pulse begins: at its instant, but not before the stage is free, should the pulse
 * before it have been late. */
static uint64_t begin_us(const struct feslink *device)
{
    uint64_t at_us;

    if (device->queued == 0u || device->giving) {
        return FESLINK_NEVER_US;
    }
    at_us = device->queue[0].at_us;
    if (device->given && at_us < device->end_us + FESLINK_GAP_US) {
        at_us = device->end_us + FESLINK_GAP_US;
    }
    return at_us;
}

static uint64_t end_us(const struct feslink *device)
{
    return device->giving ? device->end_us : FESLINK_NEVER_US;
}

/* When boot is over, or the dead-man has not been fed for too long. */
static uint64_t turn_us(const struct feslink *device)
{
    if (device->state == FESLINK_ARMED) {
        return device->alive_us + device->dead_man_us + 1u;
    }
    return device->state == FESLINK_BOOT ? device->boot_us + FESLINK_BOOT_US : FESLINK_NEVER_US;
}

uint64_t feslink_wake_us(const struct feslink *device)
{
    uint64_t wake_us = end_us(device);

    if (begin_us(device) < wake_us) {
        wake_us = begin_us(device);
    }
    return turn_us(device) < wake_us ? turn_us(device) : wake_us;
}

void feslink_fire(struct feslink *device)
{
    for (;;) {
        uint64_t wake_us = feslink_wake_us(device);

        if (wake_us > device->clock_us) {
            return;
        }
        if (end_us(device) == wake_us) {
            end_pulse(device);
        } else if (begin_us(device) == wake_us) {
            begin_pulse(device);
        } else if (device->state == FESLINK_BOOT) {
            end_boot(device);
        } else {
            feslink_latch(device, FESLINK_FAULT_DEAD_MAN, FESLINK_NO_CHANNEL);
        }
    }
}
