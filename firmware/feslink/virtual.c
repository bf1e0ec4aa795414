#include "virtual.h"

#include <assert.h>
#include <string.h>

static uint64_t time_us(void *context)
{
    const struct virtual_bench *bench = context;

    return bench->now_us;
}

static void take_answer(void *context, const uint8_t *bytes, size_t length)
{
    struct virtual_bench *bench = context;

    assert(length <= FESLINK_FRAME_MAX + 1u);
    assert(bench->out_length + length <= VIRTUAL_OUT_MAX);
    memcpy(&bench->out[bench->out_length], bytes, length);
    bench->out_length += length;
}

static bool give_pulse(void *context, const struct feslink_pulse *pulse)
{
    struct virtual_bench *bench = context;

    if (bench->fails) {
        return false;
    }
    if (bench->watch != NULL) {
        bench->watch(bench, pulse);
    }
    bench->last.begun_us = bench->now_us;
    bench->last.pulse = *pulse;
    bench->last_ohm = bench->ohm;
    assert(bench->pulse_count < VIRTUAL_PULSES_MAX);
    bench->pulses[bench->pulse_count++] = bench->last;
    return true;
}

static void measure(void *context, struct feslink_measurement *found)
{
    struct virtual_bench *bench = context;
    const struct feslink_pulse *pulse = &bench->last.pulse;
    uint64_t most_uv = bench->compliance_v * UINT64_C(1000000);
    uint64_t wanted_uv = (uint64_t)pulse->current_ua * bench->last_ohm;

    found->ohm = bench->last_ohm < FESLINK_OPEN_OHM ? (uint16_t)bench->last_ohm
                                                    : (uint16_t)FESLINK_OPEN_OHM;
    found->at_its_end = wanted_uv > most_uv;
    found->current_ua = found->at_its_end ? (uint32_t)(most_uv / bench->last_ohm)
                                          : pulse->current_ua;
    if (bench->last_ohm >= FESLINK_OPEN_OHM) {
        found->current_ua = 0;
    }
    found->current_ua -= found->current_ua < bench->lacks_ua ? found->current_ua
                                                             : bench->lacks_ua;
    found->voltage_10mv = (uint16_t)((found->at_its_end ? most_uv : wanted_uv) / 10000u);
}

static uint32_t next_nonce(void *context)
{
    struct virtual_bench *bench = context;

    return bench->nonce_next < bench->nonce_count ? bench->nonces[bench->nonce_next++] : 0u;
}

size_t virtual_size(void)
{
    return sizeof(struct virtual_bench);
}

void virtual_start(struct virtual_bench *bench, const struct feslink_table *table,
                   const char *serial, uint64_t boot_us, bool self_test_passed)
{
    memset(bench, 0, sizeof *bench);
    bench->table = *table;
    bench->hal.context = bench;
    bench->hal.time_us = time_us;
    bench->hal.send = take_answer;
    bench->hal.give_pulse = give_pulse;
    bench->hal.measure = measure;
    bench->hal.nonce = next_nonce;
    bench->now_us = boot_us;
    virtual_stage(bench, 1000, 150, false, 0);
    feslink_start(&bench->device, &bench->table, &bench->hal, serial, self_test_passed);
}

void virtual_nonce(struct virtual_bench *bench, uint32_t nonce)
{
    assert(bench->nonce_count < VIRTUAL_NONCES_MAX);
    bench->nonces[bench->nonce_count++] = nonce;
}

void virtual_stage(struct virtual_bench *bench, uint32_t ohm, uint32_t compliance_v, bool fails,
                   uint32_t lacks_ua)
{
    bench->ohm = ohm;
    bench->compliance_v = compliance_v;
    bench->fails = fails;
    bench->lacks_ua = lacks_ua;
}

void virtual_advance(struct virtual_bench *bench, uint64_t to_us)
{
    uint64_t wake_us;

    while ((wake_us = feslink_wake_us(&bench->device)) <= to_us) {
        if (wake_us > bench->now_us) {
            bench->now_us = wake_us;
        }
        feslink_tick(&bench->device);
    }
    if (to_us > bench->now_us) {
        bench->now_us = to_us;
    }
}

void virtual_tick_late(struct virtual_bench *bench, uint64_t at_us)
{
    bench->now_us = at_us;
    feslink_tick(&bench->device);
}

void virtual_receive(struct virtual_bench *bench, uint64_t at_us, const uint8_t *bytes,
                     size_t length)
{
    virtual_advance(bench, at_us);
    feslink_receive(&bench->device, bytes, length);
}

void virtual_button(struct virtual_bench *bench, uint64_t at_us, bool pressed)
{
    virtual_advance(bench, at_us);
    feslink_button(&bench->device, pressed);
}

size_t virtual_take_out(struct virtual_bench *bench, uint8_t *bytes)
{
    size_t length = bench->out_length;

    memcpy(bytes, bench->out, length);
    bench->out_length = 0;
    return length;
}

size_t virtual_take_pulses(struct virtual_bench *bench, struct virtual_pulse *pulses)
{
    size_t count = bench->pulse_count;

    memcpy(pulses, bench->pulses, count * sizeof *pulses);
    bench->pulse_count = 0;
    return count;
}

uint8_t virtual_state(const struct virtual_bench *bench)
{
    return bench->device.state;
}

uint8_t virtual_fault(const struct virtual_bench *bench)
{
    return bench->device.fault;
}

uint64_t virtual_wake_us(const struct virtual_bench *bench)
{
    return feslink_wake_us(&bench->device);
}
