/* Messages: each is carried out and answered once. */

#include <string.h>

#include "internal.h"

struct answer {
    uint8_t body[FESLINK_BODY_MAX];
    uint8_t length;
};

static void put8(struct answer *answer, uint32_t value)
{
    answer->body[answer->length++] = (uint8_t)(value & 0xFFu);
}

static void put16(struct answer *answer, uint32_t value)
{
    put8(answer, value);
    put8(answer, value >> 8);
}

static void put32(struct answer *answer, uint32_t value)
{
    put16(answer, value);
    put16(answer, value >> 16);
}

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | (uint16_t)(bytes[1] << 8));
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | (uint32_t)get16(&bytes[2]) << 16;
}

/* Begins an answer with its head, after the message was carried out. */
static struct answer answer_to(struct feslink *device, uint8_t type, uint8_t number,
                               uint8_t result)
{
    struct answer answer;

    answer.length = 0;
    if (result != FESLINK_OK) {
        device->refused++;
    }
    put8(&answer, FESLINK_ANSWER | (uint32_t)type);
    put8(&answer, number);
    put8(&answer, result);
    put8(&answer, device->state);
    put8(&answer, device->fault);
    put32(&answer, (uint32_t)device->clock_us);
    return answer;
}

static void send(const struct feslink *device, const struct answer *answer)
{
    uint8_t frame[FESLINK_FRAME_MAX + 1u];
    size_t length = feslink_make_frame(answer->body, answer->length, frame);

    device->hal->send(device->hal->context, frame, length);
}

static void send_status(struct feslink *device, uint8_t type, uint8_t number, uint8_t result)
{
    struct answer answer = answer_to(device, type, number, result);

    put8(&answer, device->fault_channel);
    put8(&answer, device->queued);
    put16(&answer, device->refused);
    put16(&answer, device->receiver.damaged);
    send(device, &answer);
}

static void send_account(struct feslink *device, uint8_t type, uint8_t number, uint8_t result)
{
    struct answer answer = answer_to(device, type, number, result);

    put32(&answer, device->pulses);
    put32(&answer, (uint32_t)(device->charge_pc / 1000u));
    put32(&answer, device->last_sequence);
    put16(&answer, device->voltage_10mv);
    put16(&answer, device->ohm);
    send(device, &answer);
}

/* -- one function a message: `body` has the length that is its type's ------------------------- */

static void carry_out_identify(struct feslink *device, const uint8_t *body)
{
    uint8_t result = body[2] == FESLINK_MAJOR ? FESLINK_OK : FESLINK_REFUSED_VERSION;
    struct answer answer = answer_to(device, FESLINK_IDENTIFY, body[1], result);

    put8(&answer, FESLINK_MAJOR);
    put8(&answer, FESLINK_MINOR);
    put8(&answer, FESLINK_FIRMWARE_MAJOR);
    put8(&answer, FESLINK_FIRMWARE_MINOR);
    put8(&answer, FESLINK_FIRMWARE_PATCH);
    for (size_t i = 0; i < sizeof device->serial; i++) {
        put8(&answer, device->serial[i]);
    }
    send(device, &answer);
}

static void carry_out_capabilities(struct feslink *device, const uint8_t *body)
{
    const struct feslink_table *table = device->table;
    struct answer answer = answer_to(device, FESLINK_CAPABILITIES, body[1], FESLINK_OK);

    put8(&answer, table->channels);
    put8(&answer, table->waveforms);
    put16(&answer, table->current_step_ua);
    put16(&answer, table->current_max_steps);
    put8(&answer, table->width_step_us);
    put16(&answer, table->width_min_us);
    put16(&answer, table->width_max_us);
    put16(&answer, table->min_interval_us);
    put8(&answer, table->dead_man_min_ms);
    put8(&answer, table->dead_man_max_ms);
    put8(&answer, table->queue);
    put16(&answer, table->detection_steps);
    put16(&answer, table->clock_ppm);
    send(device, &answer);
}

