# SPDX-License-Identifier: GPL-2.0-or-later
"""What the end-to-end tests of fathom agent share: agents, and the masters that use them."""
import contextlib
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../engine"))
sys.dont_write_bytecode = True
import bench_tool  # noqa: E402
from bench_tool import FATHOM, BenchTest, job_text, main, skip  # noqa: E402,F401

LONG = {"ioengine": "null", "runtime": 100, "bs": "4k"}


def await_(condition, what):
    """Until @condition is true; the result of it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError("waited in vain: " + what)


def children(pid):
    """The processes that @pid started and that still run."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except FileNotFoundError:
        return []


def works(pid):
    """Has a worker of @pid been at work for a while? It is the thread behind that of the run."""
    with contextlib.suppress(OSError):
        tasks = sorted(map(int, os.listdir(f"/proc/{pid}/task")))
        if len(tasks) < 3:
            return False
        with open(f"/proc/{pid}/task/{tasks[2]}/stat", encoding="ascii") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return int(user) + int(system) > 1
    return False


class Agent:
    """A running agent, and what it says."""

    def __init__(self, errors, address, *options):
        self.errors = errors
        with open(errors, "wb") as file:
            self.process = subprocess.Popen([FATHOM, "agent", *options, address], stderr=file,
                                            stdin=subprocess.DEVNULL)
        self.address = await_(self._address, "the agent listens")

    def said(self):
        with open(self.errors, encoding="utf-8") as file:
            return file.read()

    def _address(self):
        for line in self.said().splitlines():
            if "listening on " in line:
                return line.split("listening on ")[1].split(" ")[0]
        assert self.process.poll() is None, self.said()
        return None

    def session(self):
        """The process that serves a master now."""
        return await_(lambda: children(self.process.pid), "a session")[0]

    def is_free(self):
        return not children(self.process.pid)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


class AgentTest(BenchTest):
    def agent(self, *options, address=None, name="agent"):
        agent = Agent(self.path(name + ".err"), address or "unix:" + self.path(name), *options)
        self.addCleanup(agent.stop)
        return agent

    def files_agent(self, *options):
        return self.agent("--allow-path", self.directory, *options)

    def start(self, agent, text, *options, name="job.fio"):
        """A master that runs in the background."""
        command = [FATHOM, "bench", "--agent", agent.address, *options, self.job(text, name)]
        master = subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        self.addCleanup(lambda: (master.kill(), master.communicate()))
        return master

    def running(self, agent, text=None, *options):
        """… whose job runs."""
        master = self.start(agent, text or job_text({"x": LONG}), *options)
        await_(lambda: works(agent.session()), "a worker")
        return master

    def there(self, agent, text, *options, status=0):
        return self.bench(text, "--agent", agent.address, *options, status=status)
