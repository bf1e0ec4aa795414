"""What a bench tells over MQTT, and the guarded parameters that it takes.

Nothing here runs in the control loop but what hands a line to another process and what judges a
command: the broker is spoken to by a process of its own (``agent``), which holds no port and knows
no controller.
"""
