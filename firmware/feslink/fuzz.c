/* Says anything at any time to the device, and watches every pulse with eyes of its own.
 *
 *     fuzz SECONDS [SEED]
 *
 * What it holds a pulse to it knows from the frames that went in and the answers that came out,
 * not from the device's state. Ends with 1 and says what, when and with which seed, at the first
 * finding. Built with -DFESLINK_LIBFUZZER it is a target for libFuzzer instead. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "virtual.h"

#define ACTIONS 400u
#define TOLD_MAX 256u
#define HISTORY 128u
#define SECOND_US 1000000u

/* -- what is drawn ------------------------------------------------------------------------------ */

static uint64_t random_state;
static const uint8_t *given_bytes; /* of libFuzzer, in place of random numbers */
static size_t given_length;

static uint32_t draw(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 32);
}

static uint32_t pick(uint32_t count)
{
    uint32_t value;

    if (given_bytes == NULL) {
        return draw() % count;
    }
    if (given_length == 0u) {
        return 0;
    }
    value = *given_bytes++;
    given_length--;
    if (count > 256u && given_length > 0u) {
        value = value << 8 | *given_bytes++;
        given_length--;
    }
    return value % count;
}

static bool once_in(uint32_t count)
{
    return pick(count) == count - 1u;
}

/* -- what is known from outside ----------------------------------------------------------------- */

struct told {
    uint64_t when_us;
    uint32_t nonce, sequence, at_us;
    uint8_t channel, waveform;
    uint16_t steps, width_us;
    bool given;
};

struct seen {
    uint64_t begun_us[HISTORY];
    uint64_t square[HISTORY];
    size_t count;
    uint64_t last_at_us, burst_us;
    uint64_t long_burst_us; /* no pulse of a slow train ends it */
    uint16_t strongest; /* that was accepted in this session */
};

static struct outside {
    struct virtual_bench bench;
    struct feslink_receiver heard; /* host to device */
    struct feslink_receiver answers;
    struct told told[TOLD_MAX];
    size_t told_count;
    struct seen seen[FESLINK_CHANNELS_MAX];

    uint32_t session; /* nonce that was armed with; 0: nothing may come */
    uint32_t sequence;
    uint64_t alive_us;
    uint64_t dead_man_us;
    uint64_t free_us; /* when the last pulse ended */
    uint8_t state, fault;

    uint32_t offered; /* the host's own memory */
    uint32_t next_sequence;
    uint8_t last_frame[FESLINK_FRAME_MAX + 1u];
    size_t last_length;
} out;

static uint64_t seed_now;
static uint64_t messages_told;
static uint64_t pulses_seen;
static uint64_t dialogues_held;
static uint64_t sessions_begun;
static uint64_t latches[FESLINK_FAULT_BUTTON + 1];
static bool is_latched;

static void expect(bool holds, const char *what)
{
    if (!holds) {
        printf("{\"finding\": \"%s\", \"seed\": %" PRIu64 ", \"at_us\": %" PRIu64 "}\n", what,
               seed_now, out.bench.now_us);
        fflush(stdout);
        abort();
    }
}

static uint16_t read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | (uint16_t)(bytes[1] << 8));
}

static uint32_t read32(const uint8_t *bytes)
{
    return read16(bytes) | (uint32_t)read16(&bytes[2]) << 16;
}

/* -- every pulse -------------------------------------------------------------------------------- */

static struct told *asked_for(const struct feslink_pulse *pulse)
{
    for (size_t i = 0; i < out.told_count && i < TOLD_MAX; i++) {
        struct told *told = &out.told[i];
        if (!told->given && told->nonce == out.session && told->sequence == pulse->sequence
            && told->at_us == (uint32_t)pulse->at_us) {
            return told;
        }
    }
    return NULL;
}

