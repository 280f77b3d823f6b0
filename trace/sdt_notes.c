// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The notes of one ELF file: stapsdt (one per site), and fathom's declaration (one per
 * probe and object file) and site notes.
 *
 * A damaged note is counted and left out: one bad note must not hide four thousand good
 * ones. The file is read, not mapped: a program may be rebuilt while it is looked at.
 *
 * Formats: docs/probe-notes.md; systemtap's sys/sdt.h.
 */
#include "trace/sdt_notes.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/failure.h"

enum { NOTE_STAPSDT = 3, NOTE_DECLARATION = 1, NOTE_SITE = 2, NOTES_MAX = 1000000 };

/* What is needed only while reading. */
struct reading {
	struct sdt_file *file;
	struct sdt_notes *notes;
	int fd;
	uint64_t base; /* address of .stapsdt.base now, 0 if there is none */
	GElf_Phdr *segments;
	size_t nr_segments;
};

/* Room for one more in an array that grows by doubling; -ENOMEM or -E2BIG. */
static int grow(void **array, size_t count, size_t size)
{
	void *bigger;

	if (count >= NOTES_MAX)
		return -E2BIG;
	if (count & (count - 1) || (count && count < 16))
		return 0;
	bigger = reallocarray(*array, count < 16 ? 16 : 2 * count, size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	return 0;
}

/* A note's addresses were true for @base; prelink may have moved the file since. */
static uint64_t relocate(const struct reading *r, uint64_t address, uint64_t base)
{
	return r->base && base ? address + (r->base - base) : address;
}

static int read_stapsdt(struct reading *r, struct bytes b)
{
	struct sdt_notes *notes = r->notes;
	uint64_t address = bytes_u64(&b), base = bytes_u64(&b);
	struct raw_site raw = {.site = {.semaphore_address = bytes_u64(&b)}};
	int err;

	raw.provider = bytes_string(&b);
	raw.name = bytes_string(&b);
	raw.site.operands = bytes_string(&b);
	if (bytes_bad(&b) || !*raw.provider || !*raw.name) {
		notes->nr_bad++;
		return 0;
	}
	if (*raw.site.operands == ':')
		raw.site.operands = "";
	raw.site.address = relocate(r, address, base);
	err = grow((void **)&notes->sites, notes->nr_sites, sizeof(*notes->sites));
	if (!err)
		notes->sites[notes->nr_sites++] = raw;
	return err;
}

static int read_declaration(struct reading *r, struct bytes b)
{
	struct sdt_notes *notes = r->notes;
	struct declaration d;
	int err;

	d.provider = bytes_string(&b);
	d.name = bytes_string(&b);
	d.text = bytes_string(&b);
	if (bytes_bad(&b)) {
		notes->nr_bad++;
		return 0;
	}
	err = grow((void **)&notes->declarations, notes->nr_declarations,
		   sizeof(*notes->declarations));
	if (!err)
		notes->declarations[notes->nr_declarations++] = d;
	return err;
}

static int read_promise(struct reading *r, struct bytes b)
{
	struct sdt_notes *notes = r->notes;
	uint64_t address = bytes_u64(&b), base = bytes_u64(&b);
	struct promise p = {relocate(r, address, base), bytes_u32(&b)};
	int err;

	if (bytes_bad(&b)) {
		notes->nr_bad++;
		return 0;
	}
	err = grow((void **)&notes->promises, notes->nr_promises,
		   sizeof(*notes->promises));
	if (!err)
		notes->promises[notes->nr_promises++] = p;
	return err;
}

static bool owner_is(const char *owner, size_t size, const char *wanted)
{
	return size == strlen(wanted) + 1 && !memcmp(owner, wanted, size);
}

static int read_section_notes(struct reading *r, const Elf_Data *data)
{
	size_t at = 0, name_at, text_at;
	GElf_Nhdr note;
	int err = 0;

	while (!err &&
	       (at = gelf_getnote((Elf_Data *)data, at, &note, &name_at, &text_at))) {
		const char *owner = (const char *)data->d_buf + name_at;
		struct bytes text =
			bytes_of((const char *)data->d_buf + text_at, note.n_descsz);

		if (owner_is(owner, note.n_namesz, "stapsdt") &&
		    note.n_type == NOTE_STAPSDT)
			err = read_stapsdt(r, text);
		else if (!owner_is(owner, note.n_namesz, "fathom"))
			continue;
		else if (note.n_type == NOTE_DECLARATION)
			err = read_declaration(r, text);
		else if (note.n_type == NOTE_SITE)
			err = read_promise(r, text);
	}
	return err;
}

static void take_build_id(struct sdt_file *file, const Elf_Data *data)
{
	size_t name_at, text_at;
	GElf_Nhdr note;

	if (!gelf_getnote((Elf_Data *)data, 0, &note, &name_at, &text_at) ||
	    note.n_type != NT_GNU_BUILD_ID || note.n_descsz > sizeof(file->build_id))
		return;
	file->build_id_size = note.n_descsz;
	memcpy(file->build_id, (const char *)data->d_buf + text_at, note.n_descsz);
}

typedef int section_callback(struct reading *r, const char *name, const GElf_Shdr *header,
			     Elf_Scn *section);

static int find_base(struct reading *r, const char *name, const GElf_Shdr *header,
		     Elf_Scn *section)
{
	(void)section;
	if (!strcmp(name, ".stapsdt.base"))
		r->base = header->sh_addr;
	return 0;
}

static int read_notes(struct reading *r, const char *name, const GElf_Shdr *header,
		      Elf_Scn *section)
{
	bool is_build_id = !strcmp(name, ".note.gnu.build-id");
	Elf_Data *data;

	if (header->sh_type != SHT_NOTE)
		return 0;
	if (!is_build_id && strcmp(name, ".note.stapsdt") && strcmp(name, ".note.fathom"))
		return 0;
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf) {
		r->notes->nr_bad++;
		return 0;
	}
	if (!is_build_id)
		return read_section_notes(r, data);
	take_build_id(r->file, data);
	return 0;
}

