"""A client that leaves nothing behind of a line that has ended: aiomqtt finds out a turn late."""

from typing import Any, Self

from aiomqtt import Client


class TidyClient(Client):
    """A client whose line may end at any moment, in the midst of being made too."""

    async def __aenter__(self) -> Self:
        """Connect."""
        end = self._disconnected
        await super().__aenter__()
        if end.done():
            # It ended right behind the broker's welcome, which aiomqtt forgets here: nobody would
            # be told that nothing can come any more, and the error be of interest to nobody.
            self._disconnected = end
        return self

    def _on_socket_register_write(
        self,
        client: Any,
        userdata: Any,  # noqa: ARG002 - paho's
        sock: Any,
    ) -> None:
        """Wait until a line can be written to, which paho asks for, perhaps from a thread.

        aiomqtt does it in the loop's next turn, whatever has become of the line: its number may
        then be nobody's, or that of another line.
        """
        self._loop.call_soon_threadsafe(self._await_writing, client, sock)

    def _await_writing(self, client: Any, sock: Any) -> None:
        if client.socket() is sock:
            self._loop.add_writer(sock.fileno(), self._write, client)

    def _write(self, client: Any) -> None:
        try:
            client.loop_write()
        except Exception as error:  # noqa: BLE001 - whatever it is, the line is no more
            if not self._disconnected.done():
                self._disconnected.set_exception(error)
