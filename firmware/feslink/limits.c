#include "limits.h"

#include "feslink.h"

void feslink_channel_restart(struct feslink_channel *channel)
{
    channel->level = 0;
    channel->peak = 0;
    channel->held = 0;
    channel->last = 0;
}

bool feslink_channel_too_soon(const struct feslink_channel *channel, uint64_t at_us,
                              uint32_t interval_us)
{
    return channel->begun && at_us < channel->last_us + interval_us;
}

static uint16_t greater(uint16_t a, uint16_t b)
{
    return a > b ? a : b;
}

static bool begins_burst(const struct feslink_channel *channel, uint64_t at_us)
{
    uint64_t gap_us = at_us - channel->last_us;

    if (!channel->begun) {
        return true;
    }
    if (gap_us <= FESLINK_PAUSE_US) {
        return false;
    }
    return gap_us > FESLINK_TWITCH_US || 2u * gap_us > 3u * (uint64_t)channel->apart_us;
}

/* A peak that was held for two pulses is the level. A burst that was cut in its rise says nothing
 * of it, and lowers no bar. */
static uint16_t level_before(const struct feslink_channel *channel, bool begins)
{
    if (!begins || channel->peak == 0u) {
        return channel->level;
    }
    if (channel->held == channel->peak) {
        return channel->peak;
    }
    return greater(channel->level, channel->peak);
}

static uint8_t against_rise(const struct feslink_channel *channel,
                            const struct feslink_limits *limits, uint64_t at_us, uint16_t steps,
                            uint16_t level, bool begins)
{
    uint32_t start = limits->start_steps;
    uint32_t top = start;
    uint64_t since_us;

    if (level != 0u && (uint32_t)level + limits->level_steps > start) {
        top = (uint32_t)level + limits->level_steps;
    }
    if (steps > top) {
        return level != 0u ? FESLINK_FAULT_LEVEL : FESLINK_FAULT_START;
    }
    if (steps <= start) {
        return FESLINK_NO_FAULT;
    }
    if (begins) {
        return FESLINK_FAULT_START;
    }
    since_us = at_us - channel->burst_us + FESLINK_SHIFT_US;
    if ((uint64_t)(steps - start) * limits->ramp_ms * 1000u > (uint64_t)(top - start) * since_us) {
        return FESLINK_FAULT_RAMP;
    }
    return FESLINK_NO_FAULT;
}

/* Sum of the slices from eight before that of `number` on. */
static uint64_t squares_since(const struct feslink_channel *channel, uint32_t number)
{
    uint64_t sum = 0;

    for (uint32_t age = 0; age < FESLINK_SLICES && age <= channel->slice; age++) {
        uint32_t known = channel->slice - age;
        if (known + FESLINK_SLICES > number) {
            sum += channel->squares[known % FESLINK_SLICES];
        }
    }
    return sum;
}

static void add_square(struct feslink_channel *channel, uint32_t number, uint64_t square)
{
    uint32_t passed = number - channel->slice;

    for (uint32_t i = 1; i <= passed && i <= FESLINK_SLICES; i++) {
        channel->squares[(channel->slice + i) % FESLINK_SLICES] = 0;
    }
    channel->slice = number;
    channel->squares[number % FESLINK_SLICES] += square;
}

static void add_strength(struct feslink_channel *channel, uint64_t at_us, uint16_t steps,
                         bool begins)
{
    uint64_t gap_us = at_us - channel->last_us;

    channel->apart_us = channel->begun && gap_us <= FESLINK_TWITCH_US ? (uint32_t)gap_us : 0u;
    if (begins) {
        channel->burst_us = at_us;
        channel->peak = steps;
        channel->held = 0;
    } else {
        if (steps == channel->last) {
            channel->held = greater(channel->held, steps);
        }
        channel->peak = greater(channel->peak, steps);
    }
    channel->last = steps;
    channel->last_us = at_us;
    channel->begun = true;
}

uint8_t feslink_channel_enter(struct feslink_channel *channel, const struct feslink_limits *limits,
                              uint64_t at_us, uint16_t steps, uint64_t square)
{
    uint32_t number = (uint32_t)(at_us / FESLINK_SLICE_US);
    uint64_t most = (uint64_t)limits->rms_steps * limits->rms_steps * 1000000u;
    bool begins = begins_burst(channel, at_us);
    uint16_t level = level_before(channel, begins);
    uint8_t fault;

    if (squares_since(channel, number) + square > most) {
        return FESLINK_FAULT_RMS;
    }
    if (!begins
        && at_us - channel->burst_us > (uint64_t)limits->burst_ms * 1000u + FESLINK_SHIFT_US) {
        return FESLINK_FAULT_BURST;
    }
    fault = against_rise(channel, limits, at_us, steps, level, begins);
    if (fault == FESLINK_NO_FAULT) {
        channel->level = level;
        add_strength(channel, at_us, steps, begins);
        add_square(channel, number, square);
    }
    return fault;
}
