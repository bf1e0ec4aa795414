/*
 * A bench probe of fes-ctrl, for a board that Arduino knows: it stamps each pulse across the dummy
 * load and plays the heel's edges, both on one clock.
 *
 *     fes-ctrl walk --clock real --link p24:///dev/ttyACM0 --dummy-load 1000 \
 *         --probe "serial:///dev/ttyACM1?baud=115200"
 *
 * Lines, circuit and limits are in docs/reference/probe-lines.md. Nobody is connected to any of it.
 *
 * Two comparators say whether current flows, and which way; their edges interrupt and are stamped.
 * The converter is read once a phase, after its edge. The figures below are those of a 32-bit board
 * with 12 bits and 3.3 V; others are calibrated against a known current.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const int POSITIVE_PIN = 2; /* high above the floor, low below it */
static const int NEGATIVE_PIN = 3; /* high where that much flows backwards */
static const int HEEL_PIN = 4;     /* drives the switch: high is loaded */
static const int SENSE_PIN = A0;

static const char NAME[] = "bench-probe";
static const char FIRMWARE[] = "1.0";
static const uint32_t LOAD_OHM = 1000;
static const int32_t UA_A_COUNT = 59; /* 3.3 V / 4096, times 73 of the divider, over the load */
static const int32_t ZERO_COUNT = 2048;
static const uint32_t STEP_UA = 250; /* four counts: what noise leaves */
static const uint32_t CEILING_UA = 115000;
static const uint32_t FLOOR_UA = 1000;
static const uint32_t STEP_US = 8; /* micros(), and the converter that holds an edge up */
static const uint32_t CLOCK_PPM = 200;

static const uint8_t CHANNEL = 0;
static const uint32_t QUIET_US = 1000; /* a pulse is over after so long without current */
static const uint32_t ALIVE_US = 50000;

enum { PHASES = 8, RECORDS = 8, EDGES = 8, LINE = 200, HEARD = 40 };

struct Phase {
    uint16_t lasts_us;
    int32_t ua;
};

struct Pulse {
    uint32_t number;
    uint32_t t_us;
    uint8_t phases;
    struct Phase phase[PHASES];
};

struct Edge {
    uint32_t at_us;
    uint8_t loaded;
};

/* The interrupt's: the pulse that goes on lies behind the last that is recorded. */
static volatile uint32_t pulses;
static volatile uint32_t unrecorded;
static volatile uint32_t edge_us;
static volatile int32_t flows_ua;
static volatile int8_t way;
static volatile uint8_t within;
static volatile uint8_t spilt;
static volatile uint8_t first;
static volatile uint8_t recorded;
static struct Pulse record[RECORDS];

/* The loop's. */
static char out[LINE];
static size_t out_from, out_to;
static char heard[HEARD];
static size_t heard_to;
static uint8_t heard_too_long;
static uint32_t refused;
static uint32_t alive_due_us;
static uint8_t identity_due;
static int16_t token_due = -1;
static struct Edge edge_to_play[EDGES];
static uint8_t edges_to_play;
static struct Edge edge_to_tell[EDGES];
static uint8_t edges_to_tell;

static uint8_t check_of(const char *text, size_t length)
{
    uint8_t sum = 0;

    while (length-- > 0)
        sum ^= (uint8_t)*text++;
    return sum;
}

/* -- pulses -------------------------------------------------------------------------------- */