static void expect_shape(const struct feslink_pulse *pulse, const struct told *told)
{
    const struct feslink_table *table = &out.bench.table;
    uint64_t charge_pc = (uint64_t)pulse->current_ua * pulse->width_us;

    expect(pulse->channel == told->channel && pulse->channel < table->channels, "channel");
    expect(pulse->current_ua == (uint32_t)told->steps * table->current_step_ua, "current");
    expect(pulse->width_us == told->width_us, "width");
    expect(pulse->inverted == ((told->waveform & 2u) != 0u), "polarity");
    expect(charge_pc == (uint64_t)pulse->second_current_ua * pulse->second_width_us, "balance");
    expect(told->steps <= table->limits.current_steps, "current cap");
    expect(told->width_us <= table->limits.width_us, "width cap");
    expect(charge_pc <= table->limits.charge_nc * UINT64_C(1000), "charge cap");
}

static void expect_instant(const struct feslink_pulse *pulse, const struct told *told)
{
    uint64_t now_us = out.bench.now_us;

    expect(pulse->at_us >= told->when_us, "asked for in the past");
    expect(pulse->at_us - told->when_us <= out.dead_man_us, "beyond the horizon");
    expect(pulse->at_us <= now_us, "before its instant");
    expect(now_us - pulse->at_us <= FESLINK_LATE_US, "late");
    expect(pulse->at_us <= out.alive_us + out.dead_man_us, "beyond the dead-man");
    expect(now_us >= out.free_us, "while another pulse is under way");
    expect(out.free_us == 0u || now_us >= out.free_us + FESLINK_GAP_US, "too near another pulse");
}

static void expect_train(const struct feslink_pulse *pulse, const struct told *told)
{
    const struct feslink_limits *limits = &out.bench.table.limits;
    struct seen *seen = &out.seen[pulse->channel];
    uint64_t at_us = pulse->at_us;
    uint64_t square = (uint64_t)told->steps * told->steps * told->width_us;
    uint64_t sum = 0;
    uint32_t top = (uint32_t)seen->strongest + limits->level_steps;

    square += told->waveform & 1u ? square / 4u : square;
    if (seen->count > 0u) {
        expect(at_us >= seen->last_at_us + limits->interval_us, "interval");
    }
    if (seen->count == 0u || at_us - seen->last_at_us > FESLINK_PAUSE_US) {
        seen->burst_us = at_us;
    }
    if (seen->count == 0u || at_us - seen->last_at_us > FESLINK_TWITCH_US) {
        expect(told->steps <= limits->start_steps, "a burst's first pulse");
    }
    if (seen->count == 0u || at_us - seen->last_at_us > FESLINK_TWITCH_US) {
        seen->long_burst_us = at_us;
    }
    expect(at_us - seen->burst_us <= limits->burst_ms * UINT64_C(1000) + FESLINK_SHIFT_US,
           "burst too long");
    expect(told->steps <= limits->start_steps || (seen->strongest > 0u && told->steps <= top),
           "level");
    if (told->steps > limits->start_steps) {
        uint64_t since_us = at_us - seen->long_burst_us + FESLINK_SHIFT_US;
        expect((uint64_t)(told->steps - limits->start_steps) * limits->ramp_ms * 1000u
                   <= (uint64_t)(top - limits->start_steps) * since_us,
               "ramp");
    }
    seen->begun_us[seen->count % HISTORY] = at_us;
    seen->square[seen->count % HISTORY] = square;
    seen->count++;
    for (size_t i = 0; i < seen->count && i < HISTORY; i++) {
        sum += seen->begun_us[i] + SECOND_US > at_us ? seen->square[i] : 0u;
    }
    expect(sum <= (uint64_t)limits->rms_steps * limits->rms_steps * SECOND_US, "r.m.s.");
    seen->last_at_us = at_us;
}

static void watch(struct virtual_bench *bench, const struct feslink_pulse *pulse)
{
    struct told *told;

    (void)bench;
    expect(out.session != 0u, "a pulse outside a session");
    told = asked_for(pulse);
    expect(told != NULL, "a pulse that nobody asked for");
    if (told == NULL) {
        return;
    }
    expect_shape(pulse, told);
    expect_instant(pulse, told);
    expect_train(pulse, told);
    told->given = true;
    out.free_us = out.bench.now_us + pulse->width_us + pulse->second_width_us;
    pulses_seen++;
}

