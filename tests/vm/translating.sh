# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash
# Linux translates its DMA by an IOMMU: named, with the remedy.
# machines: iommu-translating

test_enable() {
	expect 1 celltool enable
	says "^IommuTranslating: .*(dmar|DMAR|VT-d).*intel_iommu=off|intel_iommu=off.*dmar"
	all_cpus
}
