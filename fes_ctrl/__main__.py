"""``python -m fes_ctrl`` is ``fes-ctrl``."""

from fes_ctrl.cli import main

main()
