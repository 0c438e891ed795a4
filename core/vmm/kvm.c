/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening /dev/kvm, and checking that it can do what is needed. */
#include "core/vmm/internal.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define KVM_DEVICE "/dev/kvm"
#define CPUID_ENTRIES_MAX 256u

struct need {
	int cap;
	const char *name, *since;
};

static const struct need needs[] = {
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY", "2.6.25" },
	{ KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID", "2.6.26" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT", "4.13" },
};

static bool cpu_has_vmx(void)
{
	const unsigned vmx_bit = 1u << 5;
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & vmx_bit);
}

static bool cpu_has_svm(void)
{
	const unsigned svm_bit = 1u << 2;
	unsigned a, b, c, d;

	return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & svm_bit);
}

/* A module that is built into the kernel has its folder even where the CPU cannot use
 * it, so the CPU has a say when there is more than one. */
static const char *find_backend(void)
{
	bool pvm = access("/sys/module/kvm_pvm", F_OK) == 0;
	bool intel = access("/sys/module/kvm_intel", F_OK) == 0;
	bool amd = access("/sys/module/kvm_amd", F_OK) == 0;

	if (intel && (cpu_has_vmx() || !(pvm || amd)))
		return "vmx";
	if (amd && (cpu_has_svm() || !(pvm || intel)))
		return "svm";
	return pvm ? "pvm" : "kvm";
}

static int open_device(const char *path, struct cx_error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return cx_fail(err, ENOENT,
			       "%s: there is no KVM here: load the module (modprobe kvm_intel or "
			       "kvm_amd), or enable virtualisation in the firmware",
			       path);
	case EACCES:
	case EPERM:
		return cx_fail(err, EACCES,
			       "%s: no permission: join its group (usermod -aG kvm USER, then log "
			       "in again) or run as root",
			       path);
	default:
		return cx_fail(err, errno, "%s: cannot be opened: %s", path, strerror(errno));
	}
}

static int check(const struct cx_kvm *kvm, const char *path, struct cx_error *err)
{
	int version = ioctl(kvm->fd, KVM_GET_API_VERSION, 0);

	if (version < 0)
		return cx_fail(err, EOPNOTSUPP, "%s: this is not KVM: %s", path, strerror(errno));
	if (version != KVM_API_VERSION)
		return cx_fail(err, EOPNOTSUPP,
			       "%s: speaks version %d of the KVM API, %d is needed: use a kernel "
			       "from 2.6.22 on",
			       path, version, KVM_API_VERSION);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (ioctl(kvm->fd, KVM_CHECK_EXTENSION, needs[i].cap) <= 0)
			return cx_fail(err, EOPNOTSUPP, "%s: lacks %s: use a kernel from %s on",
				       path, needs[i].name, needs[i].since);
	return 0;
}

static int read_cpuid(struct cx_kvm *kvm, const char *path, struct cx_error *err)
{
	kvm->cpuid =
		calloc(1, sizeof(*kvm->cpuid) + CPUID_ENTRIES_MAX * sizeof(kvm->cpuid->entries[0]));
	if (!kvm->cpuid)
		return cx_fail(err, ENOMEM, "out of memory while opening %s", path);
	kvm->cpuid->nent = CPUID_ENTRIES_MAX;
	if (ioctl(kvm->fd, KVM_GET_SUPPORTED_CPUID, kvm->cpuid) < 0)
		return cx_fail(err, EOPNOTSUPP, "%s: does not say which CPU it offers: %s", path,
			       strerror(errno));
	return 0;
}

int cx_kvm_open_path(const char *path, struct cx_kvm **result, struct cx_error *err)
{
	struct cx_kvm *kvm = calloc(1, sizeof(*kvm));
	int size, rc;

	if (!kvm)
		return cx_fail(err, ENOMEM, "out of memory while opening %s", path);
	kvm->fd = rc = open_device(path, err);
	if (rc < 0)
		goto fail;
	rc = check(kvm, path, err);
	if (rc < 0)
		goto fail;
	size = ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run)) {
		rc = cx_fail(err, EOPNOTSUPP,
			     "%s: a vCPU's shared area has %d bytes, at least %zu "
			     "are needed",
			     path, size, sizeof(struct kvm_run));
		goto fail;
	}
	kvm->run_size = (size_t)size;
	rc = ioctl(kvm->fd, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS);
	kvm->sync_regs = rc > 0 && (rc & KVM_SYNC_X86_REGS);
	rc = read_cpuid(kvm, path, err);
	if (rc < 0)
		goto fail;
	kvm->backend = find_backend();
	*result = kvm;
	return 0;
fail:
	cx_kvm_close(kvm);
	return rc;
}

int cx_kvm_open(struct cx_kvm **kvm, struct cx_error *err)
{
	return cx_kvm_open_path(KVM_DEVICE, kvm, err);
}

void cx_kvm_close(struct cx_kvm *kvm)
{
	if (!kvm)
		return;
	if (kvm->fd >= 0)
		close(kvm->fd);
	free(kvm->cpuid);
	free(kvm);
}

const char *cx_kvm_backend(const struct cx_kvm *kvm)
{
	return kvm->backend;
}
