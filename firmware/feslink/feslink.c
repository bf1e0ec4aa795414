#include "feslink.h"

#include <string.h>

#include "internal.h"

const struct feslink_table feslink_bench_table = {
    .channels = 8,
    .waveforms = 3,
    .current_step_ua = 500,
    .current_max_steps = 200,
    .width_step_us = 1,
    .width_min_us = 20,
    .width_max_us = 500,
    .min_interval_us = 10000,
    .dead_man_min_ms = 50,
    .dead_man_max_ms = 150,
    .queue = 8,
    .detection_steps = 4,
    .clock_ppm = 100,
    .limits = {
        .current_steps = 160,
        .width_us = 300,
        .charge_nc = 24000,
        .interval_us = 20000,
        .burst_ms = 2000,
        .start_steps = 60,
        .level_steps = 10,
        .ramp_ms = 100,
        .rms_steps = 64,
        .dose_100mc = 200,
        .session_min = 480,
    },
};

/* Whether the device has the room and the output for what its table promises. */
static bool fits(const struct feslink_table *table)
{
    return table->channels >= 1u && table->channels <= FESLINK_CHANNELS_MAX
        && table->queue >= 1u && table->queue <= FESLINK_QUEUE_MAX
        && table->width_step_us >= 1u
        && table->dead_man_min_ms >= 50u && table->dead_man_max_ms <= 150u
        && table->limits.current_steps <= table->current_max_steps
        && table->limits.width_us <= table->width_max_us;
}

void feslink_start(struct feslink *device, const struct feslink_table *table,
                   const struct feslink_hal *hal, const char *serial, bool self_test_passed)
{
    memset(device, 0, sizeof *device);
    device->table = table;
    device->hal = hal;
    memcpy(device->serial, serial, sizeof device->serial);
    device->self_test_passed = self_test_passed && fits(table);
    device->boot_us = hal->time_us(hal->context);
    device->clock_us = device->boot_us;
    device->state = FESLINK_BOOT;
    device->fault_channel = FESLINK_NO_CHANNEL;
    device->first_us = FESLINK_NEVER_US;
}

void feslink_tick(struct feslink *device)
{
    device->clock_us = device->hal->time_us(device->hal->context);
    feslink_fire(device);
}

void feslink_receive(struct feslink *device, const uint8_t *bytes, size_t length)
{
    feslink_tick(device);
    for (size_t i = 0; i < length; i++) {
        const uint8_t *body;
        size_t found = feslink_take_byte(&device->receiver, bytes[i], &body);

        if (found > 0u) {
            feslink_tick(device); /* time has gone on */
            feslink_carry_out(device, body, found);
        }
    }
}

void feslink_button(struct feslink *device, bool pressed)
{
    feslink_tick(device);
    device->button_pressed = pressed;
    if (pressed && device->state != FESLINK_BOOT) {
        feslink_latch(device, FESLINK_FAULT_BUTTON, FESLINK_NO_CHANNEL);
    }
}
