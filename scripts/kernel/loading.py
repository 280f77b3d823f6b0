# SPDX-License-Identifier: GPL-2.0-or-later
"""Loads modules that were built here and unloads them, in the order that they need."""
import os

from failure import Failure
from module_file import ModuleFile, module_name

SYS = "/sys/module"
TAINTS = {12: "O (built out of the tree)", 13: "E (not signed)"}


def results(directory):
    """{name: file} of the modules that were built."""
    return {module_name(name): os.path.join(folder, name)
            for folder, _, names in sorted(os.walk(directory))
            for name in names if name.endswith(".ko")}


def is_loaded(name):
    return os.path.exists(f"{SYS}/{name}/initstate")


def holders(name):
    try:
        return sorted(os.listdir(f"{SYS}/{name}/holders"))
    except FileNotFoundError:
        return []


def users_first(names):
    """The modules @names and all that use them, each behind its users."""
    order = []

    def visit(name):
        for user in holders(name):
            visit(user)
        if name not in order:
            order.append(name)
    for name in names:
        visit(name)
    return order


def is_this_one(module):
    """Is the loaded module of that name the very file?"""
    try:
        with open(f"{SYS}/{module.name}/notes/.note.gnu.build-id", "rb") as file:
            return file.read() == module.build_id
    except OSError:
        return False


def unload(names, actions):
    names = [module_name(name) for name in names]
    missing = [name for name in names if not is_loaded(name)]
    if missing:
        raise Failure(f"{', '.join(missing)}: not loaded")
    for name in users_first(names):
        actions.run("rmmod", name)


def steps_for(name, built):
    """What loading @name takes: (name, file) in order; file is None for the kernel's own."""
    if name not in built:
        return [(name, None)]
    steps = []
    for needed in ModuleFile(built[name]).depends:
        steps += [step for step in steps_for(needed, built) if step not in steps]
    return steps + [(name, built[name])]


def plan(names, built):
    steps = []
    for name in names:
        steps += [step for step in steps_for(name, built) if step not in steps]
    return steps


def words(arguments):
    """{name: parameters} of "vsockmon note=x"."""
    wanted, last = {}, None
    for word in arguments:
        if "=" in word:
            if last is None:
                raise Failure(f"{word}: a parameter follows its module's name")
            wanted[last].append(word)
        else:
            last = module_name(word)
            wanted[last] = []
    return wanted


def in_the_way(steps):
    """Modules that are loaded from other files."""
    return [name for name, file in steps
            if file and is_loaded(name) and not is_this_one(ModuleFile(file))]


def make_room(steps, replace, actions):
    """Unloads what is in the way and what uses it; their names, in that order."""
    others = in_the_way(steps)
    if not others:
        return []
    order = users_first(others)
    if not replace:
        users = ", ".join(name for name in order if name not in others) or "nothing else"
        raise Failure(f"another {others[0]} is loaded: --replace unloads it first, and {users} "
                      "with it")
    unload(others, actions)
    return order


def refuse_if_enforced(files):
    with open(f"{SYS}/module/parameters/sig_enforce", encoding="ascii") as file:
        enforced = file.read().strip() == "Y"
    unsigned = [path for path in files if not ModuleFile(path).signed]
    if enforced and unsigned:
        raise Failure(f"this kernel takes only signed modules, and {unsigned[0]} is not")


def taints():
    with open("/proc/sys/kernel/tainted", encoding="ascii") as file:
        bits = int(file.read())
    return {text for bit, text in TAINTS.items() if bits >> bit & 1}


def load(arguments, kernel, built, replace, check, actions):
    """@arguments: names of modules, each with its parameters behind it. @check: called with the
    files before anything is loaded; fails if they do not fit."""
    if not kernel.is_running():
        raise Failure(f"{kernel.release} does not run here, but {os.uname().release}: stage "
                      "the modules and load them there")
    wanted = words(arguments)
    unknown = [name for name in wanted if name not in built]
    if unknown:
        raise Failure(f"{unknown[0]} was not built for kernel {kernel.release}")
    steps = plan(wanted, built)
    files = [file for _, file in steps if file]
    check(files)
    refuse_if_enforced(files)
    before = taints()
    unloaded = make_room(steps, replace, actions)
    users = [name for name in reversed(unloaded) if name not in dict(steps)]
    for name, file in plan(users, built):
        steps += [(name, file)] if (name, file) not in steps else []
    for name, file in steps:
        if is_loaded(name) and name not in unloaded:
            continue
        if file:
            actions.run("insmod", file, *wanted.get(name, []))
        else:
            actions.run("modprobe", name)
    for text in sorted(taints() - before):
        actions.warn(f"the kernel is tainted now: {text}")
