# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds of fuzz_control, whole sessions seen from either side, and of fuzz_vsock, captures of
them with the numbers of three reports. control_seeds.py FOLDER FOLDER"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../agent"))
sys.dont_write_bytecode = True
from packets import AGENT, MASTER, REQUEST, RESPONSE, RW, Pcap  # noqa: E402
from protocol import message, piece  # noqa: E402

JOB = {"name": "j", "text": "[global]\nioengine=null\nsize=16k\n[a]\n[b]\nnumjobs=2\nstonewall\n",
       "overrides": [{"key": "iodepth", "value": "4"}], "allow_write": []}
LATENCY = {"N": 4, "min": 1, "max": 5000, "mean": 20.5, "stddev": 1,
           "percentile": {"50.000000": 12, "99.990000": 4000}}
RESULTS = {"time": "now", "jobs": [
    {"jobname": "a", "groupid": 1, "error": 0, "iodepth_level": {"1": 100}, "usr_cpu": 1,
     "read": {"io_bytes": 4096, "total_ios": 4, "iops": 9.5, "lat_ns": LATENCY, "bw_samples": 1},
     "sync": {"total_ios": 1, "lat_ns": LATENCY}, "latency_us": {"4": 50},
     "fathom": {"workers": 1, "elapsed_ns": 5, "cpu_ns": 3, "polling": {"max_ns": 4}}}],
    "disk_util": [{"name": "vda", "util": 3}],
    "fathom": {"warnings": [{"id": "x", "subject": "a", "text": "a: b"}]}}


def of_master():
    yield message("hello", 1, {"program": "x", "session": "0123456789abcdef"})
    yield message("clock", 2)
    yield message("job", 3, JOB)
    yield message("clock", 4)
    yield message("clock_result", 5, {"offset_ns": -5, "error_ns": 9, "rounds": 32})
    yield message("run", 6)
    yield message("stop", 6)
    yield message("finish", 7)


def of_agent():
    def times(first):
        return b"".join(message("time", first + i, {"received_ns": 5, "sent_ns": 6})
                        for i in range(32))
    trace, checksum = piece(b"PERFILE2")
    yield message("welcome", 0, {"program": "x", "host": "h", "kernel": "6", "limits": {}})
    yield message("progress", 2, {"phase": "attaching", "done": -1, "iops": [0, 0]})
    yield message("recording", 2, {"text": "[ fathom record: 12 probes ]"})
    yield message("prepared", 3, {"warnings": RESULTS["fathom"]["warnings"]})
    yield times(4)
    yield message("trace", 2, trace)
    yield message("results", 37, {"results": RESULTS})
    yield times(38)
    yield message("finished", 71, {"bytes": 8, "checksum": checksum, "recorded": True,
                                   "said": "[ fathom record: 1 ]\nx"})


def capture():
    pcap = Pcap()
    pcap.packet(MASTER, REQUEST)
    pcap.packet(AGENT, RESPONSE)
    for end, messages in ((AGENT, of_agent()), (MASTER, of_master())):
        for sent in messages:
            pcap.packet(end, RW, sent)
    return pcap.data


for name, start, messages in (("master", b"1", of_master()), ("agent", b"0", of_agent()),
                              ("busy", b"0", [message("busy", 0, {"text": "later"})])):
    with open(os.path.join(sys.argv[1], name), "wb") as seed:
        seed.write(start + b"".join(messages))
for report in b"678":
    with open(os.path.join(sys.argv[2], f"control-{report}"), "wb") as seed:
        seed.write(capture() + bytes([report - ord("0")]))
