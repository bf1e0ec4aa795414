#include "frame.h"

static uint32_t crc32_of(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0xFFFFFFFFu;

    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
        }
    }
    return ~crc;
}

/* Seven bits each, the lowest first, the top bit set: none is zero. */
static void make_check(const uint8_t *stuffed, size_t length, uint8_t check[FESLINK_CHECK_LENGTH])
{
    uint32_t crc = crc32_of(stuffed, length);

    for (size_t i = 0; i < FESLINK_CHECK_LENGTH; i++) {
        check[i] = (uint8_t)(0x80u | (crc & 0x7Fu));
        crc >>= 7;
    }
}

static bool check_is_right(const uint8_t *stuffed, size_t length, const uint8_t *found)
{
    uint8_t check[FESLINK_CHECK_LENGTH];
    bool right = true;

    make_check(stuffed, length, check);
    for (size_t i = 0; i < FESLINK_CHECK_LENGTH; i++) {
        right = right && check[i] == found[i];
    }
    return right;
}

/* Follows the distances and writes a zero over each; true where the last leads to the end. */
static bool unstuff(uint8_t *bytes, size_t length)
{
    size_t place = 0;

    while (place < length) {
        uint8_t distance = bytes[place];
        if (distance == 0u) {
            return false;
        }
        bytes[place] = 0;
        place += distance;
    }
    return place == length;
}

static bool is_whole(struct feslink_receiver *receiver, size_t length)
{
    size_t stuffed;

    if (receiver->too_long || length < FESLINK_FRAME_MIN) {
        return false;
    }
    stuffed = length - FESLINK_CHECK_LENGTH;
    return check_is_right(receiver->bytes, stuffed, &receiver->bytes[stuffed])
        && unstuff(receiver->bytes, stuffed);
}

static size_t end_frame(struct feslink_receiver *receiver, const uint8_t **body)
{
    size_t length = receiver->length;
    bool whole;

    if (length == 0u) {
        return 0;
    }
    whole = is_whole(receiver, length);
    receiver->length = 0;
    receiver->too_long = false;
    if (!whole) {
        receiver->damaged++;
        return 0;
    }
    *body = &receiver->bytes[1];
    return length - FESLINK_CHECK_LENGTH - 1u;
}

size_t feslink_take_byte(struct feslink_receiver *receiver, uint8_t byte, const uint8_t **body)
{
    if (byte == 0u) {
        return end_frame(receiver, body);
    }
    if (receiver->length == FESLINK_FRAME_MAX) {
        receiver->too_long = true;
    } else {
        receiver->bytes[receiver->length++] = byte;
    }
    return 0;
}

static size_t stuff(const uint8_t *body, size_t length, uint8_t *stuffed)
{
    size_t mark = 0; /* where the distance to the next zero belongs */
    size_t place = 1;

    for (size_t i = 0; i < length; i++) {
        if (body[i] == 0u) {
            stuffed[mark] = (uint8_t)(place - mark);
            mark = place;
        } else {
            stuffed[place] = body[i];
        }
        place++;
    }
    stuffed[mark] = (uint8_t)(place - mark);
    return place;
}

size_t feslink_make_frame(const uint8_t *body, size_t length,
                          uint8_t frame[FESLINK_FRAME_MAX + 1u])
{
    size_t stuffed = stuff(body, length, frame);

    make_check(frame, stuffed, &frame[stuffed]);
    frame[stuffed + FESLINK_CHECK_LENGTH] = 0;
    return stuffed + FESLINK_CHECK_LENGTH + 1u;
}