/* -- every frame, in both directions ------------------------------------------------------------ */

static void note_alive(uint32_t nonce, uint32_t sequence)
{
    if (nonce == out.session && sequence > out.sequence) {
        out.sequence = sequence;
        out.alive_us = out.bench.now_us;
    }
}

static void note_setpoint(const uint8_t *body)
{
    struct told *told = &out.told[out.told_count++ % TOLD_MAX];

    told->when_us = out.bench.now_us;
    told->nonce = read32(&body[2]);
    told->sequence = read32(&body[6]);
    told->at_us = read32(&body[10]);
    told->channel = body[14];
    told->waveform = body[15];
    told->steps = read16(&body[16]);
    told->width_us = read16(&body[18]);
    told->given = told->nonce != out.session || told->sequence <= out.sequence; /* dead already */
    note_alive(told->nonce, told->sequence);
}

/* A whole frame for the device, before the device has it. */
static void note_heard(const uint8_t *body, size_t length)
{
    if (length == 5u && memcmp(body, "tSTOP", 5) == 0) {
        out.session = 0;
    } else if (length == 20u && body[0] == FESLINK_SETPOINT) {
        note_setpoint(body);
    } else if (length == 10u && body[0] == FESLINK_KEEP) {
        note_alive(read32(&body[2]), read32(&body[6]));
    }
}

static void note_armed(const uint8_t *body)
{
    out.session = read32(&body[2]);
    out.dead_man_us = body[6] * UINT64_C(1000);
    out.sequence = 0;
    out.alive_us = out.bench.now_us;
    for (size_t i = 0; i < FESLINK_CHANNELS_MAX; i++) {
        out.seen[i].strongest = 0;
    }
    sessions_begun++;
}

static void note_answer(const uint8_t *asked, const uint8_t *body)
{
    uint8_t result = body[2];

    out.state = body[3];
    out.fault = body[4];
    expect(out.state <= FESLINK_LATCHED, "state");
    expect((out.state == FESLINK_LATCHED) == (out.fault != 0u), "a fault without a latch");
    if (body[0] == (FESLINK_ANSWER | FESLINK_OFFER) && result == 0u) {
        out.offered = read32(&body[9]);
        out.next_sequence = 1;
    }
    if (body[0] == (FESLINK_ANSWER | FESLINK_ARM) && result == 0u) {
        expect(read32(&asked[2]) != 0u && read32(&asked[2]) == out.offered, "armed unoffered");
        note_armed(asked);
    }
    if (body[0] == (FESLINK_ANSWER | FESLINK_SETPOINT) && result == 0u) {
        struct seen *seen = &out.seen[asked[14] % FESLINK_CHANNELS_MAX];
        uint16_t steps = read16(&asked[16]);
        seen->strongest = steps > seen->strongest ? steps : seen->strongest;
    }
    if (out.state != FESLINK_ARMED) {
        out.session = 0;
    }
}

static void expect_one_answer(const uint8_t *asked)
{
    const uint8_t *body = NULL;
    size_t answers = 0;

    for (size_t i = 0; i < out.bench.out_length; i++) {
        if (feslink_take_byte(&out.answers, out.bench.out[i], &body) > 0u) {
            answers++;
            if (asked != NULL) {
                note_answer(asked, body);
            }
        }
    }
    expect(out.answers.length == 0u && out.answers.damaged == 0u, "half an answer");
    expect(answers == (asked != NULL && asked[0] < FESLINK_ANSWER ? 1u : 0u), "answers");
    out.bench.out_length = 0;
}

static void expect_sound(void)
{
    const struct feslink *device = &out.bench.device;

    if (!is_latched && device->state == FESLINK_LATCHED) {
        latches[device->fault]++;
    }
    is_latched = device->state == FESLINK_LATCHED;
    expect(device->queued <= device->table->queue, "queue");
    expect(feslink_wake_us(device) > out.bench.now_us, "something due was left");
    if (device->state != FESLINK_ARMED) {
        expect(device->queued == 0u && device->nonce == 0u, "something waits unarmed");
    }
}

