"""How long one session waits for its answers while others keep the server busy."""
import threading
import time

from ftpraw import OPEN, receive_all
from tools import PATIENCE, WAIT

ROUND = 200                                                  # NOOPs
ROUNDS = 8                                                   # at most


def p99(times):
    return sorted(times)[len(times) * 99 // 100]


class Pace:
    """NOOPs and hot downloads, timed one by one.

    A machine that runs other tests beside this one makes some rounds slow; a loop that is blocked makes all of them slow. So
    the quietest round counts for the p99, and all rounds count for the longest wait, which is that of a blocked loop: seconds.
    """

    def __init__(self, step, clock=time.perf_counter):
        self.rounds, self.longest = [], 0
        self.step, self.clock = step, clock

    def measure(self, limit, rounds=ROUNDS, count=ROUND, least=0):
        """Until a round is quick enough, at most so many; but at least so many seconds."""
        end = time.monotonic() + least
        while len(self.rounds) < rounds or time.monotonic() < end:
            times = []
            for _ in range(count):
                begin = self.clock()
                self.step()
                times.append(self.clock() - begin)
                time.sleep(0.001)
            self.rounds.append(p99(times))
            self.longest = max(self.longest, *times)
            if min(self.rounds) < limit * PATIENCE and time.monotonic() >= end:
                break
        return self

    def __str__(self):
        worst = [round(1000 * r, 1) for r in sorted(self.rounds)[-8:]]
        return f"p99 {1000 * min(self.rounds):.2f} ms ({len(self.rounds)} rounds, up to {worst}), longest {1000 * self.longest:.0f} ms"

    def holds(self, limit, longest):
        print(self)
        assert min(self.rounds) < limit * PATIENCE, f"somebody else's work is waited for: {self}"
        assert self.longest < longest, f"somebody else's work was waited for once: {self}"


def noop(client):
    """A NOOP, without the printing of ftpraw."""
    def step():
        client.sock.sendall(b"NOOP\r\n")
        assert client.file.readline().startswith(b"200 ")
    return step


def download(client, name, content):
    def step():
        data = client.epsv()()
        client.expect(OPEN, f"RETR {name}")
        assert receive_all(data) == content
        data.close()
        client.expect(226)
    return step


def beside(*works):
    """Run these at the same time; failures are raised here."""
    failures = []

    def run(work):
        try:
            work()
        except BaseException as problem:
            failures.append(problem)

    threads = [threading.Thread(target=run, args=(w,)) for w in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class Busy:
    """Sessions that each do work(client, n) again and again, in threads, until stop(); once at least."""

    def __init__(self, one, work, count):
        self.begun, self.over, self.problems = threading.Barrier(count + 1), threading.Event(), []
        self.rounds = [0] * count
        self.threads = [threading.Thread(target=self.run, args=(one.raw("bob", timeout=10 * WAIT), work, n)) for n in range(count)]
        for thread in self.threads:
            thread.start()
        self.begun.wait(WAIT)

    def run(self, client, work, n):
        try:
            self.begun.wait(WAIT)
            while True:
                work(client, n)
                self.rounds[n] += 1
                if self.over.is_set():
                    return
        except BaseException as problem:
            self.problems.append(problem)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]