static void changed(void)
{
    uint32_t now_us = micros();
    int8_t to = (int8_t)((digitalRead(POSITIVE_PIN) == HIGH) - (digitalRead(NEGATIVE_PIN) == HIGH));

    if (to == way)
        return;
    if (!within) {
        within = 1;
        pulses++;
        spilt = recorded == RECORDS;
        if (!spilt) {
            struct Pulse *pulse = &record[(first + recorded) % RECORDS];
            pulse->number = pulses;
            pulse->t_us = now_us;
            pulse->phases = 0;
        }
    } else if (!spilt && now_us != edge_us) {
        struct Pulse *pulse = &record[(first + recorded) % RECORDS];
        uint32_t lasts_us = now_us - edge_us;
        if (pulse->phases == PHASES) {
            spilt = 1;
        } else {
            pulse->phase[pulse->phases].lasts_us = lasts_us > 65535 ? 65535 : (uint16_t)lasts_us;
            pulse->phase[pulse->phases].ua = flows_ua;
            pulse->phases++;
        }
    }
    edge_us = now_us;
    way = to;
    flows_ua = 0;
    if (to != 0) {
        int32_t ua = ((int32_t)analogRead(SENSE_PIN) - ZERO_COUNT) * UA_A_COUNT;
        ua = ua < 0 ? -ua : ua;
        flows_ua = to * (ua > (int32_t)CEILING_UA ? (int32_t)CEILING_UA : ua);
    }
}

/* Close a pulse after which nothing has flowed for a while. */
static void close_pulse(void)
{
    noInterrupts();
    if (within && way == 0 && micros() - edge_us > QUIET_US) {
        within = 0;
        if (spilt || record[(first + recorded) % RECORDS].phases == 0)
            unrecorded++;
        else
            recorded++;
    }
    interrupts();
}

/* -- lines to the host --------------------------------------------------------------------- */

/* Put the check to what stands in `out`; it leaves as the port takes it. */
static void seal(int length)
{
    size_t at = (size_t)length;

    snprintf(out + at, sizeof out - at, "*%02X\n", check_of(out, at));
    out_from = 0;
    out_to = at + 4;
}

static void tell_pulse(void)
{
    const struct Pulse *pulse = &record[first];
    int at = snprintf(out, sizeof out, "pulse,%lu,%lu,%u", (unsigned long)pulse->number,
                      (unsigned long)pulse->t_us, CHANNEL);

    for (uint8_t k = 0; k < pulse->phases; k++)
        at += snprintf(out + at, sizeof out - (size_t)at, ",%u/%ld", pulse->phase[k].lasts_us,
                       (long)pulse->phase[k].ua);
    seal(at);
    noInterrupts();
    first = (uint8_t)((first + 1) % RECORDS);
    recorded--;
    interrupts();
}

/* No pulse goes on and none is untold: what began before this instant has been told of. */
static void tell_alive(void)
{
    uint32_t now_us, seen, lost;
    uint8_t busy;

    noInterrupts();
    busy = within || recorded > 0;
    now_us = micros();
    seen = pulses;
    lost = unrecorded;
    interrupts();
    if (busy)
        return;
    alive_due_us = now_us + ALIVE_US;
    seal(snprintf(out, sizeof out, "alive,%lu,%lu,%lu,%lu", (unsigned long)now_us,
                  (unsigned long)seen, (unsigned long)lost, (unsigned long)refused));
}

static void tell_identity(void)
{
    identity_due = 0;
    seal(snprintf(out, sizeof out, "probe,1,%s,%s,%lu,%lu,%lu,%lu,%lu,%lu", NAME, FIRMWARE,
                  (unsigned long)LOAD_OHM, (unsigned long)STEP_UA, (unsigned long)STEP_US,
                  (unsigned long)CEILING_UA, (unsigned long)CLOCK_PPM, (unsigned long)FLOOR_UA));
}

static void tell_edge(void)
{
    struct Edge edge = edge_to_tell[0];

    edges_to_tell--;
    memmove(edge_to_tell, edge_to_tell + 1, edges_to_tell * sizeof edge);
    seal(snprintf(out, sizeof out, "edge,%lu,%u", (unsigned long)edge.at_us, edge.loaded));
}

static void tell(void)
{
    if (out_from < out_to) {
        /* Never more than the port takes at once: whoever waits sees no edges of the heel. */
        size_t room = (size_t)Serial.availableForWrite();
        size_t left = out_to - out_from;
        out_from += Serial.write((const uint8_t *)out + out_from, left < room ? left : room);
    } else if (token_due >= 0) {
        seal(snprintf(out, sizeof out, "clock,%d,%lu", token_due, (unsigned long)micros()));
        token_due = -1;
    } else if (recorded > 0) {
        tell_pulse();
    } else if (edges_to_tell > 0) {
        tell_edge();
    } else if (identity_due) {
        tell_identity();
    } else if ((int32_t)(micros() - alive_due_us) >= 0) {
        tell_alive();
    }
}

