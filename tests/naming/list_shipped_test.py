# SPDX-License-Identifier: GPL-2.0-or-later
"""fathom list on Debian's programs: the shipped provider files fit them."""
import glob
import os
import unittest

from naming import main, named_by, probes, signature


class Shipped(unittest.TestCase):
    def listed(self, package, pattern, provider):
        """The provider's probes in a package's file, each named by the provider file alone."""
        found = glob.glob(pattern)
        if not found:
            self.skipTest(f"the package {package} is not installed")
        listed = probes(found[0], f"{provider}:*")
        for name, probe in listed.items():
            with self.subTest(name):
                self.assertEqual(set(named_by(probe)) - {"provider file"}, set())
                self.assertNotIn("the program has", " ".join(probe["conflicts"]))
        return listed

    def test_postgresql(self):
        listed = self.listed("postgresql-15", "/usr/lib/postgresql/15/bin/postgres", "postgresql")
        self.assertEqual(signature(listed["query__start"]), "str query")
        self.assertEqual(signature(listed["lwlock__wait__start"]), "str tranche, u32 mode")
        self.assertEqual(
            signature(listed["buffer__read__done"]),
            "u32 forkNum, u32 blockNum, u32 tablespace, u32 database, u32 relation, "
            "s32 backend, u8 isExtend, u8 isHit")
        self.assertTrue(all(site["semaphore"] for probe in listed.values()
                            for site in probe["sites"]))
        self.assertEqual(sum(len(probe["sites"]) for probe in listed.values()), 71)

    def test_python(self):
        listed = self.listed("python3.11", "/usr/bin/python3.11", "python")
        self.assertEqual(len(listed), 8)
        self.assertEqual(signature(listed["function__entry"]),
                         "str filename, str function, s32 lineno")

    def test_hotspot(self):
        listed = self.listed("openjdk-17-jre-headless",
                             "/usr/lib/jvm/java-17-openjdk-*/lib/server/libjvm.so", "hotspot")
        self.assertEqual(signature(listed["gc__begin"]), "u8 is_full")
        self.assertEqual(signature(listed["class__loaded"]),
                         "str name, s32 name_length, x64 loader, u8 is_shared")

    def test_libstdcxx(self):
        listed = self.listed("libstdc++6", "/usr/lib/*/libstdc++.so.6", "libstdcxx")
        self.assertEqual(set(listed), {"throw", "catch", "rethrow"})
        self.assertEqual(signature(listed["throw"]), "x64 object, x64 type")


if __name__ == "__main__":
    main(["list_shipped_test"])