static void tell(const uint8_t *bytes, size_t length)
{
    uint8_t asked[FESLINK_BODY_MAX];

    for (size_t i = 0; i < length; i++) {
        const uint8_t *body = NULL;
        size_t found = feslink_take_byte(&out.heard, bytes[i], &body);

        if (found > 0u) {
            memcpy(asked, body, found);
            note_heard(asked, found);
            messages_told++;
        }
        virtual_receive(&out.bench, out.bench.now_us, &bytes[i], 1);
        expect_one_answer(found > 0u ? asked : NULL);
    }
    expect_sound();
}

/* -- what a host may do ------------------------------------------------------------------------- */

static size_t write32(uint8_t *body, size_t place, uint32_t value)
{
    for (size_t i = 0; i < 4u; i++) {
        body[place + i] = (uint8_t)(value >> (8u * i) & 0xFFu);
    }
    return place + 4u;
}

static void tell_frame(const uint8_t *body, size_t length)
{
    uint8_t frame[FESLINK_FRAME_MAX + 1u];
    size_t frame_length = feslink_make_frame(body, length, frame);

    if (once_in(12)) { /* hurt on the way */
        frame[pick((uint32_t)frame_length)] ^= (uint8_t)(1u << pick(8));
    }
    if (once_in(12)) { /* cut short */
        frame_length = pick((uint32_t)frame_length) + 1u;
    }
    memcpy(out.last_frame, frame, frame_length);
    out.last_length = frame_length;
    tell(frame, frame_length);
    if (once_in(20)) { /* twice */
        tell(frame, frame_length);
    }
}

static void wait(uint64_t us)
{
    uint64_t wake_us = feslink_wake_us(&out.bench.device);

    if (once_in(40)) {
        virtual_tick_late(&out.bench, out.bench.now_us + us);
    } else if (once_in(10) && wake_us < out.bench.now_us + 50000u) {
        virtual_tick_late(&out.bench, wake_us + pick(1010));
    } else {
        virtual_advance(&out.bench, out.bench.now_us + us);
    }
    expect_sound();
}

static uint32_t nonce_of(void)
{
    return once_in(30) ? draw() * pick(2) : out.offered;
}

static void ask(void)
{
    static const uint8_t types[] = {FESLINK_STATUS, FESLINK_LIMITS, FESLINK_CAPABILITIES};
    uint8_t body[4] = {FESLINK_IDENTIFY, (uint8_t)pick(256), (uint8_t)pick(3), 0};

    if (once_in(4)) {
        tell_frame(body, 4);
    } else {
        body[0] = types[pick(3)];
        tell_frame(body, 2);
    }
}

static void begin_session(void)
{
    uint8_t body[7] = {FESLINK_OFFER, 1};

    virtual_nonce(&out.bench, draw() | 1u);
    tell_frame(body, 2);
    if (out.state == FESLINK_LATCHED) {
        body[0] = FESLINK_CLEAR;
        write32(body, 2, nonce_of());
        body[6] = once_in(10) ? (uint8_t)pick(20) : out.fault;
    } else {
        body[0] = FESLINK_ARM;
        write32(body, 2, nonce_of());
        body[6] = (uint8_t)(once_in(10) ? pick(256) : 50u + pick(101));
    }
    wait(once_in(20) ? pick(1200) * 1000u : 0u);
    tell_frame(body, 7);
}

static void keep(void)
{
    uint8_t body[10] = {FESLINK_KEEP, 1};

    write32(body, write32(body, 2, nonce_of()), out.next_sequence++ - (once_in(20) ? 2u : 0u));
    tell_frame(body, 10);
}

static uint32_t steps_of(void)
{
    const struct feslink_limits *limits = &out.bench.table.limits;

    switch (pick(12)) {
    case 0:
        return pick(256);
    case 1:
        return limits->current_steps + pick(2);
    case 2:
    case 3:
        return limits->start_steps + pick(12);
    default:
        return 1u + pick(limits->start_steps);
    }
}