static void carry_out_limits(struct feslink *device, const uint8_t *body)
{
    const struct feslink_limits *limits = &device->table->limits;
    struct answer answer = answer_to(device, FESLINK_LIMITS, body[1], FESLINK_OK);

    put16(&answer, limits->current_steps);
    put16(&answer, limits->width_us);
    put16(&answer, limits->charge_nc);
    put16(&answer, limits->interval_us);
    put16(&answer, limits->burst_ms);
    put16(&answer, limits->start_steps);
    put16(&answer, limits->level_steps);
    put16(&answer, limits->ramp_ms);
    put16(&answer, limits->rms_steps);
    put16(&answer, limits->dose_100mc);
    put16(&answer, limits->session_min);
    send(device, &answer);
}

static void carry_out_status(struct feslink *device, const uint8_t *body)
{
    send_status(device, FESLINK_STATUS, body[1], FESLINK_OK);
}

static void carry_out_offer(struct feslink *device, const uint8_t *body)
{
    uint32_t nonce;
    uint8_t result = feslink_offer(device, &nonce);
    struct answer answer = answer_to(device, FESLINK_OFFER, body[1], result);

    put32(&answer, nonce);
    send(device, &answer);
}

static void carry_out_arm(struct feslink *device, const uint8_t *body)
{
    uint8_t result = feslink_arm(device, get32(&body[2]), body[6]);

    send_status(device, FESLINK_ARM, body[1], result);
}

static void carry_out_clear(struct feslink *device, const uint8_t *body)
{
    uint8_t result = feslink_clear(device, get32(&body[2]), body[6]);

    send_status(device, FESLINK_CLEAR, body[1], result);
}

static void carry_out_keep(struct feslink *device, const uint8_t *body)
{
    uint8_t result = feslink_alive(device, get32(&body[2]), get32(&body[6]));

    send_account(device, FESLINK_KEEP, body[1], result);
}

static void carry_out_setpoint(struct feslink *device, const uint8_t *body)
{
    struct feslink_setpoint setpoint;

    setpoint.nonce = get32(&body[2]);
    setpoint.sequence = get32(&body[6]);
    setpoint.at_us = get32(&body[10]);
    setpoint.channel = body[14];
    setpoint.waveform = body[15];
    setpoint.steps = get16(&body[16]);
    setpoint.width_us = get16(&body[18]);
    send_account(device, FESLINK_SETPOINT, body[1], feslink_take_setpoint(device, &setpoint));
}

static void carry_out_unknown(struct feslink *device, const uint8_t *body, size_t length)
{
    send_status(device, FESLINK_UNKNOWN, length > 1u ? body[1] : 0u, FESLINK_REFUSED_UNKNOWN);
}

static void carry_out_stop(struct feslink *device, const uint8_t *body)
{
    if (memcmp(&body[1], "STOP", 4) != 0) {
        carry_out_unknown(device, body, 5);
        return;
    }
    feslink_stop(device);
    send_status(device, FESLINK_STOP, 0, FESLINK_OK);
}

static const struct {
    uint8_t type;
    uint8_t length; /* of the body, the type included */
    void (*carry_out)(struct feslink *device, const uint8_t *body);
} messages[] = {
    {FESLINK_STOP, 5, carry_out_stop},
    {FESLINK_SETPOINT, 20, carry_out_setpoint},
    {FESLINK_KEEP, 10, carry_out_keep},
    {FESLINK_ARM, 7, carry_out_arm},
    {FESLINK_CLEAR, 7, carry_out_clear},
    {FESLINK_OFFER, 2, carry_out_offer},
    {FESLINK_STATUS, 2, carry_out_status},
    {FESLINK_IDENTIFY, 4, carry_out_identify},
    {FESLINK_CAPABILITIES, 2, carry_out_capabilities},
    {FESLINK_LIMITS, 2, carry_out_limits},
};

void feslink_carry_out(struct feslink *device, const uint8_t *body, size_t length)
{
    if (body[0] >= FESLINK_ANSWER) { /* somebody's echo: to answer it would never end */
        return;
    }
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (messages[i].type == body[0] && messages[i].length == length) {
            messages[i].carry_out(device, body);
            return;
        }
    }
    carry_out_unknown(device, body, length);
}
