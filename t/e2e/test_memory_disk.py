"""Files on a file system that lives in memory (tmpfs) are sent by the loop itself: there is no disk to wait for."""
import tempfile
from pathlib import Path

import pytest

from server import ACCOUNTS
from tools import blob, make

pytestmark = pytest.mark.needs("loop", "lean")


def test_downloads_start_no_thread(server):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        make(folder, "f", blob(3 << 20))
        one = server(Path(folder), "--workers", "1", *ACCOUNTS)
        client = one.raw("bob")
        client.get("RETR f")                                     # its name is cached from here on
        worker = one.process_of(client)
        threads = worker.num_threads()
        for _ in range(5):
            assert client.get("RETR f") == blob(3 << 20)
            client.expect(250, "CWD /")
        client.expect(200, "TYPE A")
        client.get("RETR f")                                     # read, converted and sent
        assert worker.num_threads() == threads, "a thread was started to read from memory"
        one.stop()
