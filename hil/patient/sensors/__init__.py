"""What sensors make of a leg: each with its defects, together in packets that arrive late."""
