# SPDX-License-Identifier: GPL-2.0-or-later
"""Does a module fit a kernel? Found out from the files, before anything is loaded: the version
string must be the kernel's, and the version of every symbol that the module wants must be the
one that the kernel, or a module that is loaded with it, exports."""
import os

from failure import Failure
from module_file import ModuleFile, module_name

SHOWN = 6       # names in one line


def symbol_table(path):
    """Module.symvers: the version of each symbol."""
    table = {}
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                crc, symbol, _ = line.split("\t", 2)
                table[symbol] = int(crc, 16)
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}") from error
    return table


def some(names):
    names = sorted(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def expected_vermagic(kernel):
    """The version string of the kernel's own modules."""
    for path, _ in kernel.needs.values():
        if path.startswith("kernel/"):
            return ModuleFile(os.path.join(kernel.modules, path)).vermagic
    raise Failure(f"kernel {kernel.release} has no module to compare with")


def problems(module, vermagic, exported):
    """Sentences about what does not fit."""
    if module.vermagic != vermagic:
        yield f"it is built for \"{module.vermagic}\", the kernel is \"{vermagic}\""
    wanted = module.versions
    if not wanted and "modversions" in vermagic:
        yield "it has no symbol versions, and the kernel checks them"
    unknown = [symbol for symbol in wanted if symbol not in exported]
    if unknown:
        yield f"nothing exports {some(unknown)}"
    other = [symbol for symbol, crc in wanted.items()
             if exported.get(symbol, crc) != crc]
    if other:
        yield f"the kernel has other versions of {some(other)}"


def dependents(kernel, names):
    """The kernel's own modules that need one of @names."""
    for path, needed in kernel.needs.values():
        if any(module_name(file) in names for file in needed):
            yield os.path.join(kernel.modules, path)


def warn_of_changed_exports(modules, kernel, stock, built, actions):
    """A symbol whose version changed shuts out the kernel's own modules that use it."""
    ours = {module.name for module in modules}
    changed = {symbol for symbol, crc in built.items() if stock.get(symbol, crc) != crc}
    if not changed:
        return
    actions.warn(f"exported symbols changed: {some(changed)}")
    for path in dependents(kernel, ours):
        user = ModuleFile(path)
        used = changed & user.versions.keys()
        if used and user.name not in ours:
            actions.warn(f"{user.name} uses {some(used)} and cannot be loaded with these "
                         "modules: build it, too")


def warn_of_trust(modules, kernel, actions):
    """What loading brings with it, and may be refused for."""
    letters = []
    if any(not module.in_tree for module in modules):
        letters.append("O (built out of the tree)")
    if any(not module.signed for module in modules):
        letters.append("E (not signed)")
    if letters:
        actions.warn("loading taints the kernel: " + ", ".join(letters))
    if any(not module.signed for module in modules):
        actions.warn("a kernel that enforces signatures (module.sig_enforce, lockdown, Secure "
                     "Boot) refuses modules that are not signed")


def check_all(modules, kernel, symvers, tables, actions):
    """Fails unless all @modules fit the @kernel, each with the others. @tables: what they export
    themselves."""
    stock = symbol_table(symvers)
    built = {}
    for path in tables:
        built.update(symbol_table(path))
    vermagic = expected_vermagic(kernel)
    wrong = [(module, problem) for module in modules
             for problem in problems(module, vermagic, stock | built)]
    for module, problem in wrong:
        actions.warn(f"{module.path}: {problem}")
    if wrong:
        raise Failure(f"not for kernel {kernel.release}; nothing was loaded")
    for module in modules:
        actions.tell(f"{module.path}: fits {kernel.release}, {len(module.versions)} symbol "
                     "versions agree")
    warn_of_changed_exports(modules, kernel, stock, built, actions)
    warn_of_trust(modules, kernel, actions)
