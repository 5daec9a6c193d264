"""A RabbitMQ broker of our own: in a scratch folder, on free ports, gone with its port mapper afterwards."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.serving import START_SECONDS, Cores, Served, serving


def _program() -> str | None:
    # Debian's wrapper on the path changes the user and loses the environment; the program itself is beside it.
    own = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(own) if own.exists() else shutil.which("rabbitmq-server")


PROGRAM = _program()


def absent(python: Path) -> str | None:
    if PROGRAM is None:
        return "rabbitmq-server is not installed"
    return None if (python / "aiormq").is_dir() else "aiormq is not installed"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextlib.contextmanager
def start(folder: Path, cores: Cores) -> Iterator[Served]:
    """Run a broker until the block ends. Durability is its own: confirmed once written and synced."""
    assert PROGRAM is not None
    folder.mkdir(parents=True, exist_ok=True)
    port, mapper, distribution = _free_port(), _free_port(), _free_port()
    (folder / "plugins").write_text("[].\n")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.default = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n"
    )
    environment = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RUNNING_UNDER_SYSTEMD": "1",  # the script then becomes the broker, so that it is ours to end
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        # As many schedulers as it has cores here, which do not spin while they wait.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }
    command = ["sh", "-c", f'echo "running at amqp://127.0.0.1:{port}"; exec "$0"', PROGRAM]
    try:
        with serving(command, folder, cores, environment) as served:
            _wait_until_listening(port, served)
            yield served
    finally:
        epmd = shutil.which("epmd")
        if epmd is not None:
            subprocess.run([epmd, "-port", str(mapper), "-kill"], capture_output=True, check=False)


def _wait_until_listening(port: int, served: Served) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the broker did not come up: {served.log.read_text(errors='replace')[-1000:]}")