/* -- lines of the host --------------------------------------------------------------------- */

/* Read a decimal number and step over it; false where there is none, or it is beyond 32 bits. */
static uint8_t number(const char **at, uint32_t *value)
{
    const char *begin = *at;
    uint64_t found = 0;

    while (**at >= '0' && **at <= '9' && *at - begin < 10)
        found = found * 10 + (uint64_t)(*(*at)++ - '0');
    *value = (uint32_t)found;
    return *at > begin && found <= UINT32_MAX && (*begin != '0' || *at == begin + 1);
}

static uint8_t obey(const char *text)
{
    uint32_t value, at_us = micros();

    if (strcmp(text, "identify") == 0) {
        identity_due = 1;
        return 1;
    }
    if (strncmp(text, "clock,", 6) == 0) {
        text += 6;
        if (!number(&text, &value) || *text != '\0' || value > 255)
            return 0;
        token_due = (int16_t)value;
        return 1;
    }
    if (strncmp(text, "edge,", 5) != 0)
        return 0;
    text += 5;
    if (!number(&text, &value) || value > 1)
        return 0;
    if (*text == ',' && (text++, !number(&text, &at_us)))
        return 0;
    if (*text != '\0' || edges_to_play == EDGES)
        return 0;
    edge_to_play[edges_to_play].at_us = at_us;
    edge_to_play[edges_to_play].loaded = (uint8_t)value;
    edges_to_play++;
    return 1;
}

static uint8_t line_is_right(size_t length)
{
    char sum[4];

    if (length < 4 || heard[length - 3] != '*')
        return 0;
    snprintf(sum, sizeof sum, "%02X", check_of(heard, length - 3));
    if (memcmp(sum, heard + length - 2, 2) != 0)
        return 0;
    heard[length - 3] = '\0';
    return 1;
}

static void listen(void)
{
    while (Serial.available() > 0) {
        char byte = (char)Serial.read();
        if (byte != '\n') {
            if (heard_to < HEARD)
                heard[heard_to++] = byte;
            else
                heard_too_long = 1;
            continue;
        }
        if (heard_to > 0 && heard[heard_to - 1] == '\r')
            heard_to--;
        if (heard_too_long || (heard_to > 0 && (!line_is_right(heard_to) || !obey(heard))))
            refused++;
        heard_to = 0;
        heard_too_long = 0;
    }
}

/* Play the edges that are due; one that cannot be told of yet waits. */
static void play(void)
{
    for (uint8_t k = 0; k < edges_to_play && edges_to_tell < EDGES;) {
        struct Edge edge = edge_to_play[k];
        if ((int32_t)(micros() - edge.at_us) < 0) {
            k++;
            continue;
        }
        digitalWrite(HEEL_PIN, edge.loaded ? HIGH : LOW);
        edge.at_us = micros();
        edge_to_tell[edges_to_tell++] = edge;
        edges_to_play--;
        memmove(edge_to_play + k, edge_to_play + k + 1, (edges_to_play - k) * sizeof edge);
    }
}

void setup()
{
    Serial.begin(115200);
    pinMode(POSITIVE_PIN, INPUT);
    pinMode(NEGATIVE_PIN, INPUT);
    pinMode(HEEL_PIN, OUTPUT);
    digitalWrite(HEEL_PIN, LOW);
    attachInterrupt(digitalPinToInterrupt(POSITIVE_PIN), changed, CHANGE);
    attachInterrupt(digitalPinToInterrupt(NEGATIVE_PIN), changed, CHANGE);
    identity_due = 1;
    alive_due_us = micros();
}

void loop()
{
    close_pulse();
    play();
    listen();
    tell();
}