static void tell_setpoint(uint32_t at_us, uint8_t channel, uint8_t waveform, uint32_t steps,
                          uint32_t width_us)
{
    uint8_t body[20] = {FESLINK_SETPOINT, 1};
    size_t place = write32(body, 2, nonce_of());

    place = write32(body, place, out.next_sequence++ - (once_in(30) ? pick(4) : 0u));
    write32(body, place, at_us);
    body[14] = channel;
    body[15] = waveform;
    body[16] = (uint8_t)(steps & 0xFFu);
    body[17] = (uint8_t)(steps >> 8);
    body[18] = (uint8_t)(width_us & 0xFFu);
    body[19] = (uint8_t)(width_us >> 8);
    tell_frame(body, 20);
}

static void setpoint(void)
{
    uint32_t ahead_us = once_in(3) ? 0u : pick(once_in(10) ? 65536u : 8000u) * 4u;
    uint32_t steps = steps_of();
    uint8_t channel = (uint8_t)(once_in(40) ? pick(256) : pick(once_in(3) ? 8 : 2));
    uint32_t at_us;

    ahead_us -= once_in(50) ? 65000u : 0u;
    at_us = (uint32_t)out.bench.now_us + ahead_us;
    if (once_in(4)) { /* as soon as the last one allows, or just too soon */
        at_us = (uint32_t)out.seen[channel % FESLINK_CHANNELS_MAX].last_at_us
            + out.bench.table.limits.interval_us - pick(2);
    }
    steps -= once_in(2) && steps > 4u ? steps % 4u : 0u;
    tell_setpoint(at_us, channel, (uint8_t)(once_in(4) ? pick(5) : 0u), steps,
                  once_in(20) ? pick(600) : 20u + pick(281));
}

/* Two channels, as near to one another as they may come, or nearer. */
static void pair(void)
{
    uint32_t at_us = (uint32_t)out.bench.now_us + pick(3000);
    uint32_t width_us = 100u + pick(201);
    uint32_t steps = 1u + pick(out.bench.table.limits.start_steps);

    tell_setpoint(at_us, 0, 0, steps, width_us);
    tell_setpoint(at_us + 2u * width_us + 195u + pick(100), 1, 0, steps, width_us);
}

static void stop(void)
{
    static const uint8_t zero[1] = {0};
    const uint8_t body[5] = {FESLINK_STOP, 'S', 'T', 'O', 'P'};

    tell(zero, 1);
    tell_frame(body, 5);
}

static void noise(void)
{
    uint8_t bytes[64];
    size_t length = pick(64) + 1u;

    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)pick(256);
    }
    if (once_in(2)) {
        tell_frame(bytes, 1u + length % FESLINK_BODY_MAX);
    } else {
        tell(bytes, length);
    }
}

static void change_stage(void)
{
    static const uint32_t ohms[] = {1000, 1000, 500, 99, 3000, 9000, 65535, 1000000000};

    virtual_stage(&out.bench, ohms[pick(8)], 150, once_in(20), once_in(20) ? 5000 : 0);
}

static void press_button(void)
{
    virtual_button(&out.bench, out.bench.now_us, true);
    out.session = 0;
    virtual_button(&out.bench, out.bench.now_us, once_in(4));
    expect_sound();
}

/* Bursts as a host in order asks for them, now and then a little too strong or too steep. */
static void bursts(void)
{
    const struct feslink_limits *limits = &out.bench.table.limits;
    uint32_t every_us = limits->interval_us + pick(20000);
    uint32_t steps = 1u + pick(limits->start_steps);

    for (uint32_t left = 1u + pick(30); left > 0u && out.state == FESLINK_ARMED; left--) {
        tell_setpoint((uint32_t)out.bench.now_us + 500u, 0, 0, steps, 100);
        wait(every_us);
        if (once_in(4)) {
            steps = limits->start_steps;
        } else if (once_in(4)) {
            steps += pick(limits->level_steps + 1u);
        } else if (once_in(6)) { /* a pause in the walk */
            wait(45000);
            keep();
            wait(45000);
            keep();
            wait(45000);
        }
    }
}

