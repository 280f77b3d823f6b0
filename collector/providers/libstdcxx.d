/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libstdc++: names and types of its probes' arguments, written from "Debugging Support"
 * ("Debugging C++ exceptions", SystemTap probes) in its manual. catch may say 0 for
 * foreign exceptions.
 */
provider libstdcxx {
	probe throw(void *object, void *type);
	probe rethrow(void *object, void *type);
	probe catch(void *object, void *type);
};