static int each_section(struct reading *r, section_callback *callback)
{
	Elf_Scn *section = NULL;
	size_t names;
	int err = 0;

	if (elf_getshdrstrndx(r->notes->elf, &names))
		return 0;
	while (!err && (section = elf_nextscn(r->notes->elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(r->notes->elf, names, header.sh_name);
		if (name)
			err = callback(r, name, &header, section);
	}
	return err;
}

static int read_segments(struct reading *r)
{
	size_t count;

	if (elf_getphdrnum(r->notes->elf, &count) || !count)
		return 0;
	r->segments = calloc(count, sizeof(*r->segments));
	if (!r->segments)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(r->notes->elf, (int)i, &r->segments[r->nr_segments]) &&
		    r->segments[r->nr_segments].p_type == PT_LOAD)
			r->nr_segments++;
	return 0;
}

/* The file offset of @address in a segment that has the flag @with; false if none. */
static bool file_offset(const struct reading *r, uint64_t address, uint32_t with,
			uint64_t *offset)
{
	for (size_t i = 0; i < r->nr_segments; i++) {
		const GElf_Phdr *s = &r->segments[i];

		if (!(s->p_flags & with) || address < s->p_vaddr ||
		    address - s->p_vaddr >= s->p_filesz)
			continue;
		*offset = address - s->p_vaddr + s->p_offset;
		return true;
	}
	return false;
}

/* Turns addresses into file offsets; sites that lie nowhere are bad notes. */
static void locate_sites(struct reading *r)
{
	struct sdt_notes *notes = r->notes;
	size_t kept = 0;

	for (size_t i = 0; i < notes->nr_sites; i++) {
		struct raw_site *raw = &notes->sites[i];

		if (!file_offset(r, raw->site.address, PF_X, &raw->site.offset)) {
			notes->nr_bad++;
			continue;
		}
		if (raw->site.semaphore_address)
			file_offset(r, raw->site.semaphore_address, PF_W,
				    &raw->site.semaphore);
		if (pread(r->fd, raw->site.bytes, sizeof(raw->site.bytes),
			  (off_t)raw->site.offset) < 1)
			memset(raw->site.bytes, 0, sizeof(raw->site.bytes));
		notes->sites[kept++] = *raw;
	}
	notes->nr_sites = kept;
}

static int open_elf(struct reading *r, struct failure *f)
{
	const char *path = r->file->path;
	GElf_Ehdr header;
	struct stat st;
	Elf *elf;

	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0)
		return fail(f, -errno, "%s: %s", path, strerror(errno));
	if (fstat(r->fd, &st) || !S_ISREG(st.st_mode))
		return fail(f, -EINVAL, "%s: not a regular file", path);
	r->file->device = st.st_dev;
	r->file->inode = st.st_ino;
	elf_version(EV_CURRENT);
	r->notes->elf = elf = elf_begin(r->fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return fail(f, -EINVAL, "%s: not an ELF file", path);
	if (!gelf_getehdr(elf, &header))
		return fail(f, -EINVAL, "%s: damaged ELF header: %s", path,
			    elf_errmsg(-1));
	if (gelf_getclass(elf) != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return fail(f, -EINVAL, "%s: only 64-bit little-endian ELF is supported",
			    path);
	r->file->machine = header.e_machine;
	return 0;
}

static int read_elf(struct reading *r, struct failure *f)
{
	int err = read_segments(r);

	if (!err)
		err = each_section(r, find_base);
	if (!err)
		err = each_section(r, read_notes);
	if (err)
		return fail(f, err, "%s: reading its probes: %s", r->file->path,
			    strerror(-err));
	locate_sites(r);
	elf_cntl(r->notes->elf, ELF_C_FDDONE);
	return 0;
}

int sdt_notes_read(struct sdt_notes **result, struct sdt_file *file, struct failure *f)
{
	struct reading r = {.file = file, .fd = -1};
	int err;

	r.notes = calloc(1, sizeof(*r.notes));
	if (!r.notes)
		return fail(f, -ENOMEM, "%s: out of memory", file->path);
	err = open_elf(&r, f);
	if (!err)
		err = read_elf(&r, f);
	free(r.segments);
	if (r.fd >= 0)
		close(r.fd);
	if (err) {
		sdt_notes_free(r.notes);
		return err;
	}
	*result = r.notes;
	return 0;
}

void sdt_notes_free(struct sdt_notes *notes)
{
	if (!notes)
		return;
	free(notes->sites);
	free(notes->declarations);
	free(notes->promises);
	elf_end(notes->elf);
	free(notes);
}
