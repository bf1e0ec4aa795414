/* Frames of feslink: bodies without zeros (COBS), five check bytes (CRC-32), a zero. */

#ifndef FESLINK_FRAME_H
#define FESLINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FESLINK_BODY_MAX 32u
#define FESLINK_CHECK_LENGTH 5u
#define FESLINK_FRAME_MIN (2u + FESLINK_CHECK_LENGTH)
#define FESLINK_FRAME_MAX (1u + FESLINK_BODY_MAX + FESLINK_CHECK_LENGTH) /* between two zeros */

struct feslink_receiver {
    uint8_t bytes[FESLINK_FRAME_MAX];
    uint8_t length;
    bool too_long;
    uint16_t damaged; /* what stood between two zeros and was no whole frame */
};

/* Takes one byte. Returns the length of the body that it completes, 0 where it completes none;
 * `*body` is valid until the next byte is taken. */
size_t feslink_take_byte(struct feslink_receiver *receiver, uint8_t byte, const uint8_t **body);

/* Writes the frame of a body of 1 to 32 bytes, the ending zero included; returns its length. */
size_t feslink_make_frame(const uint8_t *body, size_t length,
                          uint8_t frame[FESLINK_FRAME_MAX + 1u]);

#endif
