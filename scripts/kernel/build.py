# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds only the wanted modules, and checks them before anyone can load them."""
import glob
import os
import shutil
from typing import NamedTuple

import check
from failure import Failure
from module_file import ModuleFile, module_name


class Target(NamedTuple):
    directory: str      # in the kernel's source
    modules: list       # names of files below it, without .ko


def target_of(word, kernel):
    """What "net/vmw_vsock" or "drivers/net/vsockmon.ko" means."""
    path = os.path.normpath(word)
    if os.path.isabs(path) or path.startswith(".."):
        raise Failure(f"{word}: give the place in the kernel's source, such as net/vmw_vsock")
    if path.endswith(".ko"):
        return Target(os.path.dirname(path), [os.path.basename(path)[:-3]])
    files = [place for place, _ in kernel.needs.values()
             if place.startswith(f"kernel/{path}/")]
    if not files:
        raise Failure(f"kernel {kernel.release} has no module of {path}: name one "
                      f"({path}/NAME.ko), and --set its CONFIG_NAME=m")
    return Target(path, sorted(os.path.relpath(place, "kernel/" + path).split(".ko")[0]
                               for place in files))


def targets_of(words, kernel):
    """One for each directory, in the order of the words."""
    merged = {}
    for target in (target_of(word, kernel) for word in words):
        names = merged.setdefault(target.directory, [])
        names += [name for name in target.modules if name not in names]
    return [Target(directory, names) for directory, names in merged.items()]


def in_order(targets, kernel):
    """Those first whose modules others need."""
    names = [module_name(name) for target in targets for name in target.modules]
    known = [name for name in names if name in kernel.needs]
    order = [module_name(file) for file in kernel.closure(known)]

    def rank(target):
        return min([order.index(module_name(name)) for name in target.modules
                    if module_name(name) in order], default=len(order))
    return sorted(targets, key=rank)


def defines(settings):
    """The words for make that switch options: the make variable, and the C macro of it."""
    words, macros = [], []
    for setting in settings:
        name, _, value = setting.partition("=")
        if not name.startswith("CONFIG_") or value not in ("m", "y"):
            raise Failure(f"--set {setting}: CONFIG_NAME=m or CONFIG_NAME=y is expected")
        words.append(setting)
        macros.append(f"-D{name}{'_MODULE' if value == 'm' else ''}=1")
    return words + (["KCFLAGS=" + " ".join(macros)] if macros else [])


class Builder:
    """@home is the kernel's directory for what is made here: modules/ has the results."""

    def __init__(self, source, home, actions):
        self.source, self.home, self.actions = source, home, actions
        self.kernel = source.kernel
        self.results = os.path.join(home, "modules")

    def build(self, targets, settings):
        """Builds and checks; the files of the modules."""
        self.source.prepare()
        self.source.fetch(targets)
        built, tables = [], []
        for target in in_order(targets, self.kernel):
            built += self.build_target(target, tables, defines(settings))
            tables.append(self.place(target, "Module.symvers"))
        if not self.actions.dry:
            self.check(built)
        return built

    def check(self, files):
        """Fails unless these files of modules fit the kernel and each other."""
        tables = glob.glob(os.path.join(self.results, "**/Module.symvers"), recursive=True)
        check.check_all([ModuleFile(path) for path in files], self.kernel, self.source.symvers,
                        tables, self.actions)

    def place(self, target, name):
        return os.path.join(self.results, target.directory, name)

    def build_target(self, target, tables, words):
        directory = os.path.join(self.source.root, target.directory)
        names = [name + ".ko" for name in target.modules]
        self.actions.run(
            "make", "-C", self.source.build, f"-j{os.cpu_count()}", "M=" + directory,
            "KBUILD_EXTRA_SYMBOLS=" + " ".join(tables), *self.source.words, *words, *names,
            log=os.path.join(self.home, "build.log"))
        for name in names:
            self.keep(os.path.join(directory, name), self.place(target, name))
        self.actions.do(f"keep the versions of the symbols that {target.directory} exports",
                        shutil.copy, os.path.join(directory, "Module.symvers"),
                        self.place(target, "Module.symvers"))
        return [self.place(target, name) for name in names]

    def keep(self, module, path):
        """Copies a result without its debug information, as distributions ship modules."""
        if not self.actions.dry:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        self.actions.run("objcopy", "--strip-debug", module, path)