static void act(void)
{
    switch (pick(32)) {
    case 0:
        stop();
        break;
    case 1:
        noise();
        break;
    case 2:
        ask();
        break;
    case 3:
        tell(out.last_frame, out.last_length);
        break;
    case 4:
        change_stage();
        break;
    case 5:
        if (once_in(10)) {
            press_button();
        }
        break;
    case 6:
    case 7:
        keep();
        break;
    case 8:
        bursts();
        break;
    case 9:
    case 10:
    case 11:
    case 12:
        wait(pick(once_in(20) ? 300u : 20u) * 1000u);
        break;
    case 13:
    case 14:
        wait(pick(900));
        break;
    case 15:
        pair();
        break;
    default:
        if (out.state == FESLINK_ARMED && !once_in(40)) {
            setpoint();
        } else {
            begin_session();
        }
    }
}

static void draw_table(struct feslink_table *table)
{
    *table = feslink_bench_table;
    table->channels = (uint8_t)(1u + pick(FESLINK_CHANNELS_MAX));
    table->queue = (uint8_t)(1u + pick(FESLINK_QUEUE_MAX));
    table->limits.current_steps = (uint16_t)(once_in(4) ? 20u + pick(60) : 160u);
    table->limits.width_us = (uint16_t)(once_in(4) ? 100u + pick(200) : 300u);
    table->limits.interval_us = (uint16_t)(once_in(2) ? 20000u : 1000u + pick(20000));
    table->limits.burst_ms = (uint16_t)(once_in(2) ? 2000u : 100u + pick(500));
    table->limits.start_steps = (uint16_t)(4u + pick(80));
    table->limits.level_steps = (uint16_t)pick(20);
    table->limits.ramp_ms = (uint16_t)pick(120);
    table->limits.rms_steps = (uint16_t)(once_in(2) ? 64u : 1u + pick(12));
    table->limits.charge_nc = (uint16_t)(once_in(8) ? 1000u + pick(12000) : 24000u);
    table->limits.dose_100mc = once_in(20) ? 0 : 200;
    table->limits.session_min = once_in(20) ? 0 : 480;
}

static void hold_dialogue(void)
{
    struct feslink_table table;

    memset(&out, 0, sizeof out);
    is_latched = false;
    draw_table(&table);
    virtual_start(&out.bench, &table, "FUZZ0001", (uint64_t)draw() << (pick(4) * 4u),
                  !once_in(50));
    out.bench.watch = watch;
    virtual_button(&out.bench, out.bench.now_us, once_in(50));
    virtual_advance(&out.bench, out.bench.now_us + 60000u);
    virtual_button(&out.bench, out.bench.now_us, false);
    for (uint32_t i = 0; i < ACTIONS && (given_bytes == NULL || given_length > 0u); i++) {
        act();
        out.bench.pulse_count = 0;
        if (out.bench.nonce_next + 2u > VIRTUAL_NONCES_MAX) {
            break;
        }
    }
    dialogues_held++;
}

#ifdef FESLINK_LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    random_state = 1;
    given_bytes = data;
    given_length = size;
    hold_dialogue();
    return 0;
}

#else

static void print_result(void)
{
    printf("{\"messages\": %" PRIu64 ", \"dialogues\": %" PRIu64 ", \"sessions\": %" PRIu64
           ", \"pulses\": %" PRIu64 ", \"latches\": [",
           messages_told, dialogues_held, sessions_begun, pulses_seen);
    for (size_t i = 1; i <= FESLINK_FAULT_BUTTON; i++) {
        printf("%s%" PRIu64, i > 1u ? ", " : "", latches[i]);
    }
    printf("], \"findings\": 0}\n");
}

int main(int count, char **arguments)
{
    double seconds = count > 1 ? atof(arguments[1]) : 5.0;
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 10) : 1u;
    clock_t end = clock() + (clock_t)(seconds * CLOCKS_PER_SEC);

    do {
        seed_now = seed++;
        random_state = seed_now * UINT64_C(0x9E3779B97F4A7C15) + 1u;
        hold_dialogue();
    } while (clock() < end);
    print_result();
    return 0;
}

#endif
