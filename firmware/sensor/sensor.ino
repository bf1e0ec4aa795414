/*
 * A heel switch as a sensor of fes-ctrl, for a board that Arduino knows: 100 readings a second.
 *
 *     fes-ctrl run --sensor "serial:/dev/ttyACM0?sensors=right.heel_switch" ...
 *
 * The line protocol is in docs/reference/sensor-lines.md. A switch from HEEL_PIN to ground that
 * closes under the heel; nothing on this board is connected to the person but that switch. A button
 * from STOP_PIN to ground stops the output for as long as it is held, and ends the walk's arming.
 */

#include <stdint.h>
#include <stdio.h>

static const int HEEL_PIN = 2;
static const int STOP_PIN = 3;
static const char LEG[] = "right";
static const uint32_t PERIOD_US = 10000;

static uint32_t number;
static uint32_t due_us;

/* One line: leg, sensor, number, instant, value, and the exclusive or of all of it. */
static void send(const char *sensor, uint32_t t_us, int value)
{
    char line[80];
    char end[8];
    uint8_t sum = 0;

    snprintf(line, sizeof line, "%s,%s,%lu,%lu,%d", LEG, sensor, (unsigned long)number,
             (unsigned long)t_us, value);
    for (const char *at = line; *at != '\0'; at++)
        sum ^= (uint8_t)*at;
    snprintf(end, sizeof end, "*%02X\n", sum);
    Serial.print(line);
    Serial.print(end);
}

void setup()
{
    Serial.begin(115200);
    pinMode(HEEL_PIN, INPUT_PULLUP);
    pinMode(STOP_PIN, INPUT_PULLUP);
    due_us = micros();
}

void loop()
{
    uint32_t now_us = micros();
    int32_t late_us = (int32_t)(now_us - due_us);

    if (late_us < 0)
        return;
    if (digitalRead(STOP_PIN) == LOW)
        Serial.print("stop*18\n");
    /* Readings that were missed stay missing: the numbers show it. */
    number += 1 + (uint32_t)late_us / PERIOD_US;
    due_us += (1 + (uint32_t)late_us / PERIOD_US) * PERIOD_US;
    send("heel_switch", now_us, digitalRead(HEEL_PIN) == LOW ? 1 : 0);
}
