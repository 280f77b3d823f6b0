# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom list on Debian's PostgreSQL 15: the shipped provider file fits the program."""
import os
import sys
import unittest

from naming import main, named_by, probes, signature

POSTGRES = "/usr/lib/postgresql/15/bin/postgres"

if not os.path.exists(POSTGRES):
    print(f"SKIP: there is no {POSTGRES}")
    sys.exit(77)


class PostgreSQL(unittest.TestCase):
    def test_probes(self):
        listed = probes(POSTGRES)
        self.assertEqual(signature(listed["query__start"]), "str query")
        self.assertEqual(signature(listed["lwlock__wait__start"]), "str tranche, u32 mode")
        self.assertEqual(
            signature(listed["buffer__read__done"]),
            "u32 forkNum, u32 blockNum, u32 tablespace, u32 database, u32 relation, "
            "s32 backend, u8 isExtend, u8 isHit")
        self.assertTrue(all(site["semaphore"] for probe in listed.values()
                            for site in probe["sites"]))
        self.assertEqual(sum(len(probe["sites"]) for probe in listed.values()), 71)
        for name, probe in listed.items():
            with self.subTest(name):
                self.assertEqual(set(named_by(probe)) - {"provider file"}, set())
                self.assertNotIn("the program has", " ".join(probe["conflicts"]))


if __name__ == "__main__":
    main(["list_postgresql_test"])
